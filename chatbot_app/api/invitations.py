"""Inviting somebody: by a request, for the link is to be seen once and in no state."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from chatbot_app.api.auth import Form
from chatbot_app.api.requests import administrator, require_own_origin
from chatbot_app.schemas import Viewer
from chatbot_app.services import invitations

router = APIRouter(prefix="/api/invitations", dependencies=[Depends(require_own_origin)])


class Invitation(Form):
    """For whom it is (anybody, if that is empty), and as what they come."""

    email: str
    role: str


@router.post("", status_code=201)
async def invite(
    form: Invitation, viewer: Annotated[Viewer, Depends(administrator)]
) -> dict[str, Any]:
    """Make an invitation; its link is in this answer alone."""
    link = await invitations.create(viewer, email=form.email, role=form.role)
    return {"step": "link", "show": {"link": link}}
