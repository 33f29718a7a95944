"""The real application in a process of its own, and a client that speaks its websocket by hand.

What a hostile client can send is not what Reflex's own client would send, so there is no library
in between: engine.io and socket.io (protocol 4) are a digit or two in front of JSON.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

from chatbot_app.config import PROJECT_ROOT

JWT_SECRET = "only for the served app of the security tests"
START_SECONDS = 300  # a build included, when a source changed
PATIENCE = 15.0
LISTED = Path(__file__).with_name("handlers.txt")
ROOT_STATE = "reflex___state____state"
HYDRATE = f"{ROOT_STATE}.hydrate"


@dataclass(frozen=True)
class Answer:
    """What a plain request got."""

    status: int
    headers: Any
    text: str


class Server:
    """A served application: where it listens, what it keeps, and what it logged."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.data = directory / "data"
        self.log_file = directory / "log.txt"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._environment = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")},
            "PORT": str(self.port),
            "DATA_DIR": str(self.data),
            "JWT_SECRET": JWT_SECRET,
            "TESTING": "1",
            "BCRYPT_COST": "4",
            "OLLAMA_URL": "",
            "SHUTDOWN_SECONDS": "0",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.data}/chatbot.db"

    @property
    def log(self) -> str:
        """All that was logged so far."""
        return self.log_file.read_text(errors="surrogateescape")

    def start(self) -> None:
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatbot_app", "serve"],
                cwd=PROJECT_ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the server did not start:\n{self.log[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop this very process, kindly first."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: object = None,
        cookie: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make a plain request as a program does."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        if cookie:
            sent["cookie"] = f"session={cookie}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method, headers=sent
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())

    def assert_alive(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None
        assert self.request("/healthz").status == 200

    def _is_ready(self) -> bool:
        try:
            return self.request("/readyz").status == 200
        except OSError:
            return False


@contextlib.contextmanager
def serving(directory: Path, **environment: str) -> Iterator[Server]:
    """Serve for as long as the block lasts."""
    server = Server(directory, **environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Refused(Exception):
    """The server would not have this websocket."""


class Tab:
    """One websocket, as the page of one tab opens it. `frames` is all text it ever received."""

    def __init__(
        self,
        server: Server,
        cookie: str = "",
        *,
        token: str = "",
        origin: str | None = "",
        path: str = "/",
        boot: dict[str, Any] | None = None,
    ) -> None:
        self.token = token or str(uuid.uuid4())
        self.frames: list[str] = []
        self.path = path
        self.query: dict[str, str] = {}
        self._events: list[dict[str, Any]] = []
        try:
            self._socket = websocket.create_connection(
                f"ws://127.0.0.1:{server.port}/_event/?token={self.token}&EIO=4&transport=websocket",
                cookie=f"session={cookie}" if cookie else None,
                origin=server.origin if origin == "" else origin,
                suppress_origin=origin is None,
                timeout=PATIENCE,
            )
        except (websocket.WebSocketBadStatusException, ConnectionError) as error:
            raise Refused(str(error)) from None
        try:
            self._receive_until(lambda frame: frame.startswith("0{"))
            auth = json.dumps({"event": boot}) if boot else ""
            self._socket.send(f"40/_event,{auth}")
            answer = self._receive_until(lambda frame: frame.startswith(("40", "44")))
        except (websocket.WebSocketException, OSError) as error:
            self.close()
            raise Refused(str(error)) from None
        if answer.startswith("44"):
            self.close()
            raise Refused(answer)
        if boot is None:
            self.settle()

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self._socket.close(timeout=1)
        self._socket.shutdown()

    def at(self, path: str, **query: str) -> "Tab":
        """Say from now on that the page is at this address."""
        self.path, self.query = path, query
        return self

    def event(self, name: str, payload: object) -> dict[str, Any]:
        """Write an event as a page writes it."""
        router = {"pathname": self.path, "asPath": self.path, "query": self.query}
        return {"name": name, "payload": payload, "router_data": router}

    def emit(self, name: str, /, **payload: Any) -> None:
        """Send an event, and wait for nothing."""
        self.emit_raw(self.event(name, payload))

    def emit_raw(self, data: object, kind: str = "event") -> None:
        """Send anything where an event is expected."""
        self.send_frame("42/_event," + json.dumps([kind, data]))

    def send_frame(self, frame: str) -> None:
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
        events, self._events = self._events, []
        return events

    def state(self) -> dict[str, Any]:
        """Give the whole state of this tab as the server sends it: `conversation.title`."""
        return vars_of(self.settle())

    def until(self, condition: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE) -> None:
        """Read until an update makes the condition true."""
        deadline = time.monotonic() + seconds
        while True:
            update = self._next_update(deadline)
            if condition(update):
                return

    def drain(self, seconds: float) -> list[dict[str, Any]]:
        """Read whatever comes within this time: for showing that nothing does."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(AssertionError):
            while True:
                self._next_update(deadline)
        events, self._events = self._events, []
        return events

    def _next_update(self, deadline: float) -> dict[str, Any]:
        frame = self._receive_until(lambda f: f.startswith('42/_event,["event",'), deadline)
        update = json.loads(frame.partition(",")[2])[1]
        self._events.append(update)
        return update

    def _receive_until(self, wanted: Callable[[str], bool], deadline: float | None = None) -> str:
        deadline = deadline or time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frame = self._socket.recv()
            except websocket.WebSocketTimeoutException:
                break
            except websocket.WebSocketException as error:
                raise ConnectionError(str(error)) from None
            if not frame:
                raise ConnectionError("the server closed the websocket")
            if frame == "2":
                self._socket.send("3")
                continue
            self.frames.append(str(frame))
            if wanted(str(frame)):
                return str(frame)
        raise AssertionError(f"waited in vain; last received: {self.frames[-1:]!r:.300}")


def vars_of(updates: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the last value of every var in these updates, as `conversation.title`."""
    found: dict[str, Any] = {}
    for update in updates:
        for state, changes in (update.get("delta") or {}).items():
            short = state.rpartition(".")[2].rpartition("____")[2]
            for name, value in changes.items():
                found[f"{short}.{name.removesuffix('_rx_state_')}"] = value
    return found


def redirects_of(updates: list[dict[str, Any]]) -> list[str]:
    """Give where these updates lead the page."""
    events = [event for update in updates for event in update.get("events") or []]
    return [event["payload"]["path"] for event in events if event["name"] == "_redirect"]


@dataclass(frozen=True)
class Handler:
    """A registered event handler: its name on the wire, and the types of what it takes."""

    name: str
    arguments: dict[str, str]
    is_known: bool

    @property
    def short(self) -> str:
        """Its state and its own name: `conversation.open`."""
        state, _, method = self.name.rpartition(".")
        return f"{state.rpartition('.')[2].rpartition('____')[2]}.{method}"

    def good(self, **ids: str) -> dict[str, Any]:
        """Give arguments of the right shape, with these ids where one fits."""
        return {name: _good(name, kind, ids) for name, kind in self.arguments.items()}


def _good(name: str, kind: str, ids: dict[str, str]) -> Any:
    if kind == "bool":
        return True
    if kind == "str":
        return ids.get(name, "changed by a stranger")
    if kind.startswith("form:"):
        fields = kind.removeprefix("form:").split(",")
        return {
            f: ids.get(f, "" if f == "temperature" else "changed by a stranger") for f in fields
        }
    return {}


_REGISTRY = """
import inspect, json
from typing import get_type_hints
from typing_extensions import is_typeddict
from chatbot_app import chatbot_app
from chatbot_app.api import create_api
from chatbot_app.state.gate import is_known
from reflex_base.registry import RegistrationContext

def kind(annotation):
    if is_typeddict(annotation):
        return "form:" + ",".join(get_type_hints(annotation))
    return getattr(annotation, "__name__", str(annotation))

def arguments(name, function):
    if name.endswith(".setvar"):
        return {"var_name": "str", "value": "str"}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {p.name: kind(p.annotation) for p in parameters}

handlers = {
    name: {"arguments": arguments(name, r.handler.fn), "is_known": is_known(name)}
    for name, r in RegistrationContext.get().event_handlers.items()
}
def walk(routes, prefix=""):
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if getattr(route, "path", None) and getattr(route, "methods", None):
            yield from (f"{method} {prefix}{route.path}" for method in route.methods)
        elif inner is not None:
            yield from walk(inner.routes, prefix)

print("REGISTRY" + json.dumps({"handlers": handlers, "routes": sorted(walk(create_api().routes))}))
"""


def registry(directory: Path) -> tuple[list[Handler], list[str]]:
    """Ask a fresh process for every registered handler and every API route; tests register their own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATA_DIR": str(directory / "data"),
        "JWT_SECRET": JWT_SECRET,
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", _REGISTRY],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    line = next((x for x in done.stdout.splitlines() if x.startswith("REGISTRY")), None)
    assert line is not None, done.stderr[-4000:]
    found = json.loads(line.removeprefix("REGISTRY"))
    handlers = [Handler(name, **facts) for name, facts in sorted(found["handlers"].items())]
    return handlers, found["routes"]


def rows(server: Server, owner: uuid.UUID | None = None) -> str:
    """Give a hash of every row in the database, or of all that this person owns."""
    mine = "" if owner is None else owner.hex
    queries = {
        "user_account": "SELECT * FROM user_account WHERE id = :id",
        "user_session": "SELECT * FROM user_session WHERE user_id = :id",
        "project": "SELECT * FROM project WHERE user_id = :id",
        "chat": "SELECT * FROM chat WHERE project_id IN (SELECT id FROM project WHERE user_id = :id)",
        "message": (
            "SELECT * FROM message WHERE chat_id IN (SELECT id FROM chat WHERE project_id IN"
            " (SELECT id FROM project WHERE user_id = :id))"
        ),
    }
    digest = hashlib.sha256()
    path = server.data / "chatbot.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in sorted(tables.fetchall()):
            if owner is None:
                query = f"SELECT * FROM {table}"
            elif table in queries:
                query = queries[table]
            else:
                assert table == "alembic_version", f"say here what of {table} a person owns"
                continue
            found = sorted(map(repr, connection.execute(query, {"id": mine} if mine else {})))
            assert found or owner is None or table == "message", f"the owner has nothing in {table}"
            digest.update("\n".join([table, *found]).encode())
    return digest.hexdigest()


def listed() -> list[str]:
    """Give the committed list: handlers and routes that these tests know."""
    lines = LISTED.read_text().splitlines()
    return [line for line in lines if line and not re.match(r"\s*#", line)]
