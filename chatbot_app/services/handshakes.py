"""Signing in by somebody else: the way to the provider, and the way back.

What ties the two together is signed and kept by the browser for ten minutes, so any worker can take
up what another began. It is good for one browser, one provider and one code, which the provider
takes once.
"""

import hmac
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import NotSignedIn, TooManyAttempts
from chatbot_app.identity_providers import Callback, Handshake, IdentityProblem, IdentityProvider
from chatbot_app.models import now
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import identities, throttle
from chatbot_app.services.rates import Buckets
from chatbot_app.words import t

__all__ = ["LIFETIME", "Arrival", "Callback", "Departure", "arrive", "begin", "forget"]

LIFETIME = timedelta(minutes=10)

STEPS_PER_SECOND = 2.0
"""Departures and arrivals of one address: each has us ask somebody else's server."""

_steps = Buckets()


@dataclass(frozen=True)
class Departure:
    """Where the browser goes, and what it keeps meanwhile."""

    url: str
    token: str


@dataclass(frozen=True)
class Arrival:
    """Whoever came back: with a session to be handed out, or as who they were, with one more way to
    sign in. `next` is the page that was asked for, or nothing.
    """

    grant: SessionGrant | None
    next: str = ""


async def begin(
    provider_id: str, *, next_path: str, connecting: Viewer | None, address: str
) -> Departure:
    """Set out for a provider: to sign in, or to connect it to the account of who is signed in.

    Raises: NotFound, Unavailable, IdentityProblem, TooManyAttempts.
    """
    _slow_down(address)
    provider = identities.provider(provider_id)
    handshake = Handshake(redirect_uri(provider))
    url = await provider.authorization_url(handshake)
    moment = now()
    token = security.sign(
        {
            **asdict(handshake),
            "provider": provider.id,
            "next": next_path,
            "session": str(connecting.session_id) if connecting else "",
        },
        kind=security.OIDC,
        secret=get_settings().signing_key,
        issued_at=moment,
        until=moment + LIFETIME,
    )
    return Departure(url, token)


async def arrive(
    provider_id: str,
    token: str | None,
    callback: Callback,
    *,
    viewer: Viewer | None,
    address: str,
) -> Arrival:
    """Take somebody in who comes back from a provider; `token` is what this browser kept.

    Raises: AppError of many kinds; those of the way are IdentityProblem.
    """
    _slow_down(address)
    provider = identities.provider(provider_id)
    kept = _kept(token, provider)
    if not hmac.compare_digest(kept["state"].encode(), callback.state.encode()):
        raise IdentityProblem("expired", provider.name)
    if callback.error or not callback.code:
        is_wish = callback.error == "access_denied"
        raise IdentityProblem("cancelled" if is_wish else "unproven", provider.name)
    connecting = kept["session"]
    if connecting and (viewer is None or str(viewer.session_id) != connecting):
        raise IdentityProblem("other-session", provider.name)
    handshake = Handshake(**{field.name: kept[field.name] for field in fields(Handshake)})
    proven = await provider.identify(callback, handshake)
    if connecting and viewer:
        await db.in_thread(identities.connect, viewer, provider, proven)
        return Arrival(None, kept["next"])
    grant = await db.in_thread(identities.enter, provider, proven, address)
    return Arrival(grant, kept["next"])


def redirect_uri(provider: IdentityProvider) -> str:
    """Say where the provider sends people back to; each has its own, so that no code can be taken
    for another's (RFC 9700, 4.4).
    """
    return f"{get_settings().public_url}/api/auth/oidc/{provider.id}/callback"


def forget() -> None:
    """Let everybody set out anew."""
    _steps.forget()


def _kept(token: str | None, provider: IdentityProvider) -> dict[str, Any]:
    try:
        kept = security.unsign(token or "", kind=security.OIDC, secret=get_settings().signing_key)
    except NotSignedIn:
        raise IdentityProblem("expired", provider.name) from None
    if kept["provider"] != provider.id or kept["redirect_uri"] != redirect_uri(provider):
        raise IdentityProblem("expired", provider.name)
    return kept


def _slow_down(address: str) -> None:
    if not _steps.take(throttle.network(address), rate=STEPS_PER_SECOND):
        raise TooManyAttempts(
            t("That was a lot at once. Please wait a moment and try again."), retry_after=1
        )
