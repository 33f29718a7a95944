"""Which file is whose, told by how it is built; and what is in it, one chat at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chatbot_app.errors import InvalidInput
from chatbot_app.services.exports import FORMAT, VERSION
from chatbot_app.services.imports import chatgpt, open_webui, own
from chatbot_app.services.imports.documents import Document
from chatbot_app.services.imports.records import (
    MOST_MESSAGES,
    Conversation,
    Home,
    Unreadable,
    mapping,
)
from chatbot_app.words import t

FOREIGN = {"chatgpt": chatgpt, "open_webui": open_webui}

_OF_A_CHAT = frozenset(
    (
        *("id", "conversation_id", "title", "mapping", "current_node", "create_time"),
        *("update_time", "is_archived", "chat", "history", "messages", "timestamp"),
        *("created_at", "updated_at", "archived", "pinned", "format", "version", "project"),
    )
)
"""What is kept of an object that may turn out to be one chat."""

_OF_A_PROJECT = frozenset(
    (
        *("id", "name", "description", "system_prompt", "model", "temperature", "starters"),
        *("created_at", "updated_at"),
    )
)


@dataclass(frozen=True)
class FoundProject:
    """A project of ours, by its number in the file; its chats may come before it."""

    number: int
    home: Home


@dataclass(frozen=True)
class FoundChat:
    """A chat that is yet to be taken apart, in a project of ours or from elsewhere."""

    source: str
    number: int
    raw: dict[str, Any]

    def conversation(self) -> Conversation:
        """Read it.

        Raises: Unreadable.
        """
        read: Callable[[dict[str, Any]], Conversation] | None = {
            "own": own.conversation,
            "chatgpt": chatgpt.conversation,
            "open_webui": open_webui.conversation,
        }.get(self.source)
        if read is None:
            raise Unreadable
        return read(self.raw)


Found = FoundProject | FoundChat


def read(document: Document) -> Iterator[Found]:
    """Go through a file; its chats come as they stand there.

    Raises: InvalidInput for a file that is none of these.
    """
    first = document.peek()
    if first == "[":
        yield from _foreign_list(document)
    elif first == "{":
        yield from _object(document)
    else:
        raise InvalidInput(t("This file isn't JSON, and no archive with chats in it either."))
    document.end()


def _foreign_list(document: Document) -> Iterator[Found]:
    for _ in document.items():
        yield _foreign(mapping(document.value()))


def _foreign(raw: dict[str, Any]) -> FoundChat:
    source = next((name for name, reader in FOREIGN.items() if reader.is_one(raw)), "")
    return FoundChat(source, 0, raw)


def _object(document: Document) -> Iterator[Found]:
    """An export of ours, whole or of one chat; or one chat of another platform."""
    known: dict[str, Any] = {}
    has_list = False
    for name in document.members():
        begins = document.peek()
        if name == "projects" and begins == "[":
            has_list = True
            for number, _ in enumerate(document.items()):
                yield from _project(document, number)
        elif name == "conversations" and begins == "[":
            has_list = True
            yield from _foreign_list(document)
        elif name == "chat" and begins == "{":
            known[name] = _chat(document)
        elif name in _OF_A_CHAT:
            known[name] = document.value()
        else:
            document.skip()
        _refuse_newer(known)
    if known.get("format") == FORMAT and "chat" in known:
        yield FoundProject(0, own.home(mapping(known.get("project")), 0))
        yield FoundChat("own", 0, mapping(known["chat"]))
    elif not has_list and (chatgpt.is_one(known) or open_webui.is_one(known)):
        yield _foreign(known)


def _refuse_newer(known: dict[str, Any]) -> None:
    version = known.get("version")
    if known.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
        raise InvalidInput(
            t("This file comes from a newer version of this platform, which can't be read here.")
        )


def _project(document: Document, number: int) -> Iterator[Found]:
    fields: dict[str, Any] = {}
    if document.peek() != "{":
        document.skip()
        return
    for name in document.members():
        if name == "chats" and document.peek() == "[":
            for _ in document.items():
                yield FoundChat("own", number, _chat(document))
        elif name in _OF_A_PROJECT:
            fields[name] = document.value()
        else:
            document.skip()
    yield FoundProject(number, own.home(fields, number))


def _chat(document: Document) -> dict[str, Any]:
    """Take a chat whose messages stand in a list, which may be longer than one piece."""
    if document.peek() != "{":
        document.skip()
        return {}
    fields: dict[str, Any] = {}
    for name in document.members():
        if name == "messages" and document.peek() == "[":
            messages: list[Any] = []
            for _ in document.items():
                message = document.value()
                if len(messages) <= MOST_MESSAGES:  # one more than can be taken says enough
                    messages.append(message)
            fields[name] = messages
        else:
            fields[name] = document.value()
    return fields
