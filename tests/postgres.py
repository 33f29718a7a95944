"""A real PostgreSQL for the tests, made in a temporary directory.

`running` is for all tests together: it listens on a unix socket only and never syncs, for nothing in
it is worth keeping. `Postgres` is for a test that stops and starts a server of its own.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

import psycopg2

from tests.loopback import HOST, free_port
from tests.waiting import wait_until

START_SECONDS = 30
USUAL_PORT = 5432
SHARED = {
    "listen_addresses": "",
    "synchronous_commit": "off",
    "max_connections": 60,
    # It writes to the log, which a test measures, and changes plans, whenever it likes to.
    "autovacuum": "off",
}
STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Postgres:
    """A server that may be stopped and started again, with the same address and data.

        with Postgres() as server:
            server.create_database("chat")
            Served(tmp_path, DATABASE_URL=server.url("chat"))
            server.stop("immediate")
            server.start()

    What was committed outlives either stop. It listens on loopback and on a unix socket in `home`.
    """

    def __init__(self, *, port: int = 0, **settings: object) -> None:
        self.port = port or free_port()
        # Not pytest's directory: a socket's path has 107 characters at most, and another user
        # enters.
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        # Files are safe from a process that ends, if not from a machine that does: no fsync.
        self._settings = {
            "listen_addresses": HOST,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 200,
        } | settings
        self._account = _account()
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> None:
        """Start it, also again, and wait until it answers."""
        assert not self.is_running
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        command = [_program("postgres"), "-D", self.home / "data", "-k", self.home]
        with (self.home / "log").open("a") as log:
            self._server = subprocess.Popen(
                [*command, "-p", str(self.port), *settings],
                user=self._account,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self._answers, "PostgreSQL to start", START_SECONDS)
        except AssertionError:
            raise RuntimeError((self.home / "log").read_text()) from None

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: rolled back and closed, or with nothing put in order as in a crash."""
        if self._server is not None and self.is_running:
            self._server.send_signal(STOPS[mode])
            self._server.wait(START_SECONDS)

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def url(self, name: str = "postgres", *, port: int = 0) -> str:
        """Write a database's address on loopback, as DATABASE_URL takes it; `port` for a proxy's."""
        return f"postgresql+psycopg2://tests@{HOST}:{port or self.port}/{name}"

    def create_database(self, name: str) -> str:
        """Make a database without a single table; gives its address."""
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str) -> None:
        """Say one statement to the server, outside any transaction."""
        execute(self.home, statement, port=self.port)

    def _make(self) -> None:
        if self._account is not None:
            shutil.chown(self.home, self._account)
        done = subprocess.run(
            [_program("initdb"), "-D", self.home / "data", "-U", "tests", "-A", "trust", "-N"],
            user=self._account,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def _answers(self) -> bool:
        if not self.is_running:
            raise RuntimeError((self.home / "log").read_text())
        try:
            self.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True


def url(socket: Path, name: str) -> str:
    """Write the address of a database of the shared server, as SQLAlchemy wants it."""
    return f"postgresql+psycopg2://tests@/{name}?host={socket}"


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Run the shared server for as long as the block lasts; gives the directory of its socket."""
    with Postgres(port=USUAL_PORT, **SHARED) as server:
        yield server.home


def execute(socket: Path, statement: str, *, port: int = USUAL_PORT) -> None:
    """Say one statement to a server, outside any transaction."""
    connection = psycopg2.connect(host=str(socket), port=port, user="tests", dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _program(name: str) -> str:
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    if found is None:
        raise RuntimeError(f"{name} is missing: the tests need PostgreSQL (apt install postgresql)")
    return found


def _account() -> str | None:
    """Name who runs the server: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
