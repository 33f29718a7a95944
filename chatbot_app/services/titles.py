"""Titles by themselves: after the first exchange of a chat its model is asked for one, in a few
words. Until then, and whenever that fails, the chat goes by the first words of its question.

It happens beside the engine, so that no answer ends later for it, and gives way to a person who
found a title first. An answer ends in one worker only, and so the model is asked once.
"""

import asyncio
import logging
import re
import unicodedata
import uuid
from contextlib import aclosing

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import AppError, ModelError
from chatbot_app.generation import Engine, Generation
from chatbot_app.llm.protocol import Prompt, PromptMessage
from chatbot_app.repositories import chats
from chatbot_app.repositories.chats import FirstExchange
from chatbot_app.services import text

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Titles that a worker asks for at a time: answers go first at the provider."""

WAITING_MAX = 100
"""Chats that wait for one; with more of them the next keep their first words."""

SECONDS = 20.0
"""How long the model may take; one that is slower is busy enough."""

HEAD = 1_000  # characters of the question and of the answer that it is shown
ENOUGH = 400  # characters of a title, with all that stands around it, that are read of what it says
LONGEST = 80  # characters of a title

REQUEST = (
    "Write a title for the conversation below: two to six words, in the language of the question,"
    " that say what it is about. Answer with the title alone, without quotation marks and without a"
    " full stop.\n\n<question>\n{question}\n</question>\n\n<answer>\n{answer}\n</answer>"
)

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_LABEL = re.compile(r"^(?:title|titel|titre|t\u00edtulo|titolo)\s*:\s*", re.IGNORECASE)
_EMPHASIS = re.compile(r"(\*\*?|__|`)(?=\S)(.+?)(?<=\S)\1")
_AROUND = (
    "\"'`*_\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f "
)


class Titles:
    """Titles for the answers of one engine. To be used on its event loop, until `close`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._is_closed = False
        engine.on_end.append(self.take_note)

    def take_note(self, generation: Generation) -> None:
        """Find a title for this answer's chat, if it is the first answer there that came to a text."""
        if (
            self._is_closed
            or self._engine.model.is_demo
            or generation.is_lost
            or generation.is_temporary
            or generation.status == "failed"
            or not generation.has_text
            or generation.chat_id in self._waiting
            or len(self._waiting) >= WAITING_MAX
        ):
            return
        finding = self._find(generation.chat_id, generation.message_id)
        self._waiting[generation.chat_id] = asyncio.create_task(finding)

    async def settle(self) -> None:
        """Wait until every title that is looked for was found, or was not."""
        while self._waiting:
            await asyncio.wait(set(self._waiting.values()))

    async def close(self) -> None:
        """Look for no more titles, and leave off those that are looked for: the chats keep their
        first words.
        """
        self._is_closed = True
        for task in self._waiting.values():
            task.cancel()
        await self.settle()

    async def _find(self, chat_id: uuid.UUID, answer_id: uuid.UUID) -> None:
        try:
            async with self._turn:
                exchange = await db.in_thread(_begun_with, answer_id)
                if exchange is None:
                    return
                async with asyncio.timeout(SECONDS):
                    title = clean(await self._ask(exchange))
                if title and await db.in_thread(_give, chat_id, title):
                    self._engine.channels.messages_changed(chat_id)
        except (AppError, TimeoutError) as error:
            log.info("a chat keeps its first words: %s", error)
        except Exception:
            log.exception("no title could be found for a chat")
        finally:
            del self._waiting[chat_id]

    async def _ask(self, exchange: FirstExchange) -> str:
        request = REQUEST.format(question=exchange.question, answer=exchange.answer)
        prompt = Prompt((PromptMessage("user", request),), model=exchange.model or None)
        said = ""
        try:
            async with aclosing(self._engine.model.stream(prompt)) as pieces:
                async for piece in pieces:
                    said += piece if isinstance(piece, str) else ""
                    if len(_THOUGHTS.sub("", said)) > ENOUGH:
                        break
        except ModelError as error:
            # A model that is allowed little has still said what the chat is about.
            if error.kind != "length":
                raise
        return said


def clean(said: str) -> str:
    """Make one line of what a model gave for a title, without quotation marks and the like; empty if
    nothing is left.
    """
    lines = db.storable(_THOUGHTS.sub("", said)).splitlines()
    line = next((line for line in lines if not text.is_blank(line.strip(_AROUND))), "")
    bare = _EMPHASIS.sub(r"\2", line).lstrip(f"#{_AROUND}").rstrip(_AROUND)
    bare = _LABEL.sub("", bare).strip(_AROUND).rstrip(" .:;,")
    words = " ".join(bare.split())
    visible = "".join(c for c in words if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    if text.is_blank(visible):
        return ""
    return text.title(visible, limit=min(LONGEST, get_settings().name_max_chars))


def _begun_with(answer_id: uuid.UUID) -> FirstExchange | None:
    with db.session() as session:
        return chats.find_untitled(session, answer_id, characters=HEAD)


def _give(chat_id: uuid.UUID, title: str) -> bool:
    with db.session(write=True) as session:
        return chats.set_models_title(session, chat_id, title)
