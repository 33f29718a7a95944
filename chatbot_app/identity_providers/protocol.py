"""What the platform asks of any identity provider, and nothing about a particular one."""

import secrets
from dataclasses import dataclass, field
from typing import Protocol


def _random() -> str:
    return secrets.token_urlsafe(48)


@dataclass(frozen=True)
class Handshake:
    """What one sign-in is known by on its way there and back: it is kept by the browser that began
    it, and each value is good for this one time.

    `state` ties the way back to that browser (RFC 9700, 4.7), `nonce` the ID token to this sign-in
    (OpenID Connect Core, 3.1.2.1), and without `verifier` nobody can use the code (RFC 7636).
    """

    redirect_uri: str
    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)


@dataclass(frozen=True)
class Callback:
    """What the browser brought back from the provider. Anybody can write such an address."""

    code: str = ""
    state: str = ""
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True)
class ProvenIdentity:
    """Who somebody is, as a provider has proven it. Only issuer and subject never change."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str


class IdentityProvider(Protocol):
    """Somebody who says who people are."""

    @property
    def id(self) -> str:
        """What it is called in addresses."""
        ...

    @property
    def name(self) -> str:
        """What it is called on the page."""
        ...

    @property
    def issuer(self) -> str:
        """What its identities are kept under."""
        ...

    async def authorization_url(self, handshake: Handshake) -> str:
        """Say where the browser goes, to be asked who it is.

        Raises: Unavailable, IdentityProblem.
        """
        ...

    async def identify(self, callback: Callback, handshake: Handshake) -> ProvenIdentity:
        """Have the provider prove who came back; that `state` is the right one is known already.

        Raises: Unavailable, IdentityProblem.
        """
        ...
