"""Reading a response ahead, so that its bytes come in batches. Knows nothing of what is in them.

A provider sends every token by itself. To wake up for each of them, through all the layers of an
answer, took a third of the server's CPU: here one task reads, and pauses whenever it has drained
the socket, so that the layers above wake some twenty times a second.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

GATHER_SECONDS = 0.04
"""How long text gathers in the socket once it was drained: below what an eye notices, and one
wake-up instead of four at 100 tokens a second."""

WAITED_SECONDS = 0.001
"""A read longer than this found the socket drained; one from the buffer takes some microseconds."""

BURST_BYTES = 16_384
"""So much between two pauses is more than anybody reads along: then it is read on without one."""


class Gathering:
    """Reads `chunks` from the moment the block is entered; `take` gives what came since last time.

    It pauses once `has_begun` is set: nobody should wait for the first words.
    """

    def __init__(self, chunks: AsyncGenerator[bytes]) -> None:
        self.has_begun = False
        self._chunks = chunks
        self._received = bytearray()
        self._came = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(lambda _: self._came.set())
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def take(self) -> bytes | None:
        """Wait for bytes and take them all; None when the response has ended.

        Raises: what reading raised, once everything before it was taken.
        """
        await self._came.wait()
        assert self._reading is not None
        if not self._received:
            await self._reading  # it is over: this raises what it raised
            return None
        received = bytes(self._received)
        self._received.clear()
        if not self._reading.done():
            self._came.clear()
        return received

    async def until_the_end(self, seconds: float) -> None:
        """Let the response come to its end, for so long at most; how it ends is of no interest."""
        assert self._reading is not None
        await asyncio.wait([self._reading], timeout=seconds)

    async def _read(self) -> None:
        gathered = 0
        asked = time.monotonic()
        async for chunk in self._chunks:
            had_to_wait = time.monotonic() - asked > WAITED_SECONDS
            self._received += chunk
            self._came.set()
            gathered += len(chunk)
            if had_to_wait:
                if self.has_begun and gathered < BURST_BYTES:
                    await asyncio.sleep(GATHER_SECONDS)
                gathered = 0
            asked = time.monotonic()
