"""The journal's tick: what live answers say is on the disk a moment after it was said.

One transaction for all answers of a worker appends their new text, says now and then that they are
alive, and learns which ones were stopped from elsewhere or taken over. A text that grows is never
written again, so an answer costs what it is long; `repositories.answer_runs` tells how it is kept.
"""

import asyncio
import logging
import time
import uuid

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import records
from chatbot_app.generation.engine import Engine
from chatbot_app.generation.live import Generation

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
"""How much of an answer a crash may cost, together with the time of one commit."""


class Journal:
    """Keeps the answers of one engine. `heartbeat_seconds` is how often it says that they live."""

    def __init__(self, engine: Engine, *, heartbeat_seconds: float) -> None:
        self._engine = engine
        self._heartbeat_seconds = heartbeat_seconds
        self._beaten = time.monotonic()
        self._is_away = False

    async def run(self) -> None:
        """Tick for as long as answers are live, until cancelled."""
        while True:
            await self._engine.has_work.wait()
            await asyncio.sleep(TICK_SECONDS)
            await self.tick()

    async def tick(self) -> None:
        """Write what is new. What the database would not take is offered again at the next tick."""
        live = [generation for generation in self._engine.live if not generation.is_temporary]
        if not live:
            return
        chunks = [chunk for g in live if not g.is_lost and (chunk := g.unkept()) is not None]
        began = time.monotonic()
        beat = began - self._beaten >= self._heartbeat_seconds
        try:
            held = await db.in_thread(records.keep, chunks, [g.message_id for g in live], beat=beat)
        except Unavailable as error:
            if not self._is_away:
                log.warning("the journal waits for the database: %s", error)
            self._is_away = True
            return
        self._is_away = False
        if beat:
            self._beaten = began
        written = {chunk.run_id for chunk in chunks}
        for generation in live:
            self._settle(generation, written, held)

    def _settle(self, generation: Generation, written: set[uuid.UUID], held: records.Held) -> None:
        if generation.run_id not in held.run_ids:
            if generation.status == "generating":
                log.warning("answer %s was ended by somebody else", generation.message_id)
            self._engine.lose(generation)
            return
        if generation.run_id in written:
            generation.kept()
        if generation.run_id in held.to_stop:
            self._engine.end(generation, "stopped")
