"""Two questions that machines ask: is the process alive, and can it serve."""

import asyncio

from fastapi import APIRouter, Response

from chatbot_app import db, migrations

router = APIRouter()

PATIENCE_SECONDS = 3.0
"""A database that does not answer for so long is not ready: whoever asks has a timeout too."""

_asking: asyncio.Future[bool] | None = None


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def ready(response: Response) -> dict[str, str]:
    """The database is reachable and its migrations are current; 503 otherwise."""
    if await _is_ready():
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "not ready"}


async def _is_ready() -> bool:
    """Ask the database, and never twice at a time: one that hangs would take a thread each time."""
    global _asking
    if _asking is None or _asking.done():
        _asking = asyncio.ensure_future(db.in_thread(migrations.is_ready))
    done, _ = await asyncio.wait([_asking], timeout=PATIENCE_SECONDS)
    return bool(done) and _asking.result()
