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
"""How long text gathers in the socket once that was drained: the page changes some twenty times a
second, and two that show nothing new, for they brought a table's lines, are no pause yet.
"""

WAITED_SECONDS = 0.001
"""A read longer than this found the socket drained; one from the buffer takes some microseconds."""

READ_SECONDS = 0.005
"""How long it may take to read what gathered."""

BURST_BYTES = 16_384
"""So much between two pauses is more than anybody reads along: then it is read on without one."""


class Gathering:
    """Reads `chunks` until the block is left; `take` gives what came since last time.

    Nobody should wait for the first words: it does not pause before `has_begun` is set.
    """

    def __init__(self, chunks: AsyncGenerator[bytes]) -> None:
        self.has_begun = False
        self._told = 0.0
        self._later: asyncio.TimerHandle | None = None
        self._chunks = chunks
        self._received = bytearray()
        self._came = asyncio.Event()
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(self._end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def take(self) -> bytes | None:
        """Wait for bytes and take them all; None when the response has ended.

        Raises: what reading raised, once everything before it was taken.
        """
        while True:
            await self._came.wait()
            if self._received:
                break
            if self._reading.done():
                return self._reading.result()
            self._came.clear()
        received = bytes(self._received)
        self._received.clear()
        if not self._reading.done():
            self._came.clear()
        return received

    async def until_the_end(self, seconds: float) -> None:
        """Let the response come to its end, for so long at most; how it ends is of no interest."""
        await asyncio.wait([self._reading], timeout=seconds)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        gathered = 0
        asked = time.monotonic()
        async for chunk in self._chunks:
            now = time.monotonic()
            waited = now - asked
            self._received += chunk
            gathered += len(chunk)
            pause = GATHER_SECONDS if self.has_begun else 0.0
            is_slow = waited > pause / 2  # so little would gather that it is not worth a delay
            if is_slow or now - self._told >= pause:
                self._tell()
            elif self._later is None:
                # What came too soon to be told goes with what gathers now; or alone, if nothing does.
                self._later = loop.call_later(pause + READ_SECONDS, self._tell)
            if waited > WAITED_SECONDS:
                if not is_slow and gathered < BURST_BYTES:
                    await asyncio.sleep(pause)
                gathered = 0
            asked = time.monotonic()

    def _end(self, reading: asyncio.Task[None]) -> None:
        if not reading.cancelled():
            reading.exception()  # what broke behind a whole answer is nobody's concern any more
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._came.set()
        if self._later is not None:
            self._later.cancel()
            self._later = None
