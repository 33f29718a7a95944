"""What is measured, and what it is measured with: the product, the bare page, the provider."""

import http.client
import json
import secrets
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.processes import ROOT, Server
from tests.loopback import HOST, free_port


class Product(Server):
    """The product as an operator runs it, with a data directory of its own."""

    def __init__(self, directory: Path, provider: "ProviderServer") -> None:
        port = free_port()
        self._database = directory / "chatbot.db"
        # Every setting that a `.env` of the machine could change what is measured with is given.
        environment = {
            "HOST": HOST,
            "PORT": str(port),
            "PUBLIC_URL": f"http://localhost:{port}",
            "DATA_DIR": str(directory),
            "DATABASE_URL": f"sqlite:///{self._database}",
            "REDIS_URL": "",
            "WORKERS": "1",
            "JWT_SECRET": secrets.token_urlsafe(48),
            "OPENAI_API_KEY": "bench",
            "AUTO_TITLES": "false",  # the provider is asked for answers alone
            "OPENAI_BASE_URL": provider.api,
            "OPENAI_MODEL": "fake-model",
            "TESTING": "1",
            "BCRYPT_COST": "4",
            "LOG_LEVEL": "info",
        }
        super().__init__(directory, port, ["chatbot_app", "serve"], environment)

    def build(self) -> None:
        """Build the pages if they changed."""
        self._run(["chatbot_app", "build"])

    def furnish(self, wishes: dict[str, Any]) -> list[dict[str, Any]]:
        """Put people and their chats into its database (`bench.people`), before it is started."""
        return json.loads(self._run(["bench.people"], json.dumps(wishes)))

    def checked(self, session: str) -> dict[str, float]:
        """What it costs to know whose an event is (`bench.session_checks`)."""
        return json.loads(self._run(["bench.session_checks"], session).splitlines()[-1])

    def stored(self, message_id: str) -> tuple[str, str]:
        """Status and text of a message in its database."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            asked = "SELECT status, content FROM message WHERE id = ?"
            found = database.execute(asked, (uuid.UUID(message_id).hex,)).fetchone()
        return found or ("missing", "")

    def _run(self, command: list[str], given: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            check=True,
            input=given,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


class BarePage(Server):
    """The floor: see `bench.bare_page`."""

    def __init__(self, directory: Path, provider: "ProviderServer") -> None:
        port = free_port()
        super().__init__(directory, port, ["bench.bare_page", str(port), provider.api], {})


class ProviderServer(Server):
    """The model's side: see `bench.provider`."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        self.api = f"http://{HOST}:{port}/v1"
        super().__init__(directory, port, ["bench.provider", str(port)], {})

    def told(self, seed: int) -> dict[str, float]:
        """When a request `arrived`, and its `first` and `last` piece were written (monotonic)."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        connection.request("GET", f"/told/{seed}")
        told: dict[str, float] = json.load(connection.getresponse())
        connection.close()
        return told
