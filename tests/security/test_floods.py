"""One client that floods the server slows nobody else: not with events, websockets, slow requests, or
what unpacks to a thousand times its size.

The flood comes from an address of its own (127.0.0.2), as it would.
"""

import base64
import contextlib
import json
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import PASSWORD, Person
from tests.fake_provider import FakeProvider
from tests.loopback import HOST
from tests.security.conftest import newcomer
from tests.security.handlers import Handler
from tests.security.test_loop import click
from tests.security.test_matrix import named
from tests.served import Served
from tests.waiting import wait_until
from tests.wire import Tab

ELSEWHERE = "127.0.0.2"
QUICK = 1.0  # seconds
PER_ADDRESS = 60
EVENTS_PER_SECOND = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve with the limits that an operator has."""
    limits = {
        "EVENTS_PER_SECOND": str(EVENTS_PER_SECOND),
        "SOCKETS_PER_ADDRESS": str(PER_ADDRESS),
        "SOCKETS_MAX": "200",
    }
    with (
        FakeProvider() as provider,
        Served(tmp_path_factory.mktemp("flooded"), provider.base_url, **limits) as running,
    ):
        yield running


class Wire:
    """A websocket to the last bit, from another address than everybody else's."""

    def __init__(self, server: Served, cookie: str = "", *, deflate: bool = False) -> None:
        self.socket = socket.create_connection(
            (HOST, server.port), timeout=10, source_address=(ELSEWHERE, 0)
        )
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET /_event/?token={os.urandom(8).hex()}&EIO=4&transport=websocket HTTP/1.1",
            f"Host: {HOST}:{server.port}",
            f"Origin: {server.url}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            *([f"Cookie: session={cookie}"] if cookie else []),
            *(["Sec-WebSocket-Extensions: permessage-deflate"] if deflate else []),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head and (more := self.socket.recv(4096)):
            head += more
        self.status = int(head.split()[1]) if head else 0

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def frame(self, payload: bytes, *, opcode: int = 1, fin: bool = True, packed: bool = False):
        """Send a frame, masked with zeros."""
        self.socket.sendall(frame(payload, opcode=opcode, fin=fin, packed=packed))

    def closed_with(self) -> int:
        """Read until the server hangs up; gives the code of its goodbye, 0 without one."""
        came = b""
        with contextlib.suppress(OSError):
            while more := self.socket.recv(65536):
                came += more
        goodbye = came.rpartition(b"\x88")[2]
        return struct.unpack("!H", goodbye[1:3])[0] if len(goodbye) > 2 else 0


def frame(payload: bytes, *, opcode: int = 1, fin: bool = True, packed: bool = False) -> bytes:
    first = (0x80 if fin else 0) | (0x40 if packed else 0) | opcode
    size = len(payload)
    if size < 126:
        length = struct.pack("!B", 0x80 | size)
    elif size < 65536:
        length = struct.pack("!BH", 0x80 | 126, size)
    else:
        length = struct.pack("!BQ", 0x80 | 127, size)
    return bytes([first]) + length + bytes(4) + payload


@contextlib.contextmanager
def meanwhile(flood: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Flood in another thread while the block lasts; an error of it is an error of the test."""
    over, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            flood(over)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join(30)
    assert errors == []


def clicks(tab: Tab, handlers: list[Handler], seconds: float) -> list[float]:
    """Click as a person does, for so long; gives how long each took."""
    took, until = list[float](), time.monotonic() + seconds
    while time.monotonic() < until:
        took.append(click(tab, handlers))
        time.sleep(0.1)
    return took


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "signed out"])
def test_a_thousand_events_a_second_slow_nobody_else(
    server: Served, handlers: list[Handler], stranger: Person, long: bool, is_signed_in: bool
) -> None:
    mallory = newcomer("Mallory")
    sent = 0

    def flood(over: threading.Event) -> None:
        nonlocal sent
        with Wire(server, mallory.token if is_signed_in else "") as wire, Tab(server) as guide:
            guide.settle()
            event = json.dumps(["event", guide.event(named(handlers, "projects.load"), {})])
            wire.frame(b"40/_event,")
            threading.Thread(target=wire.closed_with, daemon=True).start()
            wire.socket.settimeout(1)
            with contextlib.suppress(OSError):  # it is not read any faster, or hung up on
                while not over.is_set():
                    wire.frame(f"42/_event,{event}".encode())
                    sent += 1
                    time.sleep(0.0008)

    with Tab(server, stranger.token) as tab, meanwhile(flood):
        took = clicks(tab, handlers, 60 if long else 4)
    assert sent > 1_000
    assert max(took) < QUICK
    server.assert_alive()


def test_a_thousand_websockets_slow_nobody_else(
    server: Served, handlers: list[Handler], stranger: Person, long: bool
) -> None:
    statuses: list[int] = []
    rounds = 10 if long else 1

    def flood(over: threading.Event) -> None:
        with contextlib.ExitStack() as wires:
            for _ in range(1_000 * rounds):
                wire = wires.enter_context(Wire(server))
                statuses.append(wire.status)
                if wire.status != 101:
                    wire.socket.close()
            over.wait(30)

    with Tab(server, stranger.token) as tab, meanwhile(flood):
        took = list[float]()
        while len(statuses) < 1_000 * rounds:
            took.append(click(tab, handlers))
        with Tab(server, stranger.token) as another:
            took.append(click(another, handlers))
    # One of an earlier test may still be noticed to be gone.
    assert statuses.count(101) in range(PER_ADDRESS - 3, PER_ADDRESS + 1)
    assert set(statuses) == {101, 429}
    assert max(took) < QUICK
    assert server.log.count("Raise SOCKETS_PER_ADDRESS") in range(1, 3 + rounds)
    wait_until(lambda: opens(server), "room for that address again", 40)


def opens(server: Served) -> bool:
    with Wire(server) as wire:
        return wire.status == 101


def test_requests_that_never_end_slow_nobody_else(
    server: Served, handlers: list[Handler], stranger: Person, long: bool
) -> None:
    head = f"POST /api/auth/sign-in HTTP/1.1\r\nHost: {HOST}\r\n".encode()
    body = head + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    with contextlib.ExitStack() as opened:
        slow = [
            opened.enter_context(
                socket.create_connection((HOST, server.port), source_address=(ELSEWHERE, 0))
            )
            for _ in range(200)
        ]
        for number, connection in enumerate(slow):
            connection.sendall((b"", head, body)[number % 3])

        def drip(over: threading.Event) -> None:
            while not over.wait(0.2):
                for number, connection in enumerate(slow):
                    with contextlib.suppress(OSError):
                        connection.sendall((b"", b"x", b" ")[number % 3])

        with Tab(server, stranger.token) as tab, meanwhile(drip):
            took = clicks(tab, handlers, 2)
            for _ in range(3):
                began = time.monotonic()
                form = {"email": stranger.email, "password": PASSWORD}
                response = server.request("/api/auth/sign-in", method="POST", body=form)
                assert response.status == 200
                took.append(time.monotonic() - began)
            assert max(took) < QUICK
            if long:
                time.sleep(22)
                assert [one for one in slow if not is_closed(one)] == []


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(3)
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


def test_a_head_of_a_hundred_kilobytes_is_refused(server: Served) -> None:
    response = server.request("/login", headers={"x-long": "x" * 100_000})
    assert response.status == 400
    response = server.request("/login", headers={f"x-{n}": "y" * 40 for n in range(100)})
    assert response.status == 200


@pytest.mark.parametrize("size", [900_000, 1_000_100], ids=["read", "hung up on"])
def test_what_unpacks_to_a_thousand_times_its_size_is_unpacked_one_by_one(
    server: Served, handlers: list[Handler], stranger: Person, size: int
) -> None:
    [process] = server.workers()
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    content = b'42/_event,["nothing","' + b"A" * size + b'"]'
    packed = packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)
    bomb = frame(packed[:-4], packed=True)
    assert len(bomb) < 2_000
    with Tab(server, stranger.token) as tab, Wire(server, deflate=True) as wire:
        before = process.memory_full_info().uss

        def flood(over: threading.Event) -> None:
            wire.socket.settimeout(1)
            with contextlib.suppress(OSError):
                for _ in range(20):
                    wire.socket.sendall(bomb * 100)

        most = 0
        with meanwhile(flood):
            took = list[float]()
            for _ in range(15):
                took.append(click(tab, handlers))
                most = max(most, process.memory_full_info().uss - before)
                time.sleep(0.1)
    assert most < 60e6
    assert max(took) < QUICK


def test_a_message_in_endless_empty_fragments_is_not_gathered(server: Served) -> None:
    with Wire(server) as wire:
        wire.frame(b"4", fin=False)
        with contextlib.suppress(OSError):
            wire.socket.sendall(frame(b"", opcode=0, fin=False) * 5_000)
        assert wire.closed_with() in (1009, 0)
    server.assert_alive()


def test_whoever_sends_nothing_but_pings_is_hung_up_on(server: Served) -> None:
    with Wire(server) as wire:
        with contextlib.suppress(OSError):
            wire.socket.sendall(frame(b"", opcode=9) * 500)
        assert wire.closed_with() in (1008, 0)
    server.assert_alive()


def test_a_client_may_ping_now_and_then(server: Served) -> None:
    with Wire(server) as wire:
        for _ in range(5):
            wire.frame(b"alive", opcode=9)
        wire.socket.settimeout(3)
        came = b""
        while came.count(b"alive") < 5:
            came += wire.socket.recv(4096)
