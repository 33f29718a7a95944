"""The reaper: ends the answers that a worker left behind when it died.

A worker's heartbeats are judged by the database's clock, and an answer is ended only after this
reaper itself saw the same heartbeat twice, some beats apart. So when the database, or the network
to it, was away for a while and nobody could say that he lives, everybody gets the time to say so.
"""

import asyncio
import logging
import uuid
from time import monotonic

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import records
from chatbot_app.generation.engine import Engine
from chatbot_app.repositories.answer_runs import Orphan

log = logging.getLogger(__name__)

MISSED_BEATS = 5
"""A worker that was not heard of for so many beats is taken for dead."""

WATCHED_BEATS = 2
"""For how many beats a quiet run is watched before it is ended."""


class Reaper:
    """Looks after the answers of other workers, for one engine whose own it never touches."""

    def __init__(self, engine: Engine, *, heartbeat_seconds: float) -> None:
        self._engine = engine
        self._beat = heartbeat_seconds
        self._quiet_since: dict[tuple[uuid.UUID, float], float] = {}

    async def run(self) -> None:
        """Look once a beat, until cancelled."""
        while True:
            await asyncio.sleep(self._beat)
            await self.look()

    async def look(self) -> None:
        """End what has been quiet for long enough."""
        try:
            orphans = await db.in_thread(records.list_orphans, MISSED_BEATS * self._beat)
            now = monotonic()
            self._quiet_since = {
                _beat_of(orphan): self._quiet_since.get(_beat_of(orphan), now)
                for orphan in orphans
                if self._engine.find(orphan.message_id) is None
            }
            for orphan in orphans:
                since = self._quiet_since.get(_beat_of(orphan), now)
                if now - since >= WATCHED_BEATS * self._beat:
                    await self._end(orphan)
        except Unavailable:
            self._quiet_since.clear()

    async def _end(self, orphan: Orphan) -> None:
        if await db.in_thread(records.end_orphan, orphan):
            log.warning("answer %s was left behind; it is interrupted", orphan.message_id)
            self._engine.channels.messages_changed(orphan.chat_id)


def end_all_left_behind() -> int:
    """End every run there is, and tell how many there were: for the start of the only process that
    uses this database, when all of them were left by one that died.
    """
    return sum(records.end_orphan(orphan) for orphan in records.list_orphans(float("-inf")))


def _beat_of(orphan: Orphan) -> tuple[uuid.UUID, float]:
    return orphan.run_id, orphan.heartbeat
