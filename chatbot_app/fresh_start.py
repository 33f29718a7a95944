"""What becomes of the open pages when Redis, where their state lives, was away: they connect anew.

Reflex does not notice by itself. What ran for a page has ended with an error, its state may be
gone, and the page waits for updates that never come. But a page that loses its connection comes
back at once, and is then made from the database as after a reload.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 10.0  # a Redis that is only slow has not lost anything
SERVICE_RESTART = 1012  # the registry of RFC 6455: the client may come again

# What Reflex wants to hear of: locks that are released, and tabs that come to another worker.
KEYSPACE_EVENTS = "K$sgxe"

log = logging.getLogger(__name__)


def with_fresh_starts(application: "ASGIApp", redis_url: str) -> "ASGIApp":
    """Close every websocket of this process when Redis was away and is back, or is another one."""
    lines = Lines()

    async def fresh(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "lifespan":
            async with _watched(redis_url, lines):
                await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await lines.serve(application, scope, receive, send)
        else:
            await application(scope, receive, send)

    return fresh


class Lines:
    """The open websockets, which can be cut."""

    def __init__(self) -> None:
        self._cuts: set[asyncio.Event] = set()

    def cut(self) -> int:
        """Close them all; gives how many there were."""
        for cut in self._cuts:
            cut.set()
        return len(self._cuts)

    async def serve(
        self, application: "ASGIApp", scope: "Scope", receive: "Receive", send: "Send"
    ) -> None:
        """Serve one websocket until it ends or is cut; the application sees a client that left."""

        async def receive_or_cut() -> "Message":
            coming, cutting = asyncio.ensure_future(receive()), asyncio.ensure_future(cut.wait())
            try:
                await asyncio.wait((coming, cutting), return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    return coming.result()
            finally:
                coming.cancel()
                cutting.cancel()
            with contextlib.suppress(OSError, RuntimeError):  # it is closed already
                await send({"type": "websocket.close", "code": SERVICE_RESTART})
            return {"type": "websocket.disconnect", "code": SERVICE_RESTART}

        async def send_unless_cut(message: "Message") -> None:
            if not cut.is_set():
                await send(message)

        with self._one() as cut:
            await application(scope, receive_or_cut, send_unless_cut)

    @contextmanager
    def _one(self) -> Generator[asyncio.Event]:
        cut = asyncio.Event()
        self._cuts.add(cut)
        try:
            yield cut
        finally:
            self._cuts.discard(cut)


@asynccontextmanager
async def _watched(redis_url: str, lines: Lines) -> AsyncGenerator[None]:
    async with Redis.from_url(
        redis_url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
    ) as redis:
        watching = asyncio.create_task(_watch(redis, lines), name="Redis")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _watch(redis: Any, lines: Lines) -> None:
    known, was_away = "", False
    while True:
        try:
            run_id = (await redis.info("server"))["run_id"]
            is_back = known != "" and (was_away or run_id != known)
            if is_back:
                await _ask_for_events(redis)
        except (RedisError, OSError) as error:
            if not was_away:
                log.warning("Redis can't be reached, so no page works: %s", error)
            was_away = True
        else:
            if is_back:
                log.warning("Redis is back; %d open pages connect anew.", lines.cut())
            known, was_away = run_id, False
        await asyncio.sleep(LOOK_SECONDS)


async def _ask_for_events(redis: Any) -> None:
    """Say it anew to a Redis that was restarted; one that can't be told was warned of at the start."""
    with contextlib.suppress(ResponseError):
        await redis.config_set("notify-keyspace-events", KEYSPACE_EVENTS)
