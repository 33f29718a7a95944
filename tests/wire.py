"""A client that speaks the websocket of a page by hand.

What a hostile or an unlucky client can send is not what Reflex's own client would send, so there is
no library in between: engine.io and socket.io (protocol 4) are a digit or two in front of JSON.
"""

import contextlib
import json
import queue
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

import websocket

from tests.loopback import HOST
from tests.served import PATIENCE, Served

ROOT_STATE = "reflex___state____state"
HYDRATE = f"{ROOT_STATE}.hydrate"
UPDATE = '42/_event,["event",'
PING, PONG = "2", "3"


class Refused(Exception):
    """The server would not have this websocket."""


class Tab:
    """One websocket, as the page of one tab opens it.

    `frames` is all text it ever received, and `vars` the last value of every var, by names like
    `conversation.title`. Pings are answered by a thread of its own, however long a test is busy
    elsewhere. It goes to the server itself or, with `port`, through a proxy.
    """

    def __init__(
        self,
        server: Served,
        cookie: str = "",
        *,
        token: str = "",
        port: int = 0,
        origin: str | None = "",
        path: str = "/",
        boot: dict[str, Any] | None = None,
    ) -> None:
        self.token = token or str(uuid.uuid4())
        self.frames: list[str] = []
        self.vars: dict[str, Any] = {}
        self.path = path
        self.query: dict[str, str] = {}
        self._updates: list[dict[str, Any]] = []
        self._states: dict[str, str] = {}
        self._received: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        address = f"ws://{HOST}:{port or server.port}"
        try:
            self._socket = websocket.create_connection(
                f"{address}/_event/?token={self.token}&EIO=4&transport=websocket",
                cookie=f"session={cookie}" if cookie else None,
                origin=server.url if origin == "" else origin,
                suppress_origin=origin is None,
                timeout=PATIENCE,
            )
        except (websocket.WebSocketException, OSError) as error:
            raise Refused(str(error)) from None
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        try:
            self._shake_hands(boot)
            if boot is None:
                self.settle()
        except (OSError, AssertionError) as error:
            self.close()
            raise Refused(str(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _shake_hands(self, boot: dict[str, Any] | None) -> None:
        self._receive_until(lambda frame: frame.startswith("0{"))
        auth = json.dumps({"event": boot}) if boot else ""
        self.send_frame(f"40/_event,{auth}")
        answer = self._receive_until(lambda frame: frame.startswith(("40", "44")))
        if answer.startswith("44"):
            raise ConnectionRefusedError(answer)

    def close(self) -> None:
        """Leave as a tab that is closed does."""
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self._socket.send_close()
            self._reading.join(1)
        self._hang_up()

    def abort(self) -> None:
        """Drop the connection without a goodbye (a TCP reset), as a machine that crashes does."""
        if self._socket.sock is not None:
            at_once = struct.pack("ii", 1, 0)
            self._socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self._hang_up()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # it may be closed already
            self._socket.sock.shutdown(socket.SHUT_RD)  # wakes the thread, and sends nothing
        self._reading.join(1)
        self._socket.shutdown()

    @property
    def local_port(self) -> int:
        """The port of this end: what `Served.worker_of` finds its worker by."""
        port: int = self._socket.sock.getsockname()[1]
        return port

    def at(self, path: str, **query: str) -> Self:
        """Say from now on that the page is at this address."""
        self.path, self.query = path, query
        return self

    def event(self, name: str, payload: object) -> dict[str, Any]:
        """Write an event as a page writes it; `conversation.open` will do for the handler's name."""
        state, _, method = name.rpartition(".")
        router = {"pathname": self.path, "asPath": self.path, "query": self.query}
        full_name = f"{self._states.get(state, state)}.{method}" if state else name
        return {"name": full_name, "payload": payload, "router_data": router}

    def emit(self, name: str, /, **payload: Any) -> None:
        """Send an event, and wait for nothing."""
        self.emit_raw(self.event(name, payload))

    def emit_raw(self, data: object, kind: str = "event") -> None:
        """Send anything where an event is expected."""
        self.send_frame("42/_event," + json.dumps([kind, data]))

    def send_frame(self, frame: str) -> None:
        """Send anything at all."""
        try:
            self._socket.send(frame)
        except websocket.WebSocketException as error:
            raise ConnectionError(str(error)) from None

    def send(self, name: str, /, **payload: Any) -> list[dict[str, Any]]:
        """Send an event and give everything received until it was done."""
        self.emit(name, **payload)
        return self.settle()

    def settle(self) -> list[dict[str, Any]]:
        """Wait until all that was sent is done; gives the updates received since the last time.

        Events of one tab run one after the other, and a hydration always answers. What runs in the
        background is not waited for.
        """
        # The address stands in the snapshot, and a mark in it tells this one from any other.
        mark = f"#{uuid.uuid4().hex}"
        event = self.event(HYDRATE, {})
        event["router_data"]["asPath"] += mark
        self.emit_raw(event)
        self.until(lambda update: mark in json.dumps(update.get("delta")))
        return self._taken()

    def state(self) -> dict[str, Any]:
        """Give the whole state of this tab as the server sends it: `conversation.title`."""
        return vars_of(self.settle())

    def until(
        self, condition: Callable[[dict[str, Any]], object], seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """Read until an update makes the condition true; gives that update."""
        deadline = time.monotonic() + seconds
        while True:
            update = self._next_update(deadline)
            if condition(update):
                return update

    def drain(self, seconds: float) -> list[dict[str, Any]]:
        """Read whatever comes within this time: for showing that nothing does."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(AssertionError):
            while True:
                self._next_update(deadline)
        return self._taken()

    def wait_closed(self, seconds: float = PATIENCE) -> None:
        """Wait until the connection is gone, by the server or by the network."""
        self._reading.join(seconds)
        assert not self._reading.is_alive(), f"the websocket was still open after {seconds:g} s"

    def _taken(self) -> list[dict[str, Any]]:
        updates, self._updates = self._updates, []
        return updates

    def _next_update(self, deadline: float) -> dict[str, Any]:
        frame = self._receive_until(lambda frame: frame.startswith(UPDATE), deadline)
        update = json.loads(frame.partition(",")[2])[1]
        self._updates.append(update)
        self._states |= {_short(state): state for state in update.get("delta") or {}}
        self.vars |= vars_of([update])
        return update

    def _receive_until(self, wanted: Callable[[str], bool], deadline: float | None = None) -> str:
        deadline = deadline or time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self._received.get(timeout=left)
            except queue.Empty:
                break
            if frame is None:
                self._received.put(None)  # for whoever asks next
                raise ConnectionError("the websocket is closed")
            if wanted(frame):
                return frame
        raise AssertionError(f"waited in vain; last received: {self.frames[-1:]!r:.300}")

    def _read(self) -> None:
        """Take what comes until the connection ends (the thread's work)."""
        while True:
            try:
                frame = self._socket.recv()
                if frame == PING:
                    self._socket.send(PONG)
                    continue
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError):
                frame = ""
            if not frame:
                self._received.put(None)
                return
            self.frames.append(str(frame))
            self._received.put(str(frame))


def vars_of(updates: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the last value of every var in these updates, as `conversation.title`."""
    found: dict[str, Any] = {}
    for update in updates:
        for state, changes in (update.get("delta") or {}).items():
            for name, value in changes.items():
                found[f"{_short(state)}.{name.removesuffix('_rx_state_')}"] = value
    return found


def redirects_of(updates: list[dict[str, Any]]) -> list[str]:
    """Give where these updates lead the page."""
    events = [event for update in updates for event in update.get("events") or []]
    return [event["payload"]["path"] for event in events if event["name"] == "_redirect"]


def _short(state: str) -> str:
    return state.rpartition(".")[2].rpartition("____")[2]
