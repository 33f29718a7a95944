"""Chats as ChatGPT exports them: in `conversations.json`, each a tree of nodes under `mapping`.

Many nodes are none that a person sees: the root, instructions, what tools were told and said. An
answer may be several nodes in a row: thoughts, code, text.
"""

import re
from typing import Any

from chatbot_app.config import get_settings
from chatbot_app.schemas import Status
from chatbot_app.services.imports import trees
from chatbot_app.services.imports.records import (
    MOST_MESSAGES,
    Conversation,
    Note,
    Unreadable,
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

_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201")
"""Points at what the answer was made of, which is not in the file."""

_LANGUAGE = re.compile(r"[a-z0-9+#-]{1,20}")


def is_one(raw: dict[str, Any]) -> bool:
    """Whether this is a chat in that form."""
    return isinstance(raw.get("mapping"), dict)


def conversation(raw: dict[str, Any]) -> Conversation:
    """Read a chat.

    Raises: Unreadable, also where nothing was said.
    """
    nodes = mapping(raw.get("mapping"))
    if len(nodes) > 2 * MOST_MESSAGES:
        raise Unreadable
    notes = [_note(name, mapping(node)) for name, node in nodes.items()]
    updated = moment(raw.get("update_time"))
    found = Conversation(
        source="chatgpt",
        origin=words(raw.get("conversation_id")) or words(raw.get("id")),
        title=words(raw.get("title")),
        notes=notes,
        shown=key(raw.get("current_node")),
        created_at=moment(raw.get("create_time")),
        archived_at=updated if raw.get("is_archived") is True else None,
    )
    trees.settle(found, joins=True)
    if not found.notes:
        raise Unreadable
    return found


def _note(name: str, node: dict[str, Any]) -> Note:
    note = Note(key=key(name) or "", parent=key(node.get("parent")))
    message = mapping(node.get("message"))
    metadata = mapping(message.get("metadata"))
    role = mapping(message.get("author")).get("role")
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True
    if role not in ("user", "assistant") or is_hidden:
        return note
    content = mapping(message.get("content"))
    kind = content.get("content_type")
    note.created_at = moment(message.get("create_time"))
    if role == "user":
        said = _parts(content) + _attachments(metadata)
        note.content = passage("\n\n".join(said), limit=get_settings().message_max_chars)
    elif kind == "thoughts":
        note.reasoning = passage("\n\n".join(_thoughts(content)))
    elif kind == "reasoning_recap":
        note.reasoning_ms = milliseconds(metadata.get("finished_duration_sec"))
        if note.reasoning_ms is None:
            return note
    elif message.get("recipient") not in (None, "all", "python"):
        return note  # what a tool was told
    elif kind == "code":
        note.content = _code(content)
    else:
        note.content = passage(_CITATION.sub("", "\n\n".join(_parts(content))))
    if note.content or note.reasoning or note.reasoning_ms:
        note.role = role
    note.status = _status(message)
    note.model = words(metadata.get("model_slug"))[:MODEL_MAX_CHARS]
    return note


def _parts(content: dict[str, Any]) -> list[str]:
    parts = [*sequence(content.get("parts"))]
    if isinstance(content.get("text"), str):
        parts.append(content["text"])
    return [said for part in parts if (said := _part(part))]


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    fields = mapping(part)
    kind = words(fields.get("content_type"))
    if isinstance(fields.get("text"), str):  # what was said aloud
        return fields["text"]
    if "image" in kind:
        return t("[Image]")
    if "audio" in kind or "video" in kind:
        return t("[Recording]")
    return ""


def _attachments(metadata: dict[str, Any]) -> list[str]:
    files = [mapping(one) for one in sequence(metadata.get("attachments"))]
    # Pictures are among the parts as well.
    others = [one for one in files if not words(one.get("mime_type")).startswith("image/")]
    names = [words(one.get("name"))[:200] for one in others]
    return [t("[File: {name}]", name=name) for name in names if name]


def _thoughts(content: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for one in sequence(content.get("thoughts")):
        thought = mapping(one)
        summary, said = words(thought.get("summary")), words(thought.get("content"))
        found += [f"**{summary}**" if summary and said else summary, said]
    return [said for said in found if said]


def _code(content: dict[str, Any]) -> str:
    code, language = passage(content.get("text")), words(content.get("language"))
    if not code:
        return ""
    named = language if _LANGUAGE.fullmatch(language) and language != "unknown" else ""
    ticks = max((len(run) for run in re.findall("`{3,}", code)), default=2) + 1
    fence = "`" * ticks
    return f"{fence}{named}\n{code}\n{fence}"


def _status(message: dict[str, Any]) -> Status:
    if message.get("status") == "in_progress":
        return "interrupted"
    kind = mapping(mapping(message.get("metadata")).get("finish_details")).get("type")
    return "stopped" if kind == "interrupted" else "complete"
