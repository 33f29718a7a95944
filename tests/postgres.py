"""A real PostgreSQL for the tests: made in a temporary directory, started once, stopped at the end.

It listens on a unix socket only and never syncs, for nothing in it is worth keeping.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2

START_SECONDS = 30
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": 60,
}


def url(socket: Path, name: str) -> str:
    """Write a database's address as SQLAlchemy wants it."""
    return f"postgresql+psycopg2://tests@/{name}?host={socket}"


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Run a server for as long as the block lasts; gives the directory of its socket."""
    # Not pytest's directory: a socket's path has 107 characters at most, and another user enters.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    account = _account()
    try:
        if account is not None:
            shutil.chown(home, account)
        _run(account, [_program("initdb"), "-D", home / "data", "-U", "tests", "-A", "trust", "-N"])
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [_program("postgres"), "-D", home / "data", "-k", home, *settings]
        with (home / "log").open("w") as log:
            server = subprocess.Popen(command, user=account, stdout=log, stderr=log)
        try:
            _wait_until_ready(home, server)
            yield home
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def execute(socket: Path, statement: str) -> None:
    """Say one statement to the server, outside any transaction."""
    connection = psycopg2.connect(host=str(socket), user="tests", dbname="postgres")
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


def _run(account: str | None, command: list[object]) -> None:
    done = subprocess.run(
        [str(part) for part in command], user=account, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def _wait_until_ready(home: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return execute(home, "SELECT 1")
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "log").read_text()) from None
            time.sleep(0.05)
