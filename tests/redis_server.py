"""A real Redis for the tests, on a free port of loopback, that keeps nothing on the disk.

with RedisServer() as redis:
    Served(tmp_path, REDIS_URL=redis.url, …)
    redis.stop()
    redis.start()  # empty, at the same address
"""

import shutil
import subprocess
import tempfile
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from tests.loopback import HOST, free_port
from tests.waiting import wait_until

START_SECONDS = 10


class RedisServer:
    """A server that may be stopped and started again; what it held is lost then."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}/0"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._log.close()

    def start(self) -> None:
        """Start it, also again, and wait until it answers."""
        assert not self.is_running
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("the tests need Redis (apt install redis-server)")
        address = ["--bind", HOST, "--port", str(self.port)]
        self._server = subprocess.Popen(
            [program, *address, "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        wait_until(self._answers, "Redis to start", START_SECONDS)

    def stop(self) -> None:
        """Stop it (SIGTERM); its clients' connections are closed."""
        if self._server is not None and self.is_running:
            self._server.terminate()
            self._server.wait(START_SECONDS)

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def _answers(self) -> bool:
        if not self.is_running:
            self._log.seek(0)
            raise RuntimeError(self._log.read().decode(errors="replace"))
        with Redis(host=HOST, port=self.port) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False
