"""Passwords and tokens as pure functions: everything they need comes in as an argument.

No database, no settings, no Reflex, no threads. Which passwords are good enough is a rule and
lives in `services.passwords`; whether a session still stands is known to its row alone.
"""

import base64
import hashlib
import hmac
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import bcrypt
import jwt

from chatbot_app.errors import NotSignedIn

ISSUER = "chatbot_app"
AUDIENCE = "chatbot_app:browser"
SESSION_JWT = "session+jwt"
# Untyped: PyJWT's signatures name types of a package that HS256 does without.
_jwt: Any = jwt

CLOCK_SKEW = 10  # seconds a clock may be set back before a fresh token looks like the future's

# Not a secret, on purpose. It keeps our pre-hash apart from anybody else's, so that a list of
# stolen SHA-256 hashes can't be tried here; and since it never changes, a new JWT_SECRET signs
# everybody out but locks nobody out.
_PASSWORD_DOMAIN = b"chatbot_app.password.v1"


@dataclass(frozen=True)
class Claims:
    """What a valid session token says."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    expires_at: datetime


def hash_password(password: str, *, cost: int) -> str:
    """Hash a password of any length with bcrypt at 2**cost rounds; slow, and blocking.

    bcrypt reads 72 bytes and stops at a NUL, so it gets 44 characters of base64 that stand for
    the whole password (ASVS 5.0 V6.2, OWASP's advice on pre-hashing).
    """
    return bcrypt.hashpw(_prehash(password), bcrypt.gensalt(cost)).decode("ascii")


def verify_password(password: str, password_hash: str) -> bool:
    """Whether the password made this hash; takes as long as hashing at the hash's cost."""
    return bcrypt.checkpw(_prehash(password), password_hash.encode("ascii"))


def dummy_hash(*, cost: int) -> str:
    """Give a hash that no password made, so that unknown e-mails cost the same (ASVS V6.3.8)."""
    return f"$2b${cost:02d}${'.' * 53}"


def _prehash(password: str) -> bytes:
    # NFKC: the same password typed on another system may come as other code points
    # (NIST SP 800-63B-4, 3.1.1.2).
    normal = unicodedata.normalize("NFKC", password).encode("utf-8")
    return base64.b64encode(hmac.digest(_PASSWORD_DOMAIN, normal, hashlib.sha256))


def issue_token(claims: Claims, *, secret: str, issued_at: datetime) -> str:
    """Sign a session token: a JWT with HS256."""
    payload: dict[str, Any] = {
        "sub": str(claims.user_id),
        "sid": str(claims.session_id),
        "iat": issued_at,
        "exp": claims.expires_at,
        "aud": AUDIENCE,
        "iss": ISSUER,
    }
    return _jwt.encode(payload, secret, algorithm="HS256", headers={"typ": SESSION_JWT})


def read_token(token: str, *, secret: str) -> Claims:
    """Check a session token's signature, times, issuer, audience and type.

    The algorithm is pinned and every claim required, for PyJWT insists on neither by itself; the
    type is checked so that another kind of token never passes for a session (RFC 8725, 3.11).

    Raises: NotSignedIn whatever is wrong, and does not say what.
    """
    try:
        decoded = _jwt.decode_complete(
            token,
            secret,
            algorithms=["HS256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=CLOCK_SKEW,
            options={"require": ["sub", "sid", "iat", "exp", "aud", "iss"]},
        )
        payload = decoded["payload"]
        if decoded["header"].get("typ") != SESSION_JWT:
            raise NotSignedIn
        return Claims(
            user_id=uuid.UUID(payload["sub"]),
            session_id=uuid.UUID(payload["sid"]),
            expires_at=datetime.fromtimestamp(payload["exp"], UTC),
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise NotSignedIn from error
