"""Signing in by Google, GitHub or another provider: the way there, and the way back.

Setting out is a request of our own pages, so that no other site can send anybody through it and
sign them in as somebody else. The way back is an address that the provider opens: it answers with a
page in any case, and with a word for what went wrong instead of a sentence.
"""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from chatbot_app import db
from chatbot_app.api.auth import Form
from chatbot_app.api.requests import (
    client_address,
    drop_cookie,
    grant_cookie,
    local_path,
    require_own_origin,
    session_token,
    way_on,
)
from chatbot_app.config import get_settings
from chatbot_app.cookies import handshake_cookie, read_cookie
from chatbot_app.errors import AppError, Forbidden, NotSignedIn, TooManyAttempts, Unavailable
from chatbot_app.identity_providers import IdentityProblem, Problem
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import handshakes, sessions

router = APIRouter(prefix="/api/auth/oidc")

SETTINGS = "/settings"


class Start(Form):
    """What the button sends: where to go afterwards; or, of somebody who is signed in, that the
    provider is to be connected to their account.
    """

    next: str = ""
    connect: Literal["", "yes"] = ""


async def _find_viewer(token: Annotated[str | None, Depends(session_token)]) -> Viewer | None:
    try:
        return await db.in_thread(sessions.resolve, token)
    except NotSignedIn:
        return None


Maybe = Annotated[Viewer | None, Depends(_find_viewer)]


@router.post("/{provider}/start", dependencies=[Depends(require_own_origin)])
async def start(
    provider: str, form: Start, request: Request, response: Response, viewer: Maybe
) -> dict[str, str]:
    """Say where the provider asks who somebody is, and have the browser keep what this sign-in is
    known by.
    """
    if form.connect and viewer is None:
        raise NotSignedIn
    departure = await handshakes.begin(
        provider,
        next_path=local_path(form.next) or "",
        connecting=viewer if form.connect else None,
        address=client_address(request),
    )
    settings = get_settings()
    response.set_cookie(
        handshake_cookie(is_https=settings.is_https),
        departure.token,
        max_age=int(handshakes.LIFETIME.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",  # it has to come along when the provider leads back
    )
    return {"next": departure.url}


@router.get("/{provider}/callback")
async def callback(
    provider: str, request: Request, session: Annotated[str | None, Depends(session_token)]
) -> Response:
    """Take in who comes back: lead to the page that was asked for, or to where it can be said what
    went wrong. What the browser kept is worth nothing afterwards.
    """
    name = handshake_cookie(is_https=get_settings().is_https)
    token = read_cookie(request.headers.get("cookie", ""), name)
    said = request.query_params
    brought = handshakes.Callback(
        code=said.get("code", ""),
        state=said.get("state", ""),
        issuer=said.get("iss", ""),
        error=said.get("error", ""),
    )
    viewer: Viewer | None = None
    try:
        viewer = await _find_viewer(session)
        if token is None and viewer is not None:
            return _to("/")  # the same address again, after all went well
        arrival = await handshakes.arrive(
            provider, token, brought, viewer=viewer, address=client_address(request)
        )
        answer = _to(f"{SETTINGS}?{urlencode({'connected': provider})}")
        if arrival.grant:
            answer = _admitted(arrival.grant, arrival.next)
    except AppError as error:
        place = SETTINGS if viewer else "/login"
        answer = _to(f"{place}?{urlencode({'problem': _word(error), 'provider': provider})}")
    drop_cookie(answer, name)
    return answer


def _admitted(grant: SessionGrant, asked: str) -> Response:
    """Hand out what was granted, and lead on."""
    answer = _to(way_on(grant, asked))
    grant_cookie(answer, grant)
    return answer


def _word(error: AppError) -> Problem:
    """Name a refusal by the word that the page knows it by."""
    if isinstance(error, IdentityProblem):
        return error.kind
    if isinstance(error, TooManyAttempts):
        return "busy"
    if isinstance(error, Unavailable):
        return "unavailable"
    return "disabled" if isinstance(error, Forbidden) else "failed"


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
