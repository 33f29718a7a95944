"""Which models a provider offers: its list, remembered, and what can't chat left out.

The list is for people to choose from and never more than that: a name that isn't in it may be asked
for all the same, and a provider that doesn't say what it has is as good as any other.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from chatbot_app.errors import ModelError

log = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
"""How old the list may be before it is asked for again, in the background."""

PAUSE_SECONDS = 30.0
"""How long a provider that could not give its list is left alone."""

PATIENCE_SECONDS = 8.0
"""How long a provider may take to give its list."""

MOST = 2_000
"""Models of one provider that are offered; OpenRouter has some hundreds."""

LONGEST_NAME = 200

_NO_CHAT = re.compile(
    r"embed|minilm|(^|[/-])(bge|gte|e5)-|paraphrase-|rerank|whisper|(^|[/-])tts-|-tts\b|dall-e"
    r"|moderation|transcribe|gpt-image",
    re.IGNORECASE,
)
"""Names of models that make vectors, pictures, speech or judgements, and no answers."""


@dataclass(frozen=True)
class OfferedModel:
    """A model that may be asked. `context` is how many tokens it can read, 0 if nobody says."""

    name: str
    title: str = ""
    context: int = 0


class Catalogue:
    """A provider's list, asked for when somebody first wants it and again when it is old; what
    fails leaves the list as it was.
    """

    def __init__(self, fetch: Callable[[], Awaitable[object]]) -> None:
        self._fetch = fetch
        self._offered: tuple[OfferedModel, ...] = ()
        self._asked_at = -float("inf")
        self._stale_after = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def get(self) -> tuple[OfferedModel, ...]:
        """Give the list at once if there is one, however old; never fails, but may be empty."""
        if self._asking is None and time.monotonic() - self._asked_at >= self._stale_after:
            self._asking = asyncio.create_task(self._ask(), name="list of models")
        if self._asking is not None and not self._offered:
            # Whoever waits may leave; the others still want the list.
            await asyncio.shield(self._asking)
        return self._offered

    async def aclose(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._offered = read(await self._fetch())
            self._stale_after = FRESH_SECONDS
        except (ModelError, TimeoutError) as error:
            log.warning("no list of models: %s", getattr(error, "kind", "timeout"))
            self._stale_after = PAUSE_SECONDS
        except Exception:
            log.exception("the list of models could not be read")
            self._stale_after = PAUSE_SECONDS
        finally:
            self._asked_at = time.monotonic()
            self._asking = None


def read(body: object) -> tuple[OfferedModel, ...]:
    """Read what `/models` answered, in the form of OpenAI with what OpenRouter and others add;
    what can't be read is left out.
    """
    entries = cast(dict[str, Any], body).get("data") if isinstance(body, dict) else None
    found: dict[str, OfferedModel] = {}
    for entry in cast(list[Any], entries) if isinstance(entries, list) else []:
        model = _model(cast(dict[str, Any], entry)) if isinstance(entry, dict) else None
        if model is not None and len(found) < MOST:
            found.setdefault(model.name, model)
    return tuple(found.values())


def can_chat(name: str) -> bool:
    """Whether a model of this name may be one that answers; false only where the name says so."""
    return not _NO_CHAT.search(name)


def _model(entry: dict[str, Any]) -> OfferedModel | None:
    name = entry.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        return None
    if not can_chat(name) or not _writes(entry):
        return None
    title, context = entry.get("name"), entry.get("context_length")
    if not isinstance(title, str) or not title.isprintable() or len(title) > LONGEST_NAME:
        title = ""
    if not isinstance(context, int) or not 0 < context < 2**31:
        context = 0
    return OfferedModel(name, title="" if title == name else title, context=context)


def _writes(entry: dict[str, Any]) -> bool:
    """Whether its output is text, where the provider says what it is."""
    architecture = entry.get("architecture")
    kinds = (
        cast(dict[str, Any], architecture).get("output_modalities")
        if isinstance(architecture, dict)
        else None
    )
    return "text" in kinds if isinstance(kinds, list) else True
