"""What a person typed, checked: lines, passages, e-mails, numbers and ids.

Every text that goes to the database passes through here once. Nothing is cut to fit: what is too
long is refused with the number, so that it stays in its field. Arguments are `object`, for they
come from clients.
"""

import math
import re
import unicodedata
import uuid

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.words import number, t

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KEY = re.compile(r"[0-9A-Za-z-]{0,64}")
_EMAIL = re.compile(r"[^@\s]+@(localhost|[^@\s.]+(\.[^@\s.]+)+)")


def line(value: object, field: str, *, limit: int, required: bool = True) -> str:
    """Take a name or title: one line, trimmed, `limit` characters at most.

    Raises: InvalidInput with a sentence that begins with `field`.
    """
    words = " ".join(_plain(value, field).split())
    if any(unicodedata.category(character) == "Cc" for character in words):
        raise InvalidInput(t("{field} holds a control character.", field=field))
    if is_blank(words):
        if required:
            raise InvalidInput(t("{field} can't be empty.", field=field))
        return ""
    return _fitting(words, field, limit)


def passage(value: object, field: str, *, limit: int, required: bool = False) -> str:
    """Take a text of any number of lines as it is, to the byte, `limit` characters at most.

    Raises: InvalidInput with a sentence that begins with `field`.
    """
    words = _fitting(_plain(value, field), field, limit)
    if required and is_blank(words):
        raise InvalidInput(t("{field} can't be empty.", field=field))
    return words


def email(value: object) -> str:
    """Take an e-mail address, in lower case.

    A light check on purpose: only a mail sent there could tell whether it is one.

    Raises: InvalidInput.
    """
    address = line(value, t("The email"), limit=get_settings().email_max_chars).lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(
            t("This doesn't look like an email address. An example: ada@example.org")
        )
    return address


def temperature(value: object) -> float | None:
    """Take a number from 0 to 2, or nothing for the model's own.

    Raises: InvalidInput.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    try:
        written = value.replace(",", ".") if isinstance(value, str) else value
        number = float(written) if isinstance(written, str | float | int) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= 2:
        raise InvalidInput(t("The temperature is a number from 0 to 2, or empty."))
    return number


def identifier(value: object) -> uuid.UUID:
    """Take an id as a UUID or in its usual spelling.

    Raises: NotFound for anything else: no such thing can exist.
    """
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str) and _CANONICAL_UUID.fullmatch(value):
        return uuid.UUID(value)
    raise NotFound(t("There is nothing at this address."))


def key(value: object) -> str:
    """Take a client's own name for what it sends, or nothing: letters, digits and hyphens.

    Raises: InvalidInput.
    """
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise InvalidInput(t("The page sent something that can't be used. Please reload it."))
    return value


def is_blank(value: str) -> bool:
    """Whether nothing of it would be seen: white space, control and formatting characters."""
    return all(
        character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}
        for character in value
    )


def title(words: str, *, limit: int = 60) -> str:
    """Make a title of a text's first words, cut at a word where there is one."""
    visible = "".join(c for c in words[: limit * 20] if c.isspace() or c.isprintable())
    whole = " ".join(visible.split()) or t("New chat")
    if len(whole) <= limit:
        return whole
    head = whole[:limit]
    cut = head.rfind(" ") if whole[limit - 1] != " " else limit - 1
    return head[: cut if cut > limit // 2 else limit - 1].rstrip(" ,;:.-") + "…"


def _plain(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(t("{field} has to be text.", field=field))
    if not db.is_storable(value):
        raise InvalidInput(t("{field} holds a character that can't be stored.", field=field))
    return value


def _fitting(value: str, field: str, limit: int) -> str:
    if len(value) > limit:
        raise InvalidInput(
            t(
                "{field} has {length} characters; at most {limit} are possible.",
                field=field,
                length=number(len(value)),
                limit=number(limit),
            )
        )
    return value
