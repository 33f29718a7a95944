"""How many websockets are open, and how fast each is read: one client must not slow the others.

Counted and paced in front of everything that a page's websocket reaches, for what is refused here
costs next to nothing. All counts are of this process alone.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING

from chatbot_app.addresses import client_address, network
from chatbot_app.config import Settings
from chatbot_app.services.rates import BURST_SECONDS, ROOM, Buckets, Pace

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CROWD = 10  # times as fast as one page may all pages of one address be together
COUNTED_BYTES = 16 * 1024  # of a message; each further so many count as another event
TELL_SECONDS = 60.0  # between two lines of the log on the same limit
RETRY_SECONDS = 5

log = logging.getLogger(__name__)


def with_socket_limits(application: "ASGIApp", settings: Settings) -> "ASGIApp":
    """Refuse the websockets that are too many, and read each no faster than a person clicks, nor all of
    one address faster than a crowd does.

    A message that comes too fast is not lost: the next one is taken later, the connection's buffers
    fill, and the sender has to wait.
    """
    doors = Doors(settings)

    async def limited(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "websocket":
            await application(scope, receive, send)
            return
        origin = _origin(scope, settings)
        if status := doors.refusal(origin):
            await _refuse(status, receive, send)
            return
        pace, shared = Pace(settings.events_per_second), doors.pace(origin)

        async def receive_in_time() -> "Message":
            message = await receive()
            if message["type"] == "websocket.receive":
                size = len(message.get("text") or message.get("bytes") or b"")
                cost = 1 + size // COUNTED_BYTES
                if delay := max(pace.delay(cost), shared.delay(cost)):
                    await asyncio.sleep(delay)
            return message

        doors.enter(origin)
        try:
            await application(scope, receive_in_time, send)
        finally:
            doors.leave(origin)

    return limited


class Doors:
    """The open websockets by the network that they come from; an IPv6 user's /64 is one."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.sockets_max
        self._most_of_one = settings.sockets_per_address
        self._open: Counter[str] = Counter()
        self._handshakes = Buckets()
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        self._rate = settings.events_per_second * CROWD
        self._told: dict[HTTPStatus, float] = {}

    def enter(self, origin: str) -> None:
        """Count one more."""
        self._open[origin] += 1

    def leave(self, origin: str) -> None:
        """Count one less."""
        self._open[origin] -= 1
        if not self._open[origin]:
            del self._open[origin]

    def pace(self, origin: str) -> Pace:
        """The pace that all websockets from there keep together, which outlives each of them."""
        pace = self._paces.pop(origin, None) or Pace(self._rate)
        self._paces[origin] = pace
        if len(self._paces) > ROOM:
            self._paces.popitem(last=False)
        return pace

    def refusal(self, origin: str) -> HTTPStatus | None:
        """Say why another one from there is refused, or None.

        As many as may be open may also be opened in ten seconds: whoever opens and closes all the
        time costs more than whoever stays.
        """
        if self._open.total() >= self._most:
            self._tell(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self._most} pages are open in this process, and further ones are refused. Raise"
                " SOCKETS_MAX if the machine can serve more.",
            )
            return HTTPStatus.SERVICE_UNAVAILABLE
        is_full = self._open[origin] >= self._most_of_one
        if is_full or not self._handshakes.take(origin, rate=self._most_of_one / BURST_SECONDS):
            self._tell(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self._open[origin]} pages are open from {origin}, and further ones are refused."
                " Raise SOCKETS_PER_ADDRESS if these are many people; behind a reverse proxy, set"
                " TRUSTED_PROXY_HOPS.",
            )
            return HTTPStatus.TOO_MANY_REQUESTS
        return None

    def _tell(self, status: HTTPStatus, line: str) -> None:
        now = time.monotonic()
        if now - self._told.get(status, -TELL_SECONDS) >= TELL_SECONDS:
            self._told[status] = now
            log.warning("%s", line)


def _origin(scope: "Scope", settings: Settings) -> str:
    forwarded = ",".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    )
    peer = (scope.get("client") or ("",))[0]
    return network(client_address(peer, forwarded, hops=settings.trusted_proxy_hops))


async def _refuse(status: HTTPStatus, receive: "Receive", send: "Send") -> None:
    """Answer the handshake itself, so that there never is a websocket; pages try again later."""
    await receive()
    headers = [(b"retry-after", str(RETRY_SECONDS).encode()), (b"content-type", b"text/plain")]
    await send({"type": "websocket.http.response.start", "status": int(status), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": status.phrase.encode()})
