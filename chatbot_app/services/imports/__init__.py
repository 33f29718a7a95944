"""Bringing chats in: from a file of ours, or from ChatGPT or Open WebUI.

The file is read twice, front to back: first to see that it can be read to its end, so that a broken
one changes nothing, and again to store what is in it, a chat to a transaction. All that is stored
is new and belongs to whoever imports, whatever the file says.

A chat that was imported before and hasn't changed in the file isn't imported again: its id is made
of who imports it and what is in it. So a file that is sent twice, by a double click or after a
failure, is there once. Nor is one of ours that is still here, so that an export brings back what was
deleted since, and doubles nothing.
"""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from typing import IO

from chatbot_app import db
from chatbot_app.errors import Conflict, InvalidInput, TooManyAttempts, Unavailable
from chatbot_app.schemas import Viewer
from chatbot_app.services import sessions
from chatbot_app.services.imports import archives, reading, storing
from chatbot_app.services.imports.reading import Found, FoundChat, FoundProject
from chatbot_app.services.imports.records import Home, Tally, Unreadable
from chatbot_app.services.rates import Buckets
from chatbot_app.words import number, t

MOST_CHATS = 20_000

PER_SECOND = 0.3
"""How often a person may begin an import; three at once."""

AT_ONCE = 2
"""Imports that a worker stores at a time; others wait in line."""

_begun = Buckets()
_importing: set[uuid.UUID] = set()
_in_line = asyncio.Semaphore(AT_ONCE)


class Place:
    """A person's only import at the moment: held from before the upload until all is stored.

    Raises: Forbidden for an unconfirmed address, TooManyAttempts, Conflict.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def __enter__(self) -> "Place":
        sessions.require_verified(self._viewer)
        user_id = self._viewer.user_id
        if user_id in _importing:
            raise Conflict(t("Another import of yours is still going on. Please wait for it."))
        if not _begun.take(user_id, rate=PER_SECOND):
            raise TooManyAttempts(
                t("Several files were imported just now. Please wait a few seconds."),
                retry_after=4,
            )
        _importing.add(user_id)
        return self

    def __exit__(self, *_: object) -> None:
        _importing.discard(self._viewer.user_id)

    async def bring_in(self, file: IO[bytes]) -> Tally:
        """Import all chats of a file.

        Whoever gives up waiting, a server that stops above all, ends it behind the chat at hand.

        Raises: InvalidInput for one that can't be read or has none in it; then nothing was stored.
        """
        is_over = threading.Event()
        async with _in_line:
            try:
                return await db.in_thread(bring_in, self._viewer.user_id, file, is_over)
            finally:
                is_over.set()


def bring_in(user_id: uuid.UUID, file: IO[bytes], is_over: threading.Event | None = None) -> Tally:
    """Import all chats of a file, a transaction each.

    Raises: InvalidInput; NotFound if the account is gone, Unavailable if the database is away or
        somebody says that it is over: then what is stored stays.
    """
    is_over = is_over or threading.Event()
    homes, in_file = _surveyed(file, is_over)
    tally = Tally(in_file=in_file)
    for own, home in homes.items():
        if own is not None:  # one of ours comes along though there be no chat in it
            storing.open_home(user_id, home, tally)
    for found in _all(file, is_over):
        if isinstance(found, FoundChat):
            _store(user_id, found, homes, tally)
    if not (tally.chats or tally.present or homes):
        raise InvalidInput(t("None of the chats in this file could be read."))
    return tally


def message(tally: Tally) -> str:
    """Say what came of it."""
    said = [_imported(tally)] if tally.chats or not tally.present else []
    if tally.present == 1:
        said.append(t("1 chat was here already."))
    elif tally.present:
        said.append(t("{number} chats were here already.", number=number(tally.present)))
    if tally.unreadable == 1:
        said.append(t("1 chat could not be read and was left out."))
    elif tally.unreadable:
        left_out = number(tally.unreadable)
        said.append(t("{number} chats could not be read and were left out.", number=left_out))
    return " ".join(said)


def _imported(tally: Tally) -> str:
    chats, projects = number(tally.chats), number(len(tally.projects))
    if len(tally.projects) > 1:
        if tally.chats == 1:
            return t("Imported 1 chat into {projects} projects.", projects=projects)
        return t("Imported {chats} chats into {projects} projects.", chats=chats, projects=projects)
    if tally.chats == 1:
        return t("Imported 1 chat into 1 project.")
    return t("Imported {chats} chats into 1 project.", chats=chats)


def _surveyed(file: IO[bytes], is_over: threading.Event) -> tuple[dict[int | None, Home], str]:
    """Read the file to its end without storing anything; gives our projects by their numbers, and
    how much there is.
    """
    homes: dict[int | None, Home] = {}
    chats = 0
    for found in _all(file, is_over):
        if isinstance(found, FoundProject):
            homes[found.number] = found.home
        else:
            chats += 1
        if chats > MOST_CHATS or len(homes) > MOST_CHATS:
            raise InvalidInput(
                t("At most {number} chats can be imported at once.", number=number(MOST_CHATS))
            )
    if not (chats or homes):
        raise InvalidInput(t("There are no chats in this file."))
    counted = [f"{len(homes)} project{'s' * (len(homes) != 1)}"] if homes else []
    counted.append(f"{chats} chat{'s' * (chats != 1)}")
    return homes, ", ".join(counted)


def _all(file: IO[bytes], is_over: threading.Event) -> Iterator[Found]:
    for document in archives.documents(file):
        for found in reading.read(document):
            if is_over.is_set():
                raise Unavailable(t("The import was ended. What was imported already stays."))
            yield found


def _store(
    user_id: uuid.UUID, found: FoundChat, homes: dict[int | None, Home], tally: Tally
) -> None:
    try:
        conversation = found.conversation()
    except Unreadable:
        tally.unreadable += 1
        return
    home = homes[found.number] if found.source == "own" else storing.foreign_home(found.source)
    storing.store(user_id, home, conversation, tally)
