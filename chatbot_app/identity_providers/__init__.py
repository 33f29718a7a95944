"""Others who say who somebody is: one protocol and the providers that keep it.

What goes wrong with them ends here: it leaves this package as an `AppError` with a sentence that is
safe to show. Nothing here knows of accounts, sessions or the database. Authlib and joserfc are
imported when they are first needed, for most servers never ask anybody else.
"""

from chatbot_app.config import Settings
from chatbot_app.identity_providers.github import GitHub
from chatbot_app.identity_providers.openid import OpenIDConnect
from chatbot_app.identity_providers.problems import SENTENCES, IdentityProblem, Problem
from chatbot_app.identity_providers.protocol import (
    Callback,
    Handshake,
    IdentityProvider,
    ProvenIdentity,
)

__all__ = [
    "SENTENCES",
    "Callback",
    "Handshake",
    "IdentityProblem",
    "IdentityProvider",
    "Problem",
    "ProvenIdentity",
    "configured",
]

GOOGLE = "https://accounts.google.com"


def configured(settings: Settings) -> list[IdentityProvider]:
    """List the providers that the operator has set, in the order in which they are offered."""
    found: list[IdentityProvider] = []
    if settings.google_client_id:
        found.append(
            OpenIDConnect(
                id="google",
                name="Google",
                issuer=GOOGLE,
                client_id=settings.google_client_id,
                client_secret=settings.google_client_secret,
                may_be_http=settings.testing,
            )
        )
    if settings.github_client_id:
        found.append(
            GitHub(
                id="github",
                name="GitHub",
                issuer=settings.github_url,
                client_id=settings.github_client_id,
                client_secret=settings.github_client_secret,
                may_be_http=settings.testing,
            )
        )
    if settings.oidc_client_id:
        found.append(
            OpenIDConnect(
                id="oidc",
                name=settings.oidc_name,
                issuer=settings.oidc_issuer,
                client_id=settings.oidc_client_id,
                client_secret=settings.oidc_client_secret,
                may_be_http=settings.testing,
            )
        )
    return found
