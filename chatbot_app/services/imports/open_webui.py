"""Chats as Open WebUI exports them: each with its messages by their ids under `chat.history`.

Thoughts stand in the answer's text, as `<details type="reasoning">`.
"""

import html
import re
from typing import Any

from chatbot_app.config import get_settings
from chatbot_app.services.imports import trees
from chatbot_app.services.imports.records import (
    MOST_MESSAGES,
    Conversation,
    Note,
    Unreadable,
    count,
    key,
    mapping,
    milliseconds,
    moment,
    passage,
    sequence,
    words,
)
from chatbot_app.services.projects import MODEL_MAX_CHARS
from chatbot_app.words import t

_OPENED = re.compile(r'<details type="(reasoning|tool_calls)"[^<>]*>')
_CLOSED = "</details>"
_DURATION = re.compile(r'duration="(\d{1,6}(?:\.\d{1,6})?)"')
_SUMMARY = re.compile(r"\s*<summary>[^<]*</summary>")
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def is_one(raw: dict[str, Any]) -> bool:
    """Whether this is a chat in that form."""
    chat = mapping(raw.get("chat")) or raw
    return isinstance(chat.get("history"), dict) or (
        "chat" in raw and isinstance(chat.get("messages"), list)
    )


def conversation(raw: dict[str, Any]) -> Conversation:
    """Read a chat.

    Raises: Unreadable, also where nothing was said.
    """
    chat = mapping(raw.get("chat")) or raw
    history = mapping(chat.get("history"))
    messages = mapping(history.get("messages"))
    if len(messages) > 2 * MOST_MESSAGES or len(sequence(chat.get("messages"))) > MOST_MESSAGES:
        raise Unreadable
    if messages:
        notes = [_note(name, mapping(one)) for name, one in messages.items()]
    else:
        notes = _in_a_row(sequence(chat.get("messages")))
    updated = moment(raw.get("updated_at"))
    created = moment(raw.get("created_at")) or moment(chat.get("timestamp"))
    found = Conversation(
        source="open_webui",
        origin=words(raw.get("id")),
        title=words(raw.get("title")) or words(chat.get("title")),
        notes=notes,
        shown=key(history.get("currentId")),
        created_at=created,
        pinned_at=updated or created if raw.get("pinned") is True else None,
        archived_at=updated or created if raw.get("archived") is True else None,
    )
    trees.settle(found, joins=False)
    if not found.notes:
        raise Unreadable
    return found


def _in_a_row(messages: list[Any]) -> list[Note]:
    notes: list[Note] = []
    for number, one in enumerate(messages):
        note = _note(str(number), mapping(one))
        note.key, note.parent = str(number), str(number - 1) if number else None
        notes.append(note)
    return notes


def _note(name: str, raw: dict[str, Any]) -> Note:
    note = Note(key=key(name) or "", parent=key(raw.get("parentId")))
    role = raw.get("role")
    if role not in ("user", "assistant"):
        return note
    note.role = role
    note.created_at = moment(raw.get("timestamp"))
    content = "\n\n".join([_content(raw.get("content")), *_files(raw)]).strip("\n")
    if role == "user":
        note.content = passage(content, limit=get_settings().message_max_chars)
        return note
    _take_apart(note, passage(content))
    model = words(raw.get("model")) or words(raw.get("modelName"))
    note.model = model[:MODEL_MAX_CHARS]
    usage = mapping(raw.get("usage")) or mapping(raw.get("info"))
    note.prompt_tokens = count(usage.get("prompt_tokens"))
    note.completion_tokens = count(usage.get("completion_tokens"))
    note.ended_at = moment(raw.get("completedAt"))
    if raw.get("error"):
        note.status = "failed"
        note.error = words(mapping(raw["error"]).get("content"))[:2000]
    elif raw.get("done") is False:
        note.status = "interrupted"
    return note


def _content(value: object) -> str:
    parts = sequence(value)
    if not parts:
        return words(value)
    texts = [words(mapping(part).get("text")) for part in parts]
    return "\n\n".join(filter(None, texts))


def _files(raw: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for one in sequence(raw.get("files")):
        fields = mapping(one)
        name = words(fields.get("name"))[:200]
        if fields.get("type") == "image":
            found.append(t("[Image]"))
        elif name:
            found.append(t("[File: {name}]", name=name))
    return found


def _take_apart(note: Note, content: str) -> None:
    """Tell thoughts from the answer, looking at each character once or twice."""
    said: list[str] = []
    thoughts: list[str] = []
    at = 0
    while opened := _OPENED.search(content, at):
        end = content.find(_CLOSED, opened.end())
        if end < 0:
            break
        said.append(content[at : opened.start()])
        if opened[1] == "reasoning":
            thought = _SUMMARY.sub("", content[opened.end() : end], count=1)
            thoughts.append(html.unescape(_QUOTED.sub("", thought.strip("\n"))))
            if took := _DURATION.search(opened[0]):
                note.reasoning_ms = (note.reasoning_ms or 0) + (milliseconds(float(took[1])) or 0)
        at = end + len(_CLOSED)
    said.append(content[at:])
    note.content = "".join(said).strip("\n") if at else content
    note.reasoning = "\n\n".join(filter(None, thoughts))
