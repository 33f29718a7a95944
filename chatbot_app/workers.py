"""The processes that serve: one, or several that share the address.

How uvicorn is set up is here, and what starts several workers, keeps them alive and ends them. How
it reads a connection is in `connections`; what they serve is made in `loading`; what has to be in
order before anything serves, and what the operator is told, is in `serving`.
"""

import contextlib
import functools
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from chatbot_app.config import Settings, get_settings
from chatbot_app.connections import MAX_FRAME_BYTES, MAX_HEAD_BYTES, Requests, Sockets
from chatbot_app.loading import load

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A worker that does not answer its supervisor for so long is ended. A thread of its own answers,
# so a worker that is only slow, or still importing on a busy machine, has all the time it needs.
SILENCE_SECONDS = 30

# Files that a process may need beside its pages' connections: those of requests, of the database, of
# scripts and styles that are just being read.
FURTHER_FILES = 2_000

# What a worker may take to end beyond the time that requests, mails and answers are given.
LAST_SECONDS = 30

log = logging.getLogger(__name__)

StartLogging = Callable[[Settings], None]
Ready = Callable[[str], None]


class CannotListen(Exception):
    """The address that was claimed can't be listened on; `reason` is the system's."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def run(
    built: Path,
    settings: Settings,
    listener: socket.socket,
    *,
    start_logging: StartLogging,
    ready: Ready,
) -> bool:
    """Serve until a signal says stop; gives whether everything that should serve did start.

    `ready` is called once, when all workers serve, with what is known of the model by then; every
    further process calls `start_logging` first.

    Raises: CannotListen.
    """
    _allow_files(settings)
    if settings.workers == 1:
        return _run_one(load(built), settings, listener, ready)
    return _run_several(built, settings, listener, start_logging, ready)


def _allow_files(settings: Settings) -> None:
    """Let a process have as many connections as it serves pages, and what else it opens; many
    systems give a program 1,024 files unless it asks, and a server without any more is deaf.
    """
    wanted = settings.sockets_max + FURTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            log.warning(
                "The system allows a process %d open files, too few for SOCKETS_MAX=%d. Raise the"
                " limit (ulimit -n, LimitNOFILE), or lower the setting.",
                allowed,
                settings.sockets_max,
            )


def _uvicorn(application: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        workers=settings.workers,
        loop="uvloop",
        http=Requests,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        ws=Sockets,
        ws_per_message_deflate=True,
        ws_max_size=MAX_FRAME_BYTES,
        # Who called is decided once, by TRUSTED_PROXY_HOPS.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=SILENCE_SECONDS,
        **more,
    )


def _run_one(
    application: "ASGIApp", settings: Settings, listener: socket.socket, ready: Ready
) -> bool:
    server = _Server(_uvicorn(application, settings), ready)
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn hands the signal on that it stopped for
        if not server.started:
            raise
    return server.started


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Ready) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:
            raise CannotListen(error) from None
        if self.started:
            self._ready(_model(get_settings()))


def _run_several(
    built: Path,
    settings: Settings,
    listener: socket.socket,
    start_logging: StartLogging,
    ready: Ready,
) -> bool:
    hear, tell = multiprocessing.get_context("spawn").Pipe(duplex=False)
    application = functools.partial(_worker, built, start_logging, tell)
    config = _uvicorn(application, settings, factory=True)
    try:
        # Here and not in the workers, each of which would stumble over it and be started again.
        listener.listen(config.backlog)
    except OSError as error:
        raise CannotListen(error) from None
    supervisor = _Supervisor(config, listener, hear, ready)
    supervisor.run()
    return not supervisor.has_failed


class _Supervisor(Multiprocess):
    """Starts the workers, puts another in the place of one that died, and ends them all."""

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, hear: Connection, ready: Ready
    ) -> None:
        super().__init__(config, [listener])
        self._hear = hear
        self._ready: Ready | None = ready
        self._heard = 0

    # A closed terminal and Ctrl+\ stop one process; they stop several as well.
    handle_hup = handle_quit = Multiprocess.handle_term

    @property
    def has_failed(self) -> bool:
        """Whether a worker could not even start; uvicorn then ends the others."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def init_processes(self) -> None:
        with _without_interrupts():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        before = list(self.processes)
        for process in before:
            process.child_conn.close()  # or a worker that died would be waited for in silence
        with _without_interrupts():
            super().keep_subprocess_alive()
        for process in before:
            if process not in self.processes:
                log.warning(
                    "Worker %s ended by itself (%s); another takes its place.",
                    process.pid,
                    process.exitcode,
                )
        self._hear_the_workers()

    def join_all(self) -> None:
        deadline = time.monotonic() + _longest_end(self.config.timeout_graceful_shutdown or 0)
        for process in self.processes:
            process.process.join(max(0.0, deadline - time.monotonic()))
            if process.process.is_alive():
                log.warning("Worker %s did not stop in time and is ended.", process.pid)
                process.process.kill()
                process.process.join()

    def _hear_the_workers(self) -> None:
        while self._hear.poll():
            model = self._hear.recv()
            self._heard += 1
            if self._ready and self._heard >= self.processes_num:
                self._ready(model)
                self._ready = None


@contextlib.contextmanager
def _without_interrupts() -> Generator[None]:
    """Start processes that hear of Ctrl+C, which goes to all, when they are able to take it."""
    resource_tracker.ensure_running()  # Python starts it with the first of them, and ends the block
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _worker(built: Path, start_logging: StartLogging, tell: Connection) -> "ASGIApp":
    """Make what a worker serves; runs in the worker's own process."""
    try:
        settings = get_settings()
        start_logging(settings)
        for number in (signal.SIGHUP, signal.SIGQUIT):  # which a terminal sends to all at once
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        _end_with_the_supervisor(_longest_end(settings.shutdown_seconds))
        return _telling(load(built), tell)
    except Exception:
        log.exception("A worker could not start.")
        sys.exit(STARTUP_FAILURE)  # anything else would be tried again, and again


def _end_with_the_supervisor(grace: float) -> None:
    """Stop as if asked to when the supervisor is gone, or the address would be held for ever."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def wait() -> None:
        supervisor.join()
        log.warning("The supervisor is gone; this worker stops.")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=wait, name="supervisor", daemon=True).start()


def _longest_end(shutdown_seconds: int) -> float:
    """Requests have all of it; then mails a half, answers that are being stored all, live ones a half
    (`chatbot_app.lifespan`).
    """
    return 3 * shutdown_seconds + LAST_SECONDS


def _telling(application: "ASGIApp", tell: Connection) -> "ASGIApp":
    """Tell the supervisor when the application has started, and what model it talks to."""

    async def telling(scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_and_tell(message: "Message") -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                with contextlib.suppress(OSError):  # nobody listens if the supervisor is gone
                    tell.send(_model(get_settings()))

        is_lifespan = scope["type"] == "lifespan"
        await application(scope, receive, send_and_tell if is_lifespan else send)

    return telling


def _model(settings: Settings) -> str:
    from chatbot_app.generation import worker

    model = worker.engine().model
    if model.is_demo:
        return "the built-in demo model (set OPENAI_API_KEY for a real one, see .env.example)"
    return f"{model.name} @ {urlsplit(settings.openai_base_url or settings.ollama_url).netloc}"
