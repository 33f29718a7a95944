"""The one engine of this worker and the loops beside it: opened when the worker starts to serve,
closed when it stops.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import reaper
from chatbot_app.generation.engine import Engine
from chatbot_app.generation.journal import Journal
from chatbot_app.generation.live import Generation
from chatbot_app.generation.mirror import Mirror
from chatbot_app.generation.reaper import Reaper
from chatbot_app.llm import ChatModel
from chatbot_app.words import t

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
"""Pause before a loop that met a bug is started again."""


@dataclass(frozen=True)
class _Worker:
    engine: Engine
    mirror: Mirror
    heartbeat_seconds: float
    loops: list[asyncio.Task[None]]


_worker: _Worker | None = None


def engine() -> Engine:
    """The engine of this worker.

    Raises:
        Unavailable: the worker is still starting, or it has stopped.
    """
    return _open().engine


def default_model() -> str:
    """The name of the model that answers where none was chosen; empty while the worker is not open."""
    return _worker.engine.model.name if _worker is not None else ""


def live_in(chat_id: uuid.UUID) -> Generation | None:
    """The live answer of this chat, whichever worker writes it.

    Raises: Unavailable.
    """
    return _open().engine.live_in(chat_id) or _open().mirror.live_in(chat_id)


def heartbeat_seconds() -> float:
    """How often every worker says that its answers are alive.

    Raises: Unavailable.
    """
    return _open().heartbeat_seconds


async def open_engine(
    model: ChatModel,
    *,
    shutdown_seconds: float = 5.0,
    heartbeat_seconds: float = 3.0,
    is_alone: bool = False,
) -> Engine:
    """Start the engine with its journal, reaper and mirror.

    `is_alone` says that no other process uses the database: what a former one left unfinished is
    then ended at once, and nobody else's answers have to be watched for.
    """
    global _worker
    if is_alone and (left := await db.in_thread(reaper.end_all_left_behind)):
        log.warning("%d unfinished answers of an earlier run are marked as interrupted", left)
    opened = Engine(model, shutdown_seconds=shutdown_seconds)
    mirror = Mirror(opened)
    runs = [
        Journal(opened, heartbeat_seconds=heartbeat_seconds).run,
        Reaper(opened, heartbeat_seconds=heartbeat_seconds).run,
    ]
    if not is_alone:
        runs.append(mirror.run)
    loops = [asyncio.create_task(_for_ever(run), name=run.__qualname__) for run in runs]
    _worker = _Worker(opened, mirror, heartbeat_seconds, loops)
    return opened


async def close_engine() -> None:
    """Shut the engine down; what is still being written is stored as interrupted."""
    global _worker
    closing, _worker = _worker, None
    if closing is None:
        return
    await closing.engine.shutdown()
    for loop in closing.loops:
        loop.cancel()
    await asyncio.gather(*closing.loops, return_exceptions=True)


def _open() -> _Worker:
    if _worker is None:
        raise Unavailable(t("The server is starting. Please try again in a moment."))
    return _worker


async def _for_ever(run: Callable[[], Awaitable[None]]) -> None:
    """Run a loop that may only end by being cancelled, whatever it stumbles over."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("%s broke off and is started again", run.__qualname__)
        await asyncio.sleep(RESTART_SECONDS)
