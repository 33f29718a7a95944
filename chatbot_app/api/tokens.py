"""Sign-in of programs: tokens in place of a cookie.

An access token goes into `Authorization: Bearer …`, also on the other routes of the API that ask
who one is.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from chatbot_app import db
from chatbot_app.addresses import network
from chatbot_app.api.auth import Form
from chatbot_app.api.requests import client_address, require_own_origin, viewer
from chatbot_app.schemas import Viewer
from chatbot_app.services import rates, tokens
from chatbot_app.words import t

router = APIRouter(prefix="/api/auth", dependencies=[Depends(require_own_origin)])


class LogIn(Form):
    """E-mail and password, and the code of the second factor where there is one."""

    email: str
    password: str
    code: str = ""


class RefreshToken(Form):
    """A refresh token."""

    refresh_token: str


@router.post("/login")
async def log_in(form: LogIn, request: Request) -> dict[str, Any]:
    """Begin a program's session."""
    pair = await tokens.log_in(
        email=form.email,
        password=form.password,
        code=form.code,
        address=client_address(request),
    )
    return _answer(pair)


@router.post("/refresh")
async def refresh(form: RefreshToken, request: Request) -> dict[str, Any]:
    """Give the next pair of tokens; one that is shown a second time ends the session."""
    rates.spend(network(client_address(request)))
    return _answer(await db.in_thread(tokens.refresh, form.refresh_token))


@router.post("/logout")
async def log_out(form: RefreshToken, request: Request) -> dict[str, str]:
    """End a program's session; its tokens are worth nothing from now on."""
    rates.spend(network(client_address(request)))
    await db.in_thread(tokens.log_out, form.refresh_token)
    return {"message": t("Signed out.")}


@router.get("/me")
async def me(viewer: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
    """Who is signed in."""
    return {
        "id": str(viewer.user_id),
        "name": viewer.name,
        "email": viewer.email,
        "role": viewer.role,
        "email_verified": viewer.is_verified,
    }


def _answer(pair: tokens.TokenPair) -> dict[str, Any]:
    """Write a pair as RFC 6749, 5.1, does."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
    }
