"""Files to take along: names that a browser may save them under."""

import re
import unicodedata
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from chatbot_app.api.requests import require_own_origin, viewer
from chatbot_app.schemas import Viewer
from chatbot_app.services import chat_exports

router = APIRouter(prefix="/api/chats", dependencies=[Depends(require_own_origin)])

NAME_MAX_CHARS = 80

_ENDINGS: dict[chat_exports.Format, tuple[str, str]] = {
    "markdown": (".md", "text/markdown; charset=utf-8"),
    "json": (".json", "application/json"),
}
_UNSAFE = re.compile(r'[/\\:*?"<>|%]+')


@router.get("/{chat_id}/export")
async def export(
    chat_id: str,
    viewer: Annotated[Viewer, Depends(viewer)],
    file_format: Annotated[chat_exports.Format, Query(alias="format")] = "markdown",
) -> StreamingResponse:
    """Give one chat as a file."""
    found = await chat_exports.open_chat(viewer.user_id, chat_id, file_format)
    ending, media_type = _ENDINGS[file_format]
    disposition = attachment(found.name, ending)
    return StreamingResponse(
        found.pieces, media_type=media_type, headers={"Content-Disposition": disposition}
    )


def attachment(name: str, ending: str) -> str:
    """Say that this is to be saved under such a name: for every client one of plain letters, and
    for those that know more the name itself (RFC 6266, appendix D; RFC 8187).
    """
    visible = "".join(c if c.isprintable() else " " for c in name)
    safe = " ".join(_UNSAFE.sub(" ", visible).split())[:NAME_MAX_CHARS].strip(" .") or "chat"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = " ".join(plain.split()).strip(" .") or "chat"
    return f"attachment; filename=\"{plain}{ending}\"; filename*=UTF-8''{quote(safe + ending, safe='')}"
