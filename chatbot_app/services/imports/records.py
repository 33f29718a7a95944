"""What a file is read into, whoever wrote it, and how its single values are taken.

A file is nobody's word: a value of another kind, or outside of what can be, counts as missing.
"""

import hashlib
import json
import math
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import now
from chatbot_app.schemas import Role, Status
from chatbot_app.services import text

Source = Literal["own", "chatgpt", "open_webui"]

MOST_MESSAGES = 50_000
"""Messages of a chat, which is stored in one transaction."""

LONGEST_TEXT = 1_000_000
"""Characters of an answer, and of the thoughts before it."""

COUNT_MAX = 2**31 - 1

_SCALES = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3))
"""Moments from so many units on are counted in so many a second: by some in nanoseconds."""


class Unreadable(Exception):
    """A chat that can't be taken: it is counted, and the others are."""


@dataclass
class Note:
    """A message as it was found: `key` is what the file calls it. Without a role it is none that a
    person would see, and only holds the tree together.
    """

    key: str
    parent: str | None
    role: Role | None = None
    content: str = ""
    status: Status = "complete"
    error: str = ""
    model: str = ""
    reasoning: str = ""
    reasoning_ms: int | None = None
    duration_ms: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    place: int = 0
    """Where it stands in the file."""


@dataclass
class Conversation:
    """A chat as it was found."""

    source: Source
    origin: str
    """What it was called where it comes from."""
    title: str
    notes: list[Note]
    shown: str | None
    created_at: datetime | None = None
    last_message_at: datetime | None = None
    titled_by: str = "person"
    model: str = ""
    pinned_at: datetime | None = None
    archived_at: datetime | None = None

    def digest(self) -> str:
        """Give what tells this conversation from all others, and is the same in another file."""
        digest = hashlib.sha256(f"{self.source} {self.origin}".encode())
        for note in self.notes:
            said = [note.key, note.parent, note.role, note.content]
            digest.update(json.dumps(said).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Home:
    """The project that chats are brought into. `origin` may be the id of one that the person has."""

    key: str
    name: str
    description: str = ""
    system_prompt: str = ""
    model: str = ""
    temperature: float | None = None
    starters: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    origin: uuid.UUID | None = None


@dataclass
class Tally:
    """What came of an import."""

    chats: int = 0
    present: int = 0
    """Chats that were here already."""
    unreadable: int = 0
    projects: list[uuid.UUID] = field(default_factory=list[uuid.UUID])
    """Those that something was brought into."""
    in_file: str = ""
    """What there was in the file, in the words of the audit."""
    is_noted: bool = False
    """Whether the audit has heard of it."""


def mapping(value: object) -> dict[str, Any]:
    """Take an object, or an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Take a list, or an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def words(value: object) -> str:
    """Take a text as any database can hold it."""
    return db.storable(value) if isinstance(value, str) else ""


def key(value: object) -> str | None:
    """Take what a message is called."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:200]
    return words(value)[:200] or None


def identifier(value: object) -> uuid.UUID | None:
    """Take an id of ours."""
    try:
        return text.identifier(value)
    except NotFound:
        return None


def line(value: object, limit: int) -> str:
    """Take a name or title: in one line, and cut at a word if it is too long."""
    visible = (c for c in words(value) if c.isspace() or unicodedata.category(c) != "Cc")
    found = " ".join("".join(visible).split())
    if text.is_blank(found):
        return ""
    return found if len(found) <= limit else text.title(found, limit=limit)


def passage(value: object, *, limit: int = LONGEST_TEXT) -> str:
    """Take a text to its last character.

    Raises: Unreadable if it is too long, for nothing is cut.
    """
    found = words(value)
    if len(found) > limit:
        raise Unreadable
    return found


def count(value: object) -> int | None:
    """Take a number of something."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        return None
    return value


def milliseconds(seconds: object) -> int | None:
    """Take a number of seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return count(round(seconds * 1000)) if abs(seconds) < COUNT_MAX else None


def moment(value: object) -> datetime | None:
    """Take a moment as ISO 8601 or in seconds since 1970 or their fractions; none lies ahead."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(_seconds(value), UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return min(found, now()) if found.year >= 1970 else None


def _seconds(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError
    scale = next((scale for least, scale in _SCALES if abs(value) >= least), 1)
    return value / scale
