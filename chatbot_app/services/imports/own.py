"""Our own files (`services.exports`, `services.chat_exports`), read without loss."""

from typing import Any, get_args

from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput
from chatbot_app.schemas import Role, Status
from chatbot_app.services import text
from chatbot_app.services.imports import trees
from chatbot_app.services.imports.records import (
    Conversation,
    Home,
    Note,
    Unreadable,
    count,
    identifier,
    key,
    line,
    mapping,
    moment,
    passage,
    sequence,
    words,
)
from chatbot_app.services.projects import MODEL_MAX_CHARS
from chatbot_app.words import t

TITLED_BY = frozenset({"words", "model", "person"})


def conversation(raw: dict[str, Any]) -> Conversation:
    """Read a chat with every version of every message.

    Raises: Unreadable.
    """
    if not isinstance(raw.get("messages"), list):
        raise Unreadable
    found = Conversation(
        source="own",
        origin=words(raw.get("id")),
        title=words(raw.get("title")),
        notes=[_note(mapping(one)) for one in sequence(raw.get("messages"))],
        shown=key(raw.get("shown_message_id")),
        created_at=moment(raw.get("created_at")),
        last_message_at=moment(raw.get("last_message_at")),
        titled_by=_one_of(raw.get("titled_by"), TITLED_BY) or "person",
        model=_model(raw),
        pinned_at=moment(raw.get("pinned_at")),
        archived_at=moment(raw.get("archived_at")),
    )
    trees.settle(found, joins=False)
    return found


def home(raw: dict[str, Any], number: int) -> Home:
    """Read a project without its chats; it may be there still.

    Raises: InvalidInput for a prompt longer than any may be, for nothing is cut.
    """
    longest = get_settings().prompt_max_chars
    name = line(raw.get("name"), get_settings().name_max_chars)
    return Home(
        key=f"own {words(raw.get('id')) or number}",
        name=name or t("Imported chats"),
        description=text.passage(
            words(raw.get("description")), t("The description of a project"), limit=longest
        ),
        system_prompt=text.passage(
            words(raw.get("system_prompt")), t("The system prompt of a project"), limit=longest
        ),
        model=_model(raw),
        temperature=_temperature(raw.get("temperature")),
        starters=text.passage(
            words(raw.get("starters")), t("The starters of a project"), limit=longest
        ),
        created_at=moment(raw.get("created_at")),
        updated_at=moment(raw.get("updated_at")),
        origin=identifier(raw.get("id")),
    )


def _note(raw: dict[str, Any]) -> Note:
    name, role = key(raw.get("id")), _role(raw.get("role"))
    if name is None or role is None:
        raise Unreadable
    longest = {"limit": get_settings().message_max_chars} if role == "user" else {}
    return Note(
        key=name,
        parent=key(raw.get("parent_id")),
        role=role,
        content=passage(raw.get("content"), **longest),
        status=_status(raw.get("status")) if role == "assistant" else "complete",
        error=passage(raw.get("error")),
        model=_model(raw),
        reasoning=passage(raw.get("reasoning")),
        reasoning_ms=count(raw.get("reasoning_ms")),
        duration_ms=count(raw.get("duration_ms")),
        prompt_tokens=count(raw.get("prompt_tokens")),
        completion_tokens=count(raw.get("completion_tokens")),
        created_at=moment(raw.get("created_at")),
        ended_at=moment(raw.get("ended_at")),
    )


def _role(value: object) -> Role | None:
    return next((role for role in get_args(Role) if role == value), None)


def _status(value: object) -> Status:
    found: Status = next((status for status in get_args(Status) if status == value), "complete")
    return "interrupted" if found == "generating" else found  # nobody is writing it any more


def _one_of(value: object, choices: frozenset[str]) -> str | None:
    return value if isinstance(value, str) and value in choices else None


def _model(raw: dict[str, Any]) -> str:
    return words(raw.get("model"))[:MODEL_MAX_CHARS]


def _temperature(value: object) -> float | None:
    try:
        return text.temperature(value)
    except InvalidInput:
        return None
