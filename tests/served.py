"""The product as a person gets it: the production build, in processes of its own."""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psutil
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from chatbot_app.config import PROJECT_ROOT, Settings
from tests.loopback import HOST, free_port
from tests.waiting import wait_until

START_SECONDS = 240
"""The first start builds the pages."""
STOP_SECONDS = 20
PATIENCE = 15.0
JWT_SECRET = "for what the tests serve only, and for nothing else"
NOBODY = f"http://{HOST}:9/v1"

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Response:
    """What a plain request got."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def session(self) -> str:
        """The credential that it set, which `cookie=` and a `Tab` take."""
        return (self.headers["set-cookie"] or "").partition("session=")[2].partition(";")[0]


class Served:
    """`python -m chatbot_app serve` on a free port, with its data and its log in a directory.

        with Served(tmp_path, provider.base_url, MODEL_RETRIES="0") as served:
            served.kill()
            served.start()  # again: same port, same data

    Without a provider the demo model answers. Settings are given by their names; `environment`
    holds them all and may be changed before each start.
    """

    def __init__(self, directory: Path, provider_url: str = "", **environment: str) -> None:
        self.port = int(environment.get("PORT", 0)) or free_port()
        self.url = f"http://{HOST}:{self.port}"
        """Where it is; also the origin of its pages."""
        self.log_file = directory / "log.txt"
        self.data = Path(environment.get("DATA_DIR", directory / "data"))
        self.environment = {
            "HOST": HOST,
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(self.data),
            "DATABASE_URL": f"sqlite:///{quote(str(self.data / 'chatbot.db'))}",
            "JWT_SECRET": JWT_SECRET,
            "TESTING": "1",
            "BCRYPT_COST": "4",
            "SHUTDOWN_SECONDS": "1",
            "REGISTRATIONS_PER_ADDRESS": "10000",
            "SIGN_IN_FAILURES_PER_ADDRESS": "10000",
            "SIGN_IN_FAILURES_PER_ACCOUNT": "1000",
            "EVENTS_PER_SECOND": "100000",
            "AUTO_TITLES": "0",  # which would take answers that tests have laid ready
            **_provider(provider_url),
            **environment,
        }
        self.database_url = self.environment["DATABASE_URL"]
        """Where the tests read its rows; to be set where the product gets there by a detour."""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, also again, and wait until it is ready."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start it, and wait for nothing."""
        assert not self.is_running
        self.log_file.parent.mkdir(exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatbot_app", "serve"],
                cwd=PROJECT_ROOT,
                env=inherited() | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until /readyz says yes."""

        def is_up() -> bool:
            assert self.is_running, f"it ended at once:\n{self.log[-4000:]}"
            return self.is_ready()

        try:
            wait_until(is_up, "the server to be ready", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; its log:\n{self.log[-4000:]}") from None

    def wait_ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it has ended by itself; gives its exit code."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end within {seconds} s:\n{self.log}") from None

    def terminate(self) -> int:
        """Ask it to stop as an operator does (SIGTERM); gives its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self.wait_ended()

    def kill(self) -> None:
        """End it and all that it started without a word (SIGKILL)."""
        self._kill(self.processes())

    def stop(self) -> None:
        """End it in any case, kindly first."""
        family = self.processes()
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self._kill(family)

    def _kill(self, family: list[psutil.Process]) -> None:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()  # psutil checks that the id still is that process's
        if self._process is not None:
            self._process.wait()
        psutil.wait_procs(family[1:], timeout=STOP_SECONDS)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that was started: the only one, or the one above the workers."""
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """The process that was started, first, and all that descend from it."""
        if not self.is_running:
            return []
        try:
            started = psutil.Process(self.pid)
            return [started, *started.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def workers(self) -> list[psutil.Process]:
        """The processes that serve: to `kill`, `suspend` or `resume`, or to measure."""
        started, *children = self.processes()
        return [
            child
            for child in children
            if any(it.laddr.port == self.port for it in _connections(child, listening=True))
        ] or [started]

    def worker_of(self, tab_port: int) -> psutil.Process:
        """The worker that serves who connects from this port, such as `Tab.local_port`."""
        return self._worker_with(self.port, tab_port)

    def writer_to(self, provider_port: int, client_port: int) -> psutil.Process:
        """The worker that asks this provider from this port: `RecordedRequest.client`."""
        return self._worker_with(client_port, provider_port)

    def _worker_with(self, own: int, other: int) -> psutil.Process:
        # By both ends: the kernel gives one port to connections with several others.
        found = [
            worker
            for worker in self.workers()
            if any(it.laddr.port == own and it.raddr.port == other for it in _connections(worker))
        ]
        assert len(found) == 1, f"{len(found)} workers have a connection from {own} to {other}"
        return found[0]

    @property
    def log(self) -> str:
        """All that it has said, over all its starts."""
        return self.log_file.read_text(errors="surrogateescape")

    def readyz(self) -> int:
        """The status that /readyz answers with; 0 when nobody answers."""
        try:
            return self.request("/readyz", timeout=5).status
        except (OSError, http.client.HTTPException):
            return 0

    def is_ready(self) -> bool:
        return self.readyz() == 200

    def assert_alive(self) -> None:
        assert self.is_running
        assert self.request("/healthz").status == 200

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: object = None,
        cookie: str = "",
        headers: dict[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> Response:
        """Make a plain request as a program does."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        if cookie:
            sent["cookie"] = f"session={cookie}"
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=sent)
        try:
            with _direct.open(request, timeout=timeout) as answer:
                return Response(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.headers, error.read().decode())

    def query(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Read its database, of either kind; ids are given as `uuid.UUID`: `WHERE id = :id`."""
        engine = _reader(self.database_url)
        with engine.connect() as connection:
            rows = connection.execute(text(sql).bindparams(**values))
            return [tuple(row) for row in rows]

    def message(self, message_id: str) -> tuple[str, str]:
        """Status and content of a message as they are stored."""
        [(status, content)] = self.query(
            "SELECT status, content FROM message WHERE id = :id", id=uuid.UUID(message_id)
        )
        return status, content


def _provider(url: str) -> dict[str, str]:
    if not url:
        return {"OLLAMA_URL": NOBODY}
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "test", "OPENAI_MODEL": "fake-model"}


def inherited() -> dict[str, str]:
    """The environment without settings, which the test names, and without proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.model_fields and not name.lower().endswith("_proxy")
    }


def _connections(process: psutil.Process, *, listening: bool = False) -> list[Any]:
    """Its sockets that listen, or those that are connected."""
    try:
        found = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    if listening:
        return [connection for connection in found if connection.status == psutil.CONN_LISTEN]
    return [connection for connection in found if connection.laddr and connection.raddr]


def _reader(url: str) -> Engine:
    """Connections that can't write, and of which none is kept."""
    if url.startswith("sqlite"):
        path = f"file:{make_url(url).database}?mode=ro"
        connect = partial(sqlite3.connect, path, uri=True)
        return create_engine("sqlite://", creator=connect, poolclass=NullPool)
    options = {"options": "-c default_transaction_read_only=on"}
    return create_engine(url, connect_args=options, poolclass=NullPool)
