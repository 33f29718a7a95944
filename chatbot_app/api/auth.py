"""Register, sign in, sign out, change the password: plain requests, so that no password and no code
passes through an event.

The answer sets an HttpOnly cookie; the page then loads anew, for a websocket reads its headers only
when it connects.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from chatbot_app import db
from chatbot_app.api.requests import (
    client_address,
    drop_cookie,
    grant_cookie,
    pending_token,
    require_own_origin,
    session_token,
    viewer,
    way_on,
)
from chatbot_app.config import get_settings
from chatbot_app.cookies import pending_cookie, session_cookie
from chatbot_app.errors import NotSignedIn
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, registration, sessions, two_factor
from chatbot_app.words import t

router = APIRouter(prefix="/api/auth", dependencies=[Depends(require_own_origin)])


class Form(BaseModel):
    """What is sent to a route: fields of exactly these names and types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Registration(Form):
    """What the registration form sends; `invitation` is the token of one's link."""

    name: str
    email: str
    password: str
    invitation: str = ""


class SignIn(Form):
    """What the sign-in form sends; `next` is the page to come back to."""

    email: str
    password: str
    next: str = ""


class SecondFactor(Form):
    """What the page sends that asks for a code; `next` as above."""

    code: str
    next: str = ""


class PasswordChange(Form):
    """What the password form sends."""

    current_password: str
    new_password: str


@router.post("/register", status_code=201)
async def register(form: Registration, request: Request, response: Response) -> dict[str, str]:
    """Make an account, its starter project and a session; says where to go."""
    grant = await registration.register(
        name=form.name,
        email=form.email,
        password=form.password,
        address=client_address(request),
        invitation=form.invitation,
    )
    grant_cookie(response, grant)
    return {"next": way_on(grant)}


@router.post("/sign-in")
async def sign_in(form: SignIn, request: Request, response: Response) -> dict[str, str]:
    """Begin a session, or ask for the second factor; says where to go."""
    grant = await accounts.sign_in(
        email=form.email, password=form.password, address=client_address(request)
    )
    grant_cookie(response, grant)
    return {"next": way_on(grant, form.next)}


@router.post("/sign-in/code")
async def give_code(
    form: SecondFactor, token: Annotated[str | None, Depends(pending_token)], response: Response
) -> dict[str, str]:
    """Begin the session that waited for the code; says where to go."""
    grant = await two_factor.sign_in(token, form.code)
    grant_cookie(response, grant)
    drop_cookie(response, pending_cookie(is_https=get_settings().is_https))
    return {"next": way_on(grant, form.next)}


@router.post("/sign-out")
async def sign_out(
    token: Annotated[str | None, Depends(session_token)], response: Response
) -> dict[str, str]:
    """End this session; its cookie is worth nothing from now on, on open pages too."""
    try:
        viewer = await db.in_thread(sessions.resolve, token)
        await db.in_thread(sessions.sign_out, viewer)
    except NotSignedIn:
        pass  # it was over already; the cookie goes all the same
    drop_cookie(response, session_cookie(is_https=get_settings().is_https))
    return {"next": "/login"}


@router.post("/password")
async def change_password(
    form: PasswordChange, viewer: Annotated[Viewer, Depends(viewer)]
) -> dict[str, str]:
    """Take another password; every other session of this person ends."""
    await accounts.change_password(viewer, form.current_password, form.new_password)
    return {"message": t("Your password is changed. Other devices have been signed out.")}
