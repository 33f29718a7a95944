"""How many websockets are let in, and how fast each is read."""

import asyncio
import logging
import time
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from chatbot_app import sockets
from chatbot_app.config import Settings
from chatbot_app.services.rates import BURST_SECONDS, Pace


class Clock:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(sockets.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def scope_of(address: str, forwarded: str = "") -> Scope:
    headers = [(b"x-forwarded-for", part.encode()) for part in forwarded.split("|") if part]
    return {"type": "websocket", "path": "/_event/", "client": (address, 1), "headers": headers}


class House:
    """An application behind the doors that keeps each websocket until it is told to let go."""

    def __init__(self, **settings: Any) -> None:
        self.application = sockets.with_socket_limits(self.serve, Settings(**settings))
        self.going: list[asyncio.Task[None]] = []
        self.leave = asyncio.Event()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await self.leave.wait()

    async def knock(self, address: str, forwarded: str = "") -> int:
        """Open a websocket; gives the status of the answer, 101 if it is open."""
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            said.append(message)

        self.going.append(
            asyncio.create_task(self.application(scope_of(address, forwarded), receive, send))
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return said[0].get("status", 101)

    async def let_go(self) -> None:
        self.leave.set()
        await asyncio.gather(*self.going)
        self.leave.clear()


async def test_one_address_has_so_many_and_another_its_own(caplog: pytest.LogCaptureFixture):
    house = House(sockets_per_address=2)
    with caplog.at_level(logging.WARNING):
        assert [await house.knock("203.0.113.7") for _ in range(4)] == [101, 101, 429, 429]
        assert await house.knock("203.0.113.8") == 101
    assert caplog.text.count("SOCKETS_PER_ADDRESS") == 1, "once a minute, not once a handshake"
    assert "TRUSTED_PROXY_HOPS" in caplog.text
    await house.let_go()


async def test_there_is_room_again_when_pages_are_closed(monkeypatch: pytest.MonkeyPatch):
    house = House(sockets_per_address=2)
    for _ in range(2):
        await house.knock("203.0.113.7")
    await house.let_go()
    later = time.monotonic() + BURST_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert await house.knock("203.0.113.7") == 101
    await house.let_go()


async def test_who_opens_and_closes_all_the_time_is_refused_too():
    house = House(sockets_per_address=3)
    seen = []
    for _ in range(5):
        seen.append(await house.knock("203.0.113.7"))
        await house.let_go()
    assert seen == [101, 101, 101, 429, 429]


async def test_a_process_has_so_many_in_all(caplog: pytest.LogCaptureFixture):
    house = House(sockets_max=2)
    assert [await house.knock(f"203.0.113.{n}") for n in range(3)] == [101, 101, 503]
    assert "SOCKETS_MAX" in caplog.text
    await house.let_go()


async def test_the_addresses_of_one_ipv6_user_are_one():
    house = House(sockets_per_address=1)
    assert await house.knock("2001:db8:1:2::1") == 101
    assert await house.knock("2001:db8:1:2::2") == 429
    assert await house.knock("2001:db8:1:3::1") == 101
    await house.let_go()


async def test_behind_a_proxy_each_client_counts_by_itself_and_none_can_pretend():
    house = House(sockets_per_address=1, trusted_proxy_hops=1)
    assert await house.knock("10.0.0.1", "203.0.113.7") == 101
    assert await house.knock("10.0.0.1", "203.0.113.8") == 101
    assert await house.knock("10.0.0.1", "1.2.3.4, 203.0.113.8") == 429
    assert await house.knock("10.0.0.1", "1.2.3.4|203.0.113.8") == 429, "a line of the proxy's own"
    await house.let_go()


async def test_what_comes_too_fast_is_read_later_and_in_order(monkeypatch: pytest.MonkeyPatch):
    clock, taken = Clock(monkeypatch), list[str]()
    began = clock.now
    waiting = [str(number) for number in range(150)]

    async def receive() -> Message:
        if waiting:
            return {"type": "websocket.receive", "text": waiting.pop(0)}
        return {"type": "websocket.disconnect", "code": 1001}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            taken.append(message["text"])
            if len(taken) == 100:
                assert clock.now == began, "ten seconds' worth is taken at once"

    limited = sockets.with_socket_limits(application, Settings(events_per_second=10))
    await limited(scope_of("203.0.113.7"), receive, lambda message: asyncio.sleep(0))
    assert taken == [str(number) for number in range(150)]
    assert clock.now - began == pytest.approx(5)


async def test_a_long_message_counts_as_several(monkeypatch: pytest.MonkeyPatch):
    clock, pace = Clock(monkeypatch), Pace(10)
    assert pace.delay(100) == 0
    assert pace.delay(64) == pytest.approx(6.4)
    clock.now += 6.4
    assert pace.delay() == pytest.approx(0.1)


async def test_one_address_has_no_more_open_however_slowly_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    doors = sockets.Doors(Settings(sockets_per_address=2))
    for _ in range(2):
        assert doors.refusal("198.51.100.7") is None
        doors.enter("198.51.100.7")
        await clock.sleep(60)

    assert doors.refusal("198.51.100.7") == 429
    assert doors.refusal("198.51.100.8") is None
    doors.leave("198.51.100.7")
    assert doors.refusal("198.51.100.7") is None
