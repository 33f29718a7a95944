"""Talking to a provider: by Authlib's client, with an end to patience, and errors in plain words."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx2
from pydantic import SecretStr

from chatbot_app.errors import Unavailable
from chatbot_app.identity_providers.problems import SENTENCES, IdentityProblem
from chatbot_app.words import t

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long one question may take, whatever trickles in meanwhile."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


async def certificates() -> ssl.SSLContext:
    """Give what providers' certificates are checked against.

    Read once, and beside the event loop, which would stand still for 50 ms at every question.
    """
    return await asyncio.to_thread(_read_certificates)


@cache
def _read_certificates() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


async def client(
    *, client_id: str, secret: SecretStr, scope: str, redirect_uri: str, method: str
) -> Any:
    """Make an OAuth client for one sign-in (Authlib's `AsyncOAuth2Client`); to be closed."""
    from authlib.integrations.httpx_client import (  # pyright: ignore[reportMissingTypeStubs]
        AsyncOAuth2Client,
    )

    return AsyncOAuth2Client(
        client_id=client_id,
        client_secret=secret.get_secret_value(),
        scope=scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
        timeout=PATIENCE_SECONDS,
        verify=await certificates(),
        leeway=0,  # a token that is good for a minute is good for the one question that we have
    )


@asynccontextmanager
async def asking(name: str) -> AsyncGenerator[None]:
    """Ask the provider something: what fails leaves as an error that a person may be shown.

    What it says of a failure is another server's text, and goes nowhere but, in a word, to the log.

    Raises: Unavailable, IdentityProblem when what it answers can't be used.
    """
    from authlib.common.errors import (  # pyright: ignore[reportMissingTypeStubs]
        AuthlibBaseError,
    )

    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except httpx2.HTTPStatusError as error:
        log.warning("%s answered %d to %s", name, error.response.status_code, _where(error))
        if error.response.is_client_error:
            raise IdentityProblem("unproven", name) from None
        raise _unavailable(name) from None
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("%s can't be reached: %s", name, type(error).__name__)
        raise _unavailable(name) from None
    except AuthlibBaseError as error:
        log.warning("%s refused: %.60r", name, getattr(error, "error", ""))
        raise IdentityProblem("unproven", name) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # Not what the standards say; the libraries stumble over it in their own ways.
        log.warning("%s answered what can't be used: %s", name, type(error).__name__)
        raise IdentityProblem("unproven", name) from None


def distrust(name: str, reason: str) -> IdentityProblem:
    """Say in the log why this provider's word isn't taken, and to the person that it isn't."""
    log.warning("%s is not believed: %s", name, reason)
    return IdentityProblem("unproven", name)


def is_private(url: str, *, may_be_http: bool) -> bool:
    """Whether nobody on the way reads what is said there: https, or this very machine."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError):
        return False
    is_plain = parsed.scheme == "http" and (may_be_http or parsed.host in LOOPBACK)
    return bool(parsed.host) and (parsed.scheme == "https" or is_plain)


def _unavailable(name: str) -> Unavailable:
    away = SENTENCES["unavailable"]
    return Unavailable(t(away, name=name))


def _where(error: httpx2.HTTPStatusError) -> str:
    return f"{error.request.url.host}{error.request.url.path}"
