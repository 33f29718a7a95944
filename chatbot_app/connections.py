"""How connections are read: uvicorn's protocols, with limits on what keeps a connection busy.

What a client may send, and how often, is limited elsewhere (`sockets`, `api.sizes`). Here is what
never gets there: a request whose head doesn't end, a kilobyte that unpacks to a megabyte, pings.
"""

import asyncio
import logging
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame
from websockets.server import ServerProtocol

from chatbot_app.services.rates import Pace

HEAD_SECONDS = 20.0
"""What a request's head may take, from its first byte or from the start of the connection."""

MAX_HEAD_BYTES = 32 * 1024
"""Ample for every cookie that a browser keeps for one host; uvicorn refuses longer heads with 400."""

MAX_FRAME_BYTES = 1024 * 1024

# How far back (two to the power of it, in bytes) a frame may point at what was said before (RFC 7692).
# An update repeats what stood in the last few, which uvicorn's own 12 forgets too soon: with 14, half
# the bytes go over the wire, for 64 kB more a tab.
WINDOW_BITS = 14

# What is taken at once of what came (uvloop reads 256 kB), so that no limit is looked at too late.
# Deflate makes a thousand bytes of one at most: a message that waits to be read brings four megabytes
# with it, instead of hundreds.
PIECE_BYTES = 4 * 1024

MAX_FRAGMENTS = 1_000  # of a message: empty ones count for no size
PINGS_PER_SECOND = 1  # that a client may send by itself; browsers send none


class Requests(H11Protocol):
    """HTTP whose clients can't hold a connection by never ending a request's head."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Expect a request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._stop_expecting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give a head, and what a client still sends after its answer, only so much time."""
        for start in range(0, len(data), PIECE_BYTES):  # or what comes at once has any size
            if not self._is_gone:
                super().data_received(data[start : start + PIECE_BYTES])
        if self.transport.get_protocol() is not self or self._is_answering or self._is_gone:
            self._stop_expecting()
        elif self._head_timer is None:
            self._expect_head()

    @property
    def _is_answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    @property
    def _is_gone(self) -> bool:
        return self.transport.is_closing()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _stop_expecting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _hang_up(self) -> None:
        self._head_timer = None
        if not self._is_answering:
            self.transport.close()


class Sockets(WebSocketsSansIOProtocol):
    """Websockets whose compression remembers an update's predecessors, and that are read in pieces:
    nothing is unpacked before what came earlier was taken.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        deflate = ServerPerMessageDeflateFactory(
            server_max_window_bits=WINDOW_BITS,
            client_max_window_bits=12,
            compress_settings={"memLevel": 6},
        )
        self.conn = ServerProtocol(
            extensions=[deflate],
            max_size=self.config.ws_max_size,
            logger=logging.getLogger("uvicorn.error"),
        )
        self._came = bytearray()
        self._late = 0  # bytes that were read after our goodbye
        self._pings = Pace(PINGS_PER_SECOND)

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it can be handed on; after our goodbye little more than theirs."""
        self._came += data
        if self.close_sent and len(self._came) + self._late > PIECE_BYTES:
            self._came.clear()
            self.transport.close()
        else:
            self._read_on()

    def _read_on(self) -> None:
        while self._came and not self.read_paused and not self.transport.is_closing():
            piece = bytes(self._came[:PIECE_BYTES])
            del self._came[:PIECE_BYTES]
            self._late += len(piece) if self.close_sent else 0
            super().data_received(piece)

    async def receive(self) -> ASGIReceiveEvent:
        """Hand on the next message, and read on once there is none left."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._read_on()
            if not self.read_paused:
                self.transport.resume_reading()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        """Send, and after a goodbye read on: the other end's is still to come."""
        await super().send(message)
        if self.close_sent and self._came:
            self.data_received(b"")

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment to its message."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG)
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer, unless there is one after the other: nobody is told of them, so nobody else would
        slow them down.
        """
        if self._pings.delay():
            self._fail(CloseCode.POLICY_VIOLATION)
        else:
            super().handle_ping()

    def _fail(self, code: CloseCode) -> None:
        if not self.close_sent:
            self.conn.fail(code)
            self.handle_parser_exception()
