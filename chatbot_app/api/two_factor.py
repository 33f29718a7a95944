"""Two-factor authentication on and off. What is to be seen once goes from here straight into the
page: it is in no event, and no state keeps it.
"""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends

from chatbot_app.api.auth import Form
from chatbot_app.api.requests import require_own_origin, viewer
from chatbot_app.schemas import Viewer
from chatbot_app.services import two_factor

router = APIRouter(prefix="/api/auth/two-factor", dependencies=[Depends(require_own_origin)])


class Confirmation(Form):
    """The password; an account that has none gives an empty one."""

    password: str = ""


class Code(Form):
    """The first code that the app shows."""

    code: str


@router.post("/begin")
async def begin(form: Confirmation, viewer: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
    """Give the secret for the app, as a picture and in letters."""
    enrolment = await two_factor.enrol(viewer, form.password)
    picture = segno.make(enrolment.uri, error="m", micro=False)
    # White around it in the dark too: not every camera reads it inverted.
    shown = {
        "qr": picture.svg_data_uri(scale=4, dark="black", light="white", border=3),
        "secret": _in_groups(enrolment.secret),
    }
    return {"step": "scan", "show": shown}


@router.post("/confirm")
async def confirm(form: Code, viewer: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
    """Switch it on; gives the recovery codes."""
    return _codes(await two_factor.confirm(viewer, form.code))


@router.post("/recovery-codes")
async def renew_recovery_codes(
    form: Confirmation, viewer: Annotated[Viewer, Depends(viewer)]
) -> dict[str, Any]:
    """Give other recovery codes in place of those before."""
    return _codes(await two_factor.renew_recovery_codes(viewer, form.password))


@router.post("/off")
async def switch_off(
    form: Confirmation, viewer: Annotated[Viewer, Depends(viewer)]
) -> dict[str, str]:
    """Ask for no more codes."""
    await two_factor.switch_off(viewer, form.password)
    return {"next": "/settings"}


def _codes(codes: list[str]) -> dict[str, Any]:
    return {"step": "codes", "show": {"codes": "\n".join(codes)}}


def _in_groups(letters: str) -> str:
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
