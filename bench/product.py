"""The product as an operator runs it: a process of its own, its memory, its work, its bytes."""

import http.client
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from chatbot_app import bundle
from chatbot_app.config import Settings

ROOT = Path(__file__).resolve().parent.parent

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.005
MB = 1_000_000


class Product:
    """One server with a data directory of its own; `start` and `stop` as often as wanted."""

    def __init__(self, data_dir: Path, provider_url: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.log = data_dir / "server.log"
        # Every setting that a `.env` of the machine could change what is measured with is given.
        self._environment = {
            **os.environ,
            "PYTHONPATH": "",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": f"sqlite:///{data_dir / 'chatbot.db'}",
            "JWT_SECRET": secrets.token_urlsafe(48),
            "OPENAI_API_KEY": "bench",
            "OPENAI_BASE_URL": provider_url,
            "OPENAI_MODEL": "fake-model",
            "TESTING": "1",
            "BCRYPT_COST": "4",
            "LOG_LEVEL": "info",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def build(self) -> float:
        """Build the pages if they changed; gives the seconds that took."""
        began = time.monotonic()
        command = [sys.executable, "-m", "chatbot_app", "build"]
        subprocess.run(command, cwd=ROOT, env=self._environment, check=True, stdout=sys.stderr)
        return time.monotonic() - began

    def start(self) -> float:
        """Start serving; gives the seconds from the start of the process to the first 200 of `/`."""
        with self.log.open("ab") as log:
            began = time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatbot_app", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def stop(self) -> float:
        """End all processes, by their ids; gives the seconds that a polite stop took."""
        if self._process is None:
            return 0.0
        began = time.monotonic()
        family = self.processes()
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()  # psutil checks that the id still is that process's
        self._process.wait()
        self._process = None
        return time.monotonic() - began

    def processes(self) -> list[psutil.Process]:
        """The server and all that it started."""
        assert self._process is not None
        try:
            server = psutil.Process(self._process.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def memory(self) -> dict[str, float]:
        """Megabytes of all processes together: `Pss`, `Rss` and what is `Private`."""
        total = {"Pss": 0.0, "Rss": 0.0, "Private": 0.0}
        for process in self.processes():
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", rollup, re.MULTILINE):
                key = name.split("_")[0]
                if name in {"Pss", "Rss"} or key == "Private":
                    total[key] += int(kilobytes) * 1024 / MB
        return total

    def cpu_seconds(self) -> float:
        """Processor time that all processes have used so far, user and system."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def bytes_sent(self) -> dict[str, int] | None:
        """What the kernel sent from each of the server's connections; None where `ss` is missing."""
        if not shutil.which("ss"):
            return None
        command = ["ss", "-tinHO", "state", "established", f"sport = :{self.port}"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        sent = dict[str, int]()
        for line in output.splitlines():
            if found := re.search(r"\bbytes_sent:(\d+)", line):
                sent[line.split()[3]] = int(found[1])
        return sent

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def running(product: Product) -> Generator[None]:
    """Make sure that nothing is left running."""
    try:
        yield
    finally:
        product.stop()


def bundle_size(data_dir: Path) -> tuple[int, int, int]:
    """Bytes and number of files of the bundle in use, and bytes of its compressed copies."""
    used = ROOT / ".bundles" / bundle.fingerprint(Settings(data_dir=data_dir))
    files = [path for path in used.rglob("*") if path.is_file()]
    compressed = [path for path in files if path.suffix in {".gz", ".br", ".zst"}]
    return size(files), len(files), size(compressed)


def size(files: list[Path]) -> int:
    """Bytes of these files together."""
    return sum(path.stat().st_size for path in files)
