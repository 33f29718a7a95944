"""What an OpenID Connect provider says of itself (OpenID Connect Discovery 1.0), kept an hour."""

import time
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from pydantic import BaseModel

from chatbot_app.identity_providers.outside import (
    PATIENCE_SECONDS,
    asking,
    certificates,
    distrust,
    is_private,
)

KEPT_SECONDS = 3600.0
WELL_KNOWN: Final = "/.well-known/openid-configuration"


class Document(BaseModel):
    """The part of it that is needed here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False

    @property
    def token_method(self) -> str:
        """How the client shows its secret: in the body where it may, for in the header providers
        don't agree on how to write what is no letter or digit (RFC 6749, 2.3.1).
        """
        is_post = "client_secret_post" in self.token_endpoint_auth_methods_supported
        return "client_secret_post" if is_post else "client_secret_basic"


class _Keys(BaseModel):
    keys: list[dict[str, Any]]


@dataclass(frozen=True)
class _Kept:
    value: Any
    until: float


_kept: dict[str, _Kept] = {}


def forget() -> None:
    """Ask every provider anew."""
    _kept.clear()


async def document(name: str, issuer: str, *, may_be_http: bool) -> Document:
    """Give a provider's document, whose issuer is the one that was set; a slash at the end is all
    that may differ.

    Raises: Unavailable, IdentityProblem.
    """
    found = _find(issuer)
    if isinstance(found, Document):
        return found
    address = issuer.rstrip("/") + WELL_KNOWN
    if not is_private(address, may_be_http=may_be_http):
        raise distrust(name, "its issuer is not at https")
    async with asking(name):
        known = Document.model_validate(await _get(address))
    if known.issuer.rstrip("/") != issuer.rstrip("/"):
        raise distrust(name, "its document is another issuer's")
    used = (known.authorization_endpoint, known.token_endpoint, known.jwks_uri)
    for url in (*used, *filter(None, [known.userinfo_endpoint])):
        if not is_private(url, may_be_http=may_be_http):
            raise distrust(name, "not all of its addresses are at https")
    _keep(issuer, known)
    return known


async def keys(name: str, address: str, *, is_fresh: bool = False) -> list[dict[str, Any]]:
    """Give the public keys that a provider signs with; with `is_fresh` it is asked in any case.

    Raises: Unavailable, IdentityProblem.
    """
    found = None if is_fresh else _find(address)
    if isinstance(found, list):
        return found  # pyright: ignore[reportUnknownVariableType]
    async with asking(name):
        known = _Keys.model_validate(await _get(address)).keys
    _keep(address, known)
    return known


async def _get(address: str) -> Any:
    verify = await certificates()
    async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS, verify=verify) as client:
        answer = await client.get(address, headers={"accept": "application/json"})
    return answer.raise_for_status().json()


def _find(key: str) -> Any:
    kept = _kept.get(key)
    return kept.value if kept and kept.until > time.monotonic() else None


def _keep(key: str, value: Any) -> None:
    _kept[key] = _Kept(value, time.monotonic() + KEPT_SECONDS)
