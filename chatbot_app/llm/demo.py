"""The demo model: makes the platform usable before any language model is connected.

It sends nothing anywhere and understands nothing; it looks for a few words in the question, picks
one of the texts in `demo_answers` and says plainly what it is. Those texts are for people: change
them freely, they are plain markdown.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from chatbot_app.llm.catalogue import OfferedModel
from chatbot_app.llm.protocol import Piece, Prompt, Thought

_TEXTS = {
    path.stem: path.read_text(encoding="utf-8").strip()
    for path in (Path(__file__).parent / "demo_answers").glob("*.md")
}

_TOPICS = {
    "table": r"tables?|compare|comparison|spreadsheets?",
    "code": r"code|coding|python|function|script|program\w*|javascript|sql|html|css|rust|golang|java",
    "math": r"math\w*|formulas?|formulae|equations?|latex|algebra|calculus|integrals?",
    "long": r"long|longer|essay|article|detailed|in depth|in-depth",
}
"""Which words in a question call for which text."""

_CALLS_FOR_THOUGHT = re.compile(r"\b(?:think|reason)\w*", re.IGNORECASE)
"""A question with such a word is thought about first, so that one sees what that looks like."""

_WORDS = re.compile(r"\s*\w{1,8}|\s*[^\w\s]+|\s+")
"""About what a tokenizer would make of English; no character is left out."""

_MARKUP = re.compile(r"[\\`*_\[\]<>~$&|{}^@]|:(?=//)")
"""What could be markup in the middle of a line of GitHub's markdown with formulas."""

QUOTE_CHARACTERS = 80
"""How much of a question or system prompt is repeated at most."""


class DemoModel:
    """A `ChatModel` that answers the same prompt always the same way, at a believable speed."""

    name = "Demo model"
    is_demo = True

    def __init__(self, *, tokens_per_second: float = 60.0) -> None:
        self._seconds_per_token = 1 / tokens_per_second

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """See `ChatModel.stream`; never fails, and counts nothing."""
        began = time.monotonic()
        thoughts = [Thought(piece) for piece in _WORDS.findall(thoughts_about(prompt))]
        for number, piece in enumerate([*thoughts, *_WORDS.findall(answer(prompt))]):
            early = began + number * self._seconds_per_token - time.monotonic()
            if early > 0:
                await asyncio.sleep(early)
            yield piece

    async def list_models(self) -> tuple[OfferedModel, ...]:
        """See `ChatModel.list_models`: itself alone."""
        return (OfferedModel(self.name),)

    async def aclose(self) -> None:
        """Nothing is held open."""


def answer(prompt: Prompt) -> str:
    """Compose the whole answer, in markdown."""
    question = _question(prompt)
    system = next((m.content for m in prompt.messages if m.role == "system"), "")
    topics = [
        topic
        for topic, words in _TOPICS.items()
        if re.search(rf"\b(?:{words})\b", question, re.IGNORECASE)
    ]
    parts = [_opening(question)]
    parts += [_TEXTS[topic] for topic in topics] or [_TEXTS["welcome"]]
    if system.strip():
        parts.append(_TEXTS["system_prompt"].replace("{system_prompt}", quote(system)))
    parts.append(_TEXTS["connect"])
    return "\n\n".join(parts)


def thoughts_about(prompt: Prompt) -> str:
    """Compose the thoughts that come before the answer, in markdown; mostly none."""
    return _TEXTS["thoughts"] if _CALLS_FOR_THOUGHT.search(_question(prompt)) else ""


def _question(prompt: Prompt) -> str:
    return next((m.content for m in reversed(prompt.messages) if m.role == "user"), "")


def quote(text: str) -> str:
    """Repeat a person's words briefly, on one line and with nothing in them that could act as
    markup.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) > QUOTE_CHARACTERS:
        line = line[: QUOTE_CHARACTERS - 1].rstrip() + "…"
    return "“" + _MARKUP.sub(r"\\\g<0>", line) + "”"


def _opening(question: str) -> str:
    asked = f"You wrote: {quote(question)}. " if question.strip() else ""
    return f"Hello! {asked}{_TEXTS['opening']}"
