"""One chat to take along: as Markdown to read, or as JSON with every version of every message.

Written piece by piece like all that one owns (`exports`), and read the same way. `open_chat` finds
the chat before the first piece is asked for, so that what isn't there is said in time.
"""

import re
import uuid
from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

from chatbot_app import db
from chatbot_app.errors import TooManyAttempts
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.repositories import exports as rows
from chatbot_app.services import exports, text
from chatbot_app.services.rates import Buckets
from chatbot_app.words import t

Format = Literal["markdown", "json"]

PER_SECOND = 1
"""How many chats a person may take along a second; ten at once."""

_begun = Buckets()
_LINE_END = re.compile(r"\r\n?|\n")


class Download(NamedTuple):
    """A file by what it is called, without an ending, and its text in pieces."""

    name: str
    pieces: AsyncIterator[str]


async def open_chat(user_id: uuid.UUID, chat_id: uuid.UUID | str, file_format: Format) -> Download:
    """Begin to write a chat of a person's.

    Raises: NotFound, TooManyAttempts.
    """
    if not _begun.take(user_id, rate=PER_SECOND):
        raise TooManyAttempts(
            t("Many chats were exported just now. Please wait a moment."), retry_after=1
        )
    chat, project = await db.in_thread(_find, user_id, text.identifier(chat_id))
    write = _markdown if file_format == "markdown" else _json
    return Download(chat.title, write(user_id, chat, project))


def _find(user_id: uuid.UUID, chat_id: uuid.UUID) -> tuple[Chat, Project]:
    with db.session() as session:
        return rows.get_chat(session, user_id, chat_id)


async def _json(user_id: uuid.UUID, chat: Chat, project: Project) -> AsyncIterator[str]:
    head = exports.head() | {"project": exports.project_fields(project)}
    yield exports.opened(head, "chat")
    async for piece in exports.chat_pieces(user_id, chat):
        yield piece
    yield "}\n"


async def _markdown(user_id: uuid.UUID, chat: Chat, project: Project) -> AsyncIterator[str]:
    exported = t("{agent}, exported on {date}", agent=project.name, date=f"{now():%Y-%m-%d}")
    yield f"# {chat.title}\n\n{exported}\n"
    branch = await _branch(user_id, chat)
    for start in range(0, len(branch), exports.ROWS):
        stretch = branch[start : start + exports.ROWS]
        for message in await db.in_thread(_stretch, user_id, stretch):
            speaker = t("You") if message.role == "user" else project.name
            yield f"\n## {speaker} · {message.created_at:%Y-%m-%d %H:%M} UTC\n\n"
            if not text.is_blank(message.reasoning):
                yield _thoughts(message)
            yield message.content.rstrip("\n") + "\n"
            if message.error:
                yield f"\n*{t(message.error)}*\n"


def _thoughts(message: Message) -> str:
    """Fold away what was thought before an answer: quoted, so that no code or list left open in it
    takes in what follows.
    """
    lines = _LINE_END.split(message.reasoning.strip())
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    summary = _thought_for(message.reasoning_ms or 0)
    return f"<details>\n<summary>{summary}</summary>\n\n{quoted}\n\n</details>\n\n"


def _thought_for(milliseconds: int) -> str:
    """Say it in the words of `assets/thoughts.js`."""
    if milliseconds <= 0:
        return t("Thoughts")
    seconds = max(1, round(milliseconds / 1000))
    if seconds == 1:
        return t("Thought for 1 second")
    if seconds < 60:
        return t("Thought for {seconds} seconds", seconds=seconds)
    return t("Thought for {minutes} min {seconds} s", minutes=seconds // 60, seconds=seconds % 60)


async def _branch(user_id: uuid.UUID, chat: Chat) -> list[uuid.UUID]:
    """List the messages of the branch that is shown, first one first, by their ids alone."""
    upwards: list[uuid.UUID] = []
    newest = chat.active_leaf_id
    while newest is not None:
        ids, newest = await db.in_thread(_ids, user_id, newest)
        upwards.extend(ids)
    return upwards[::-1]


def _ids(user_id: uuid.UUID, newest: uuid.UUID) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    with db.session() as session:
        found = rows.list_branch_places(session, user_id, newest, limit=exports.PLACES)
    return [message_id for message_id, _ in found], found[-1][1] if found else None


def _stretch(user_id: uuid.UUID, message_ids: list[uuid.UUID]) -> list[Message]:
    with db.session() as session:
        found = {m.id: m for m in rows.list_messages(session, user_id, message_ids)}
    return [found[message_id] for message_id in message_ids if message_id in found]
