"""Asking for a link, and using one: a reset of the password, the confirmation of an e-mail.

Using one is a POST, by a button: those who look into mails to see whether their links are safe
fetch them, and that changes nothing.
"""

from fastapi import APIRouter, Depends, Request

from chatbot_app import db
from chatbot_app.api.auth import Form
from chatbot_app.api.requests import client_address, require_own_origin
from chatbot_app.services import password_reset, verification
from chatbot_app.words import mark, t

router = APIRouter(prefix="/api/auth", dependencies=[Depends(require_own_origin)])

SENT = mark(
    "If there is an account with this email, a link is on its way to it. It may take a minute, and"
    " land among the junk."
)


class Forgot(Form):
    """What the form for a forgotten password sends."""

    email: str


class Reset(Form):
    """What the form behind a reset link sends."""

    token: str
    new_password: str


class Verify(Form):
    """What the button behind a confirmation link sends."""

    token: str


@router.post("/forgot")
async def forgot(form: Forgot, request: Request) -> dict[str, str]:
    """Mail a link to choose another password, if there is such an account; the answer is the same
    if there is not.
    """
    await password_reset.ask(email=form.email, address=client_address(request))
    return {"message": t(SENT)}


@router.post("/reset")
async def reset(form: Reset) -> dict[str, str]:
    """Take another password by a link; every session of this person ends."""
    await password_reset.choose(form.token, form.new_password)
    return {"next": "/login?saved=password"}


@router.post("/verify")
async def verify(form: Verify) -> dict[str, str]:
    """Confirm an e-mail address by a link."""
    await db.in_thread(verification.confirm, form.token)
    return {"message": t("Thank you. Your email is confirmed.")}
