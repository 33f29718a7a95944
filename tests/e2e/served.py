"""The product as a person gets it: the production build in a process of its own."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from chatbot_app.config import PROJECT_ROOT

START_SECONDS = 240
"""The first start builds the pages."""

_direct = build_opener(ProxyHandler({}))


class Served:
    """`python -m chatbot_app serve` on a free port, with its data in a directory."""

    def __init__(self, data_dir: Path, provider_url: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._provider_url = provider_url
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, also again, and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatbot_app", "serve"],
                cwd=PROJECT_ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, f"ended at once:\n{self.log()}"
            assert time.monotonic() < deadline, f"did not start in time:\n{self.log()}"
            time.sleep(0.05)

    def terminate(self) -> int:
        """Ask it to stop as an operator does (SIGTERM); give its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word (SIGKILL)."""
        self._end(signal.SIGKILL)

    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read its database file."""
        path = f"file:{self.data_dir / 'chatbot.db'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            return database.execute(sql, values).fetchall()

    def message(self, message_id: str) -> tuple[str, str]:
        """Status and content of a message as they are stored."""
        [(status, content)] = self.query(
            "SELECT status, content FROM message WHERE id = ?", uuid.UUID(message_id).hex
        )
        return status, content

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"did not stop within 20 s:\n{self.log()}") from None

    def _is_ready(self) -> bool:
        try:
            with _direct.open(f"{self.url}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def _environment(self) -> dict[str, str]:
        # What is named here wins over a developer's own `.env`.
        inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return inherited | {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": f"sqlite:///{self.data_dir / 'chatbot.db'}",
            "JWT_SECRET": "for the tests in a browser only, and nothing else",
            "TESTING": "1",
            "BCRYPT_COST": "4",
            "SHUTDOWN_SECONDS": "1",
            "OPENAI_BASE_URL": self._provider_url,
            "OPENAI_API_KEY": "test",
            "OPENAI_MODEL": "fake-model",
            "REGISTRATIONS_PER_ADDRESS": "10000",
            "SIGN_IN_FAILURES_PER_ADDRESS": "10000",
            "SIGN_IN_FAILURES_PER_ACCOUNT": "1000",
        }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
