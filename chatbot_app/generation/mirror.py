"""The mirror: shows this worker's pages what other workers write.

Of each chat that somebody here looks at, it watches in the database whether anything changed, and
repeats a live answer of another worker from the journal, so that those who follow need not know
where an answer lives. One look is one transaction for all chats.
"""

import asyncio
import logging
import uuid

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import records
from chatbot_app.generation.engine import Engine
from chatbot_app.generation.live import Generation
from chatbot_app.repositories.answer_runs import Said, Sign

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
"""How late a page may be with what happens in another worker."""

LIVE_SECONDS = 0.2
"""The same while an answer is being repeated: as often as the journal is written."""


class Mirror:
    """Other workers' answers, as far as pages of this one show them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._signs: dict[uuid.UUID, Sign | None] = {}
        self._mirrored: dict[uuid.UUID, Generation] = {}
        self._seqs: dict[uuid.UUID, int] = {}

    def live_in(self, chat_id: uuid.UUID) -> Generation | None:
        """The answer of another worker that is repeated here for this chat."""
        return self._mirrored.get(chat_id)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LIVE_SECONDS if self._mirrored else IDLE_SECONDS)
            try:
                await self.look()
            except Unavailable:
                continue  # the next look makes up for it

    async def look(self) -> None:
        """Take in what changed since the last look, and wake those whom it concerns."""
        followed = self._engine.channels.followed()
        self._forget_all_but(followed)
        if not followed:
            return
        read_from = {g.message_id: self._seqs[c] for c, g in self._mirrored.items()}
        news = await db.in_thread(records.look, followed, read_from)
        signs = {sign.chat_id: sign for sign in news.signs}
        for chat_id, generation in list(self._mirrored.items()):
            sign = signs.get(chat_id)
            if self._engine.writes(generation.run_id):
                self._drop(chat_id)  # it was seen a moment before it began here
            elif sign is None or sign.run_id != generation.run_id:
                await self._end(generation)
            else:
                self._grow(generation, news.texts[generation.message_id])
        for chat_id in followed:
            await self._notice(chat_id, signs.get(chat_id))

    async def _notice(self, chat_id: uuid.UUID, sign: Sign | None) -> None:
        # At the first look too: something may have happened since the page read the chat.
        changed = chat_id not in self._signs or self._signs[chat_id] != sign
        self._signs[chat_id] = sign
        if sign is not None and sign.message_id is not None and sign.run_id is not None:
            is_own = self._engine.writes(sign.run_id) or self._engine.live_in(chat_id) is not None
            if not is_own and chat_id not in self._mirrored:
                await self._begin(sign.message_id, chat_id, sign.run_id)
                changed = True
        # What this worker did itself it told at once; to hear it again costs one query.
        if changed:
            self._engine.channels.messages_changed(chat_id)

    async def _begin(self, message_id: uuid.UUID, chat_id: uuid.UUID, run_id: uuid.UUID) -> None:
        whole = await db.in_thread(records.read_whole, message_id)
        self._mirrored[chat_id] = Generation(
            message_id, chat_id, run_id, whole.text, reasoning=whole.reasoning
        )
        self._seqs[chat_id] = whole.seq

    def _grow(self, generation: Generation, said: Said) -> None:
        self._seqs[generation.chat_id] = said.seq
        if said.text or said.reasoning:
            generation.repeat(said.text, said.reasoning)
            self._engine.channels.text_came(generation.chat_id)

    async def _end(self, generation: Generation) -> None:
        """The run is over: what it said last stands in the message."""
        whole = await db.in_thread(records.read_whole, generation.message_id)
        generation.repeat(
            _rest(whole.text, generation.text), _rest(whole.reasoning, generation.reasoning)
        )
        generation.timing.ended(None)
        self._drop(generation.chat_id)
        generation.status = "complete"
        generation.saved.set()
        self._engine.channels.messages_changed(generation.chat_id)

    def _forget_all_but(self, followed: set[uuid.UUID]) -> None:
        for chat_id in self._signs.keys() - followed:
            del self._signs[chat_id]
            self._drop(chat_id)

    def _drop(self, chat_id: uuid.UUID) -> None:
        self._mirrored.pop(chat_id, None)
        self._seqs.pop(chat_id, None)


def _rest(whole: str, shown: str) -> str:
    """What is to be added to make it whole; nothing if it became another text."""
    return whole[len(shown) :] if whole.startswith(shown) else ""
