"""Passwords and tokens: what is accepted, and everything that must not be."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from chatbot_app import security
from chatbot_app.errors import NotSignedIn
from chatbot_app.security import Claims

SECRET = "a secret of more than sixty-four bytes, so that no algorithm objects to it"
NOW = datetime.now(UTC).replace(microsecond=0)
CLAIMS = Claims(uuid.uuid4(), uuid.uuid4(), NOW + timedelta(days=1))


def forged(*, key: str = SECRET, algorithm: str = "HS256", typ: str | None = None, **changes: Any):
    """Make a token like ours, but for the changes; a claim of None is left out."""
    payload = {
        "sub": str(CLAIMS.user_id),
        "sid": str(CLAIMS.session_id),
        "iat": NOW,
        "exp": NOW + timedelta(days=1),
        "aud": security.AUDIENCES[security.SESSION],
        "iss": security.ISSUER,
    } | changes
    kept = {name: value for name, value in payload.items() if value is not None}
    headers = {"typ": typ or security.SESSION}
    return jwt.encode(kept, key, algorithm=algorithm, headers=headers)


def test_a_password_opens_only_what_it_locked():
    locked = security.hash_password("correct horse", cost=4)

    assert security.verify_password("correct horse", locked)
    assert not security.verify_password("correct hors", locked)


def test_the_same_password_is_never_stored_the_same_way():
    assert security.hash_password("x" * 15, cost=4) != security.hash_password("x" * 15, cost=4)


@pytest.mark.parametrize("kept", [71, 72, 73, 255])
def test_every_character_counts_however_long_the_password(kept: int):
    locked = security.hash_password("a" * kept + "b", cost=4)

    assert not security.verify_password("a" * kept + "c", locked)
    assert not security.verify_password("a" * kept, locked)


@pytest.mark.parametrize(
    "password", ["   fifteen blanks   ", "🐎🔋🧷 correct 🐴", "пароль подлиннее"]
)
def test_spaces_emoji_and_any_script_are_welcome(password: str):
    locked = security.hash_password(password, cost=4)

    assert security.verify_password(password, locked)
    assert not security.verify_password(password.strip() + "!", locked)


def test_a_password_typed_on_another_keyboard_is_the_same():
    composed, decomposed = "caf\u00e9 au lait please", "cafe\u0301 au lait please"

    assert security.verify_password(decomposed, security.hash_password(composed, cost=4))


def test_no_password_opens_the_dummy_and_it_costs_the_same():
    dummy = security.dummy_hash(cost=4)

    assert dummy[:7] == security.hash_password("any", cost=4)[:7]
    assert not security.verify_password("any", dummy)
    assert not security.verify_password("", dummy)


def test_a_token_says_whose_session_it_is():
    token = security.issue_token(CLAIMS, secret=SECRET, issued_at=NOW)

    assert security.read_token(token, secret=SECRET) == CLAIMS
    assert security.read_token(forged(), secret=SECRET) == CLAIMS  # so `forged` forges well


@pytest.mark.parametrize("claim", ["sub", "sid", "iat", "exp", "aud", "iss"])
def test_a_token_without_one_of_its_claims_is_refused(claim: str):
    with pytest.raises(NotSignedIn):
        security.read_token(forged(**{claim: None}), secret=SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody else"},
        {"iss": "somebody else"},
        {"exp": NOW - timedelta(minutes=1)},
        {"iat": NOW + timedelta(hours=5)},
        {"typ": "JWT"},
        {"typ": "refresh+jwt"},
        {"key": SECRET[::-1]},
        {"algorithm": "HS384"},
        {"algorithm": "HS512"},
        {"sub": "not an id"},
        {"sid": "not an id"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_token_of_another_kind_key_or_time_is_refused(changes: dict[str, Any]):
    with pytest.raises(NotSignedIn):
        security.read_token(forged(**changes), secret=SECRET)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256"])
def test_a_token_without_a_signature_is_refused(algorithm: str):
    header = {"alg": algorithm, "typ": security.SESSION}
    body = forged().split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    with pytest.raises(NotSignedIn):
        security.read_token(f"{head}.{body}.", secret=SECRET)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 10_000, "\ud800", "\0", "é.é.é"])
def test_what_is_no_token_at_all_is_refused(token: str):
    with pytest.raises(NotSignedIn):
        security.read_token(token, secret=SECRET)
