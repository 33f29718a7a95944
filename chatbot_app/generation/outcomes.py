"""Bringing to the database how answers ended: those that end while a transaction is under way go
together into the next one, so that a hundred at once wait for two commits and not for a hundred.
"""

import asyncio
import logging
import uuid
from collections import deque

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import records
from chatbot_app.generation.records import Outcome

log = logging.getLogger(__name__)

TOGETHER = 50
"""Outcomes that share a transaction at most: other writers wait for it."""

RETRY_SECONDS = 1.0
"""Pause before an outcome that the database would not take is offered again."""


class Outcomes:
    """Stores the outcomes of one engine. To be used on its event loop."""

    def __init__(self) -> None:
        self.is_closing = False
        """Whether each outcome is offered just once more: the journal holds all but the last moment."""
        self._waiting: deque[tuple[Outcome, asyncio.Future[bool]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def store(self, outcome: Outcome) -> None:
        """Store it, however long the database is away."""
        while True:
            try:
                if not await self._offer(outcome):
                    log.info("answer %s had been ended already", outcome.message_id)
                return
            except Unavailable as error:
                log.warning("could not save answer %s: %s", outcome.message_id, error)
            except Exception:
                log.exception("could not save answer %s", outcome.message_id)
            if self.is_closing:
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _offer(self, outcome: Outcome) -> bool:
        """Whether this ended the run, or somebody else had."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, stored))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await stored

    async def _write(self) -> None:
        while self._waiting:
            together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            try:
                ended = await _finish([outcome for outcome, _ in together])
            except Exception as error:
                if len(together) == 1 or isinstance(error, Unavailable):
                    for _, stored in together:
                        stored.set_exception(error)
                    continue
                # One of them has a fault of its own, which is no reason to keep the others.
                for one in together:
                    await self._write_alone(*one)
            else:
                for outcome, stored in together:
                    stored.set_result(outcome.run_id in ended)

    async def _write_alone(self, outcome: Outcome, stored: "asyncio.Future[bool]") -> None:
        try:
            stored.set_result(outcome.run_id in await _finish([outcome]))
        except Exception as error:
            stored.set_exception(error)


async def _finish(outcomes: list[Outcome]) -> frozenset[uuid.UUID]:
    return await db.in_thread(records.finish, outcomes)
