"""Bringing chats in: a file is sent as it is, as the whole body, and never held in memory."""

import tempfile
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect

from chatbot_app import db
from chatbot_app.api.requests import require_own_origin, viewer
from chatbot_app.errors import InvalidInput, Unavailable
from chatbot_app.schemas import Viewer
from chatbot_app.services import imports
from chatbot_app.words import t

router = APIRouter(prefix="/api/imports", dependencies=[Depends(require_own_origin)])

PIECE = 1024 * 1024
"""Bytes that are written to the disk at a time."""


@router.post("")
async def bring_in(request: Request, viewer: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
    """Import a file's chats; says how many, and where the first of them are."""
    with imports.Place(viewer) as place, tempfile.TemporaryFile() as file:
        await _receive(request, file)
        tally = await place.bring_in(file)
    first = f"/projects/{tally.projects[0]}/chat" if tally.projects else ""
    return {
        "message": imports.message(tally),
        "chats": tally.chats,
        "present": tally.present,
        "unreadable": tally.unreadable,
        "projects": [str(project_id) for project_id in tally.projects],
        "open": first,
    }


async def _receive(request: Request, file: IO[bytes]) -> None:
    """Write down what comes, as far as it comes and there is room.

    Raises: InvalidInput, Unavailable.
    """
    waiting = bytearray()
    try:
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= PIECE:
                await db.in_thread(file.write, bytes(waiting))
                waiting.clear()
        await db.in_thread(file.write, bytes(waiting))
        await db.in_thread(file.flush)
    except ClientDisconnect:
        raise InvalidInput(t("The file did not arrive whole. Nothing was imported.")) from None
    except OSError as error:
        raise Unavailable(t("The server has no room for this file right now.")) from error
    if file.tell() == 0:
        raise InvalidInput(t("This file is empty."))
