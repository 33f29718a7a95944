"""What every route must know of a request: where it comes from, and whose session it carries."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response

from chatbot_app import addresses, db, security, words
from chatbot_app.config import get_settings
from chatbot_app.cookies import LANGUAGE, pending_cookie, read_cookie, session_cookie
from chatbot_app.errors import Forbidden
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import rates, sessions
from chatbot_app.words import t


def require_own_origin(request: Request) -> None:
    """Refuse what a page of another site sends (ASVS V3.5.1). Programs send no Origin and carry no
    cookie by accident.

    Raises:
        Forbidden: the Origin is not one of ours.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in get_settings().origins:
        raise Forbidden(
            t(
                "This address is not allowed to sign in here."
                " Whoever runs this server can add it to ALLOWED_ORIGINS."
            )
        )


def language_of(request: Request) -> str:
    """The language to answer in."""
    headers = request.headers
    chosen = read_cookie(headers.get("cookie", ""), LANGUAGE)
    return words.choose(chosen, headers.get("accept-language", ""))


def client_address(request: Request) -> str:
    """The address a request comes from, past as many proxies as the settings trust."""
    return addresses.client_address(
        request.client.host if request.client else "",
        ",".join(
            request.headers.getlist("x-forwarded-for")
        ),  # some proxies add a line of their own
        hops=get_settings().trusted_proxy_hops,
    )


def session_token(request: Request) -> str | None:
    """The session's JWT in the request's cookies, if there is one."""
    name = session_cookie(is_https=get_settings().is_https)
    return read_cookie(request.headers.get("cookie", ""), name)


def pending_token(request: Request) -> str | None:
    """The token of a sign-in that waits for its second factor, if there is one."""
    name = pending_cookie(is_https=get_settings().is_https)
    return read_cookie(request.headers.get("cookie", ""), name)


async def viewer(request: Request) -> Viewer:
    """Who is asking: by the session's cookie or, for programs, by `Authorization: Bearer`.

    Raises: NotSignedIn, TooManyAttempts.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await db.in_thread(sessions.resolve, token.strip(), kind=security.ACCESS)
    else:
        found = await db.in_thread(sessions.resolve, session_token(request))
    rates.spend(found.user_id)
    return found


async def administrator(found: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """Who is asking, if it is an administrator.

    Raises: NotSignedIn, Forbidden.
    """
    sessions.require_admin(found)
    return found


def set_session_cookie(response: Response, grant: SessionGrant) -> None:
    """Hand the browser a session, out of reach of any script (ASVS V3.3)."""
    set_cookie(response, session_cookie(is_https=get_settings().is_https), grant)


def grant_cookie(response: Response, grant: SessionGrant) -> None:
    """Hand the browser what it was granted: a session, or the right to be asked for the code."""
    if grant.needs_code:
        set_cookie(response, pending_cookie(is_https=get_settings().is_https), grant)
    else:
        set_session_cookie(response, grant)


def way_on(grant: SessionGrant, asked: str = "") -> str:
    """Say where somebody goes who was granted this: to the page that was `asked` for, if it is one
    of ours, by way of the code where one is needed.
    """
    target = local_path(asked)
    if not grant.needs_code:
        return target or grant.landing
    return f"{grant.landing}?next={quote(target, safe='/')}" if target else grant.landing


def set_cookie(response: Response, name: str, grant: SessionGrant) -> None:
    """Hand the browser a token, out of reach of any script."""
    response.set_cookie(
        name,
        grant.token,
        max_age=grant.max_age,
        path="/",
        secure=get_settings().is_https,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, name: str) -> None:
    """Have the browser forget a token."""
    response.delete_cookie(name, path="/", secure=get_settings().is_https)


def local_path(target: str) -> str | None:
    """`target` if it is a path on this site and nothing else (ASVS V3.7.2), or None."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    is_plain = target.isprintable() and "\\" not in target
    return target if is_local and is_plain else None
