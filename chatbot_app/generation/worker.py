"""The one engine of this worker: opened when the worker starts to serve, closed when it stops."""

import logging

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation.engine import Engine
from chatbot_app.llm import ChatModel
from chatbot_app.repositories import messages

log = logging.getLogger(__name__)

_engine: Engine | None = None


def engine() -> Engine:
    """The engine of this worker.

    Raises:
        Unavailable: the worker is still starting, or it has stopped.
    """
    if _engine is None:
        raise Unavailable("The server is starting. Please try again in a moment.")
    return _engine


async def open_engine(model: ChatModel, *, shutdown_seconds: float = 5.0) -> Engine:
    """Start the engine, after marking as interrupted what a process that died left as `generating`.

    With one worker, every such row is an orphan at this moment.
    """
    global _engine
    orphans = await db.in_thread(_interrupt_orphans)
    if orphans:
        log.warning("%d unfinished answers of an earlier run are marked as interrupted", orphans)
    _engine = Engine(model, shutdown_seconds=shutdown_seconds)
    return _engine


async def close_engine() -> None:
    """Shut the engine down; what is still being written is stored as interrupted."""
    global _engine
    closing, _engine = _engine, None
    if closing is not None:
        await closing.shutdown()


def _interrupt_orphans() -> int:
    with db.session(write=True) as session:
        return messages.interrupt_orphans(session)
