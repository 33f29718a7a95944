"""Checking an ID token (OpenID Connect Core 1.0, 3.1.3.7): who signed it, for whom, when, and for
which sign-in. Pure functions; keys and time come in as arguments.
"""

import hmac
from collections.abc import Iterable
from typing import Any

ALGORITHMS = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
"""Signatures by a key that only the provider has. Neither `none` nor HMAC, for which anybody could
take the public key (RFC 8725, 2.1).
"""

LEEWAY_SECONDS = 60
SUBJECT_MAX_CHARS = 255


class Refused(Exception):
    """The token proves nothing; the message says why, in a word for the log."""


class UnknownKey(Refused):
    """None of these keys is the one that signed it, as far as it says."""


def read(
    token: str, keys: Iterable[dict[str, Any]], *, issuer: str, client_id: str, nonce: str, now: int
) -> dict[str, Any]:
    """Give what a token says that this issuer made for this client and this sign-in.

    Raises: UnknownKey, Refused.
    """
    from joserfc.errors import JoseError

    try:
        claims = _verified(token, keys)
        _check(claims, issuer=issuer, client_id=client_id, now=now)
    except (JoseError, ValueError, TypeError) as error:
        raise Refused(type(error).__name__) from None
    _require_party(claims, client_id)
    said = claims["nonce"]
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise Refused("nonce")
    if len(claims["sub"]) > SUBJECT_MAX_CHARS or not claims["sub"].isprintable():
        raise Refused("sub")
    return claims


def _verified(token: str, keys: Iterable[dict[str, Any]]) -> dict[str, Any]:
    from joserfc import jws, jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    header = jws.extract_compact(token.encode("ascii")).headers()
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise Refused("alg")
    candidates = [
        key
        for key in keys
        if key.get("kty") in ("RSA", "EC")
        and key.get("use", "sig") == "sig"
        and key_id in (None, key.get("kid"))
    ]
    if not candidates:
        raise UnknownKey("kid")
    for candidate in candidates:
        try:
            key = JWKRegistry.import_key(candidate)
            return jwt.decode(token, key, algorithms=[algorithm]).claims
        except JoseError:
            continue  # a token that names no key may be signed with any of them
    raise (UnknownKey if key_id is None else Refused)("signature")


def _check(claims: dict[str, Any], *, issuer: str, client_id: str, now: int) -> None:
    from joserfc.jwt import JWTClaimsRegistry

    registry = JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    registry.validate(claims)


def _require_party(claims: dict[str, Any], client_id: str) -> None:
    """Where the token is for several, it was made for whom `azp` names."""
    audience, party = claims["aud"], claims.get("azp")
    is_shared = isinstance(audience, list) and len(audience) > 1  # pyright: ignore[reportUnknownArgumentType]
    if (is_shared or party is not None) and party != client_id:
        raise Refused("azp")
