"""Servers as processes of their own: started, stopped, and what they take. Times are in seconds."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.002
MB = 1_000_000


class Server:
    """A Python module that serves a port; `start` and `stop` as often as wanted."""

    def __init__(
        self, directory: Path, port: int, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self.command = [sys.executable, "-m", *command]
        self.environment = {**os.environ, "PYTHONPATH": "", **environment}
        self.log = directory / f"{command[0]}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start serving; gives the time from the start of the process to the first 200 of `/`."""
        with self.log.open("ab") as log:
            began = time.monotonic()
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def stop(self) -> None:
        """End all its processes, by their ids, kindly first."""
        if self._process is None:
            return
        family = self.processes()
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()  # psutil checks that the id still is that process's
        self._process.wait()
        self._process = None

    def processes(self) -> list[psutil.Process]:
        """The server and all that it started."""
        assert self._process is not None
        try:
            server = psutil.Process(self._process.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def memory(self) -> float:
        """Megabytes (PSS) of all its processes together."""
        kilobytes = 0
        for process in self.processes():
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
            kilobytes += int(found[1]) if found else 0
        return kilobytes * 1024 / MB

    def cpu_seconds(self) -> float:
        """Processor time that all its processes have used so far, user and system."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def bytes_sent(self) -> dict[str, int]:
        """What the kernel sent from each of its open connections, by the address of the other end."""
        assert shutil.which("ss"), "the bytes on the wire are read with ss (iproute2)"
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


def more(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """How much was sent between two readings of `bytes_sent`."""
    return sum(count - before.get(connection, 0) for connection, count in after.items())
