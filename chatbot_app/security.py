"""Passwords and tokens as pure functions: everything they need comes in as an argument.

No database, no settings, no Reflex, no threads. Which passwords are good enough is a rule and
lives in `services.passwords`; whether a session still stands is known to its row alone.
"""

import base64
import hashlib
import hmac
import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import bcrypt
import jwt

from chatbot_app.errors import NotSignedIn

ISSUER = "chatbot_app"

# What a token is for stands in its header and decides its audience, so that none passes for another
# (RFC 8725, 3.11 and 3.12).
SESSION: Final = "session+jwt"
ACCESS: Final = "access+jwt"
REFRESH: Final = "refresh+jwt"
SECOND_FACTOR: Final = "second-factor+jwt"
OIDC: Final = "oidc+jwt"
AUDIENCES = {
    SESSION: "chatbot_app:browser",
    ACCESS: "chatbot_app:program",
    REFRESH: "chatbot_app:refresh",
    SECOND_FACTOR: "chatbot_app:second-factor",
    OIDC: "chatbot_app:oidc",
}

# Untyped: PyJWT's signatures name types of a package that HS256 does without.
_jwt: Any = jwt

CLOCK_SKEW = 10  # seconds a clock may be set back before a fresh token looks like the future's

# Not a secret, on purpose. It keeps our pre-hash apart from anybody else's, so that a list of
# stolen SHA-256 hashes can't be tried here; and since it never changes, a new JWT_SECRET signs
# everybody out but locks nobody out.
_PASSWORD_DOMAIN = b"chatbot_app.password.v1"

# Keeps the key that secrets are sealed with apart from the one that tokens are signed with (RFC 5869,
# section 3.2).
_SEAL_DOMAIN = b"chatbot_app.seal.v1"
_NONCE_BYTES = 12

_BY_HAND = "h."  # no mailed token has a dot in it


@dataclass(frozen=True)
class Claims:
    """What a valid token of a session says; `number` counts a program's refresh tokens."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    expires_at: datetime
    number: int = 0


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


def issue_token(claims: Claims, *, secret: str, issued_at: datetime, kind: str = SESSION) -> str:
    """Sign a token that names a session: `SESSION`, `ACCESS` or `REFRESH`."""
    payload = {"sub": str(claims.user_id), "sid": str(claims.session_id), "num": claims.number}
    return sign(payload, kind=kind, secret=secret, issued_at=issued_at, until=claims.expires_at)


def read_token(token: str, *, secret: str, kind: str = SESSION) -> Claims:
    """Check a token that names a session; see `unsign`.

    Raises: NotSignedIn whatever is wrong, and does not say what.
    """
    payload = unsign(token, kind=kind, secret=secret)
    try:
        return Claims(
            user_id=uuid.UUID(payload["sub"]),
            session_id=uuid.UUID(payload["sid"]),
            expires_at=datetime.fromtimestamp(payload["exp"], UTC),
            number=int(payload.get("num", 0)),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotSignedIn from error


def sign(
    payload: dict[str, Any], *, kind: str, secret: str, issued_at: datetime, until: datetime
) -> str:
    """Sign what is to come back unchanged, for one purpose and until then: a JWT with HS256.

    Anybody can read it.
    """
    claims = {"iat": issued_at, "exp": until, "aud": AUDIENCES[kind], "iss": ISSUER}
    return _jwt.encode({**payload, **claims}, secret, algorithm="HS256", headers={"typ": kind})


def unsign(token: str, *, kind: str, secret: str) -> dict[str, Any]:
    """Check a token's signature, times, issuer, audience and type; give what was signed.

    The algorithm is pinned and every claim required, for PyJWT insists on neither by itself.

    Raises: NotSignedIn whatever is wrong, and does not say what.
    """
    try:
        decoded = _jwt.decode_complete(
            token,
            secret,
            algorithms=["HS256"],
            audience=AUDIENCES[kind],
            issuer=ISSUER,
            leeway=CLOCK_SKEW,
            options={"require": ["iat", "exp", "aud", "iss"]},
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise NotSignedIn from error
    if decoded["header"].get("typ") != kind:
        raise NotSignedIn
    return decoded["payload"]


def fingerprint(text: str, *, secret: str) -> str:
    """Give a mark that tells whether a text is still the same, and nothing about it."""
    return hmac.new(secret.encode("utf-8"), text.encode("utf-8"), hashlib.sha256).hexdigest()


def seal(text: str, *, secret: str, owner: str) -> str:
    """Encrypt a short text (AES-256-GCM) that only the same secret opens again, for this owner."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(secret).encrypt(nonce, text.encode("utf-8"), owner.encode("utf-8"))
    return base64.b64encode(nonce + sealed).decode("ascii")


def unseal(sealed: str, *, secret: str, owner: str) -> str | None:
    """Decrypt what `seal` gave; None if the secret or the owner was another, or a bit has changed."""
    from cryptography.exceptions import InvalidTag

    try:
        raw = base64.b64decode(sealed, validate=True)
        nonce, rest = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        return _cipher(secret).decrypt(nonce, rest, owner.encode("utf-8")).decode("utf-8")
    except (InvalidTag, ValueError):
        return None


def _cipher(secret: str) -> Any:
    # Imported when it is needed: it is large, and most never see it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SEAL_DOMAIN)
    return AESGCM(derived.derive(secret.encode("utf-8")))


LINK_TOKEN_CHARS = 43
"""What `new_link_token` gives."""


def new_link_token() -> str:
    """Give a token for a link: 256 random bits. Of one that is good for an account only a hash is
    kept.
    """
    return secrets.token_urlsafe(32)


def link_hash(token: str) -> str:
    """Hash such a token. Nothing slow is needed where nothing can be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def by_hand(token: str) -> str:
    """Give a link's token in the form that is handed over: it opens the same door, but nobody can
    tell from it the token that was mailed, and so it proves nothing about who reads the mail.
    """
    if is_by_hand(token):
        return token
    digest = hashlib.sha256(f"by hand: {token}".encode("utf-8", "surrogatepass")).digest()
    return _BY_HAND + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def is_by_hand(token: str) -> bool:
    """Whether this token was handed over, and not mailed."""
    return token.startswith(_BY_HAND)


def door_hash(token: str) -> str:
    """Hash a link's token so that both of its forms, mailed and handed over, give the same."""
    return link_hash(by_hand(token))
