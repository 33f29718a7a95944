"""What a person may do with the account as a whole: take everything along, and leave."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from chatbot_app.api.auth import Form
from chatbot_app.api.requests import drop_cookie, require_own_origin, viewer
from chatbot_app.config import get_settings
from chatbot_app.cookies import pending_cookie, session_cookie
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, answers, exports

router = APIRouter(prefix="/api/account", dependencies=[Depends(require_own_origin)])


class Deletion(Form):
    """The password; an account that has none gives an empty one."""

    password: str = ""


@router.get("/export")
async def export(viewer: Annotated[Viewer, Depends(viewer)]) -> StreamingResponse:
    """Give all that is kept of a person, as a file in JSON."""
    await exports.begin(viewer)
    today = datetime.now(UTC).date()
    return StreamingResponse(
        exports.written(viewer.user_id),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="chatbot-data-{today}.json"'},
    )


@router.post("/delete")
async def delete(
    form: Deletion, viewer: Annotated[Viewer, Depends(viewer)], response: Response
) -> dict[str, Any]:
    """Delete the account and all that is in it, for good; the browser forgets what it kept."""
    await accounts.confirm(viewer, form.password)
    await answers.delete_account(viewer.user_id)
    is_https = get_settings().is_https
    for name in (session_cookie(is_https=is_https), pending_cookie(is_https=is_https)):
        drop_cookie(response, name)
    return {"next": "/", "forget": True}
