"""What every route must know of a request: where it comes from, and whose session it carries."""

from fastapi import Request

from chatbot_app.config import get_settings
from chatbot_app.cookies import read_cookie, session_cookie
from chatbot_app.errors import Forbidden


def require_own_origin(request: Request) -> None:
    """Refuse what a page of another site sends (ASVS V3.5.1). Programs send no Origin and carry no
    cookie by accident.

    Raises:
        Forbidden: the Origin is not one of ours.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in get_settings().origins:
        raise Forbidden(
            "This address is not allowed to sign in here."
            " Whoever runs this server can add it to ALLOWED_ORIGINS."
        )


def client_address(request: Request) -> str:
    """The address a request comes from, past as many proxies as the settings trust."""
    hops = get_settings().trusted_proxy_hops
    forwarded = [
        a.strip() for a in request.headers.get("x-forwarded-for", "").split(",") if a.strip()
    ]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return request.client.host if request.client else "unknown"


def session_token(request: Request) -> str | None:
    """The session's JWT in the request's cookies, if there is one."""
    name = session_cookie(is_https=get_settings().is_https)
    return read_cookie(request.headers.get("cookie", ""), name)


def local_path(target: str) -> str | None:
    """`target` if it is a path on this site and nothing else (ASVS V3.7.2), or None."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    is_plain = target.isprintable() and "\\" not in target
    return target if is_local and is_plain else None
