"""Text for people, in their language: `t` marks each sentence, here for what the server says.

A sentence is known by its English; `locales/` holds the others, `scripts/words` gathers them. Only
the languages that somebody reads are loaded. For pages there is `components.words`, for scripts
`assets/words.js`. The log and the operator's commands stay English.
"""

import json
import re
from datetime import date
from functools import cache
from pathlib import Path

from chatbot_app import callers

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""Every language there is, under the name that those who speak it look for."""

LOCALES = Path(__file__).with_name("locales")

SEPARATORS = {"de": str.maketrans(",.", ".,")}
"""How numbers are written where not as in English."""

_RANGE = re.compile(r"([a-z]{1,8}|\*)(?:-[a-z0-9-]+)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", re.ASCII)
MAX_RANGES = 20  # that are looked at: a browser sends a handful

_compiled: Path | None = None


def t(sentence: str, /, **values: object) -> str:
    """Say a sentence in the caller's language; `{name}` in it stands for a value."""
    said = _catalogue(callers.current().language).get(sentence, sentence)
    return said.format(**values) if values else said


def mark(sentence: str) -> str:
    """Mark a sentence that is kept for later: whoever says it does so with `t`."""
    return sentence


MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)


def number(value: float, *, decimals: int | None = None) -> str:
    """Write a number as people do in the caller's language, with as many decimals as it has or as
    are asked for.
    """
    written = f"{value:,}" if isinstance(value, int) else f"{value:,g}"
    if decimals is not None:
        written = f"{value:,.{decimals}f}"
    return written.translate(SEPARATORS.get(callers.current().language, {}))


def day(then: date) -> str:
    """Write a day as people do in the caller's language: January 31, 2026."""
    month = t(MONTHS[then.month - 1])
    return t("{month} {day}, {year}", month=month, day=then.day, year=then.year)


def short_day(then: date) -> str:
    """The same in a narrow place: Jan 31, 2026."""
    month = t(MONTHS[then.month - 1])[:3]
    return t("{month} {day}, {year}", month=month, day=then.day, year=then.year)


def choose(chosen: str | None, accepted: str) -> str:
    """The language to speak: the one that was chosen here, else what the browser likes best (RFC
    9110, section 12.5.4) of those that there are.
    """
    if chosen in LANGUAGES:
        return chosen
    liked: dict[str, float] = {}
    for part in accepted.lower().split(",", MAX_RANGES)[:MAX_RANGES]:
        if found := _RANGE.fullmatch(part.strip()):
            language = ENGLISH if found[1] == "*" else found[1]
            liked.setdefault(language, float(found[2] or 1))
    known = [language for language in liked if language in LANGUAGES and liked[language] > 0]
    return max(known, key=lambda language: liked[language], default=ENGLISH)


def use(compiled: Path) -> None:
    """Read the languages from what the build made of them."""
    global _compiled
    _compiled = compiled
    _catalogue.cache_clear()


def read(language: str, within: tuple[str, ...] = ("",)) -> dict[str, str]:
    """What each sentence is in this language, from its source; only those that are said in these
    folders.
    """
    from babel.messages.pofile import read_po  # large, and for those who build or test

    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = read_po(file)
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string
        if any(path.startswith(within) for path, _line in message.locations)
    }


@cache
def _catalogue(language: str) -> dict[str, str]:
    if language == ENGLISH or language not in LANGUAGES:
        return {}
    if _compiled is None:
        return read(language)
    return json.loads((_compiled / f"{language}.json").read_text("utf-8"))
