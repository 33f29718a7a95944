"""Two questions that machines ask: is the process alive, and can it serve."""

from fastapi import APIRouter, Response

from chatbot_app import db, migrations

router = APIRouter()


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def ready(response: Response) -> dict[str, str]:
    """The database is reachable and its migrations are current; 503 otherwise."""
    if await db.in_thread(migrations.is_ready):
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "not ready"}
