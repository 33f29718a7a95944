"""Sign-ins of programs: what a refresh token is good for, and what it tells when it comes twice."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from chatbot_app import db, security
from chatbot_app.errors import Forbidden, NotSignedIn, WrongCredentials
from chatbot_app.models import AuditEntry, UserSession, now
from chatbot_app.services import accounts, sessions, tokens
from tests.conftest import PASSWORD, Person, person


@pytest.fixture
def alice(database: str) -> Person:
    return person("Alice")


async def log_in(who: Person, password: str = PASSWORD) -> tokens.TokenPair:
    return await tokens.log_in(email=who.email, password=password, code="", address="192.0.2.1")


def whose(pair: tokens.TokenPair) -> str:
    return sessions.resolve(pair.access_token, kind=security.ACCESS).email


def is_over(pair: tokens.TokenPair) -> bool:
    try:
        sessions.resolve(pair.access_token, kind=security.ACCESS)
    except NotSignedIn:
        return True
    return False


async def test_a_program_signs_in_and_stays_so_with_ever_new_tokens(alice: Person):
    first = await log_in(alice)
    second = tokens.refresh(first.refresh_token)
    third = tokens.refresh(second.refresh_token)

    assert whose(first) == whose(second) == whose(third) == alice.email
    assert first.expires_in == 900
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


async def test_a_refresh_token_that_comes_a_second_time_ends_the_sign_in(alice: Person):
    first = await log_in(alice)
    second = tokens.refresh(first.refresh_token)

    with pytest.raises(NotSignedIn):
        tokens.refresh(first.refresh_token)

    assert is_over(second)
    with pytest.raises(NotSignedIn):
        tokens.refresh(second.refresh_token)
    with db.session() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "refresh-reuse")).one()
    assert (entry.target_id, entry.outcome) == (alice.id, "refused")
    assert sessions.resolve(alice.token).email == alice.email, "the browser stays signed in"


async def test_of_two_at_the_same_moment_one_at_most_gets_tokens(alice: Person):
    pair = await log_in(alice)
    together = threading.Barrier(2)
    got: list[tokens.TokenPair | None] = []

    def refresh() -> None:
        together.wait()
        try:
            got.append(tokens.refresh(pair.refresh_token))
        except NotSignedIn:
            got.append(None)

    racing = [threading.Thread(target=refresh) for _ in range(2)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()

    assert got.count(None) == 1
    assert is_over(pair)


@pytest.mark.parametrize("kind", [security.SESSION, security.ACCESS, security.REFRESH])
async def test_no_token_passes_for_one_of_another_kind(alice: Person, kind: str):
    pair = await log_in(alice)
    of_kind = {
        security.SESSION: alice.token,
        security.ACCESS: pair.access_token,
        security.REFRESH: pair.refresh_token,
    }
    for other, token in of_kind.items():
        if other == kind:
            continue
        with pytest.raises(NotSignedIn):
            sessions.resolve(token, kind=kind)
        if kind == security.REFRESH:
            with pytest.raises(NotSignedIn):
                tokens.refresh(token)
    assert not is_over(pair)


async def test_a_wrong_password_gets_nothing(alice: Person):
    with pytest.raises(WrongCredentials):
        await log_in(alice, "not the password at all")


async def test_a_disabled_person_gets_nothing(alice: Person):
    accounts.disable(alice.id)

    with pytest.raises(Forbidden):
        await log_in(alice)


ENDS: list[Callable[[Person, tokens.TokenPair], None]] = [
    lambda _alice, pair: tokens.log_out(pair.refresh_token),
    lambda alice, _pair: sessions.end_others(alice.viewer),
    lambda alice, _pair: accounts.disable(alice.id),
    lambda alice, _pair: accounts.delete(alice.id),
]


@pytest.mark.parametrize("end", ENDS, ids=["log out", "sign out others", "disable", "delete"])
async def test_when_the_sign_in_ends_both_tokens_are_worth_nothing(
    alice: Person, end: Callable[[Person, tokens.TokenPair], None]
):
    pair = await log_in(alice)
    assert not is_over(pair)

    end(alice, pair)

    assert is_over(pair)
    with pytest.raises(NotSignedIn):
        tokens.refresh(pair.refresh_token)


async def test_signing_out_again_has_nobody_looked_at_anew(alice: Person):
    pair = await log_in(alice)
    tokens.log_out(pair.refresh_token)
    changes = sessions.changes()

    tokens.log_out(pair.refresh_token)

    assert sessions.changes() == changes


async def test_an_access_token_ends_by_itself_and_the_refresh_token_goes_on(
    alice: Person, settings: Callable[..., None]
):
    settings(ACCESS_TOKEN_SECONDS=1)
    pair = await log_in(alice)
    with pytest.MonkeyPatch.context() as later:
        later.setattr(security, "CLOCK_SKEW", -5)
        assert is_over(pair)
    assert whose(tokens.refresh(pair.refresh_token)) == alice.email


async def test_a_program_that_was_away_too_long_signs_in_anew(alice: Person):
    pair = await log_in(alice)
    with db.session(write=True) as session:
        long_ago = update(UserSession).where(col(UserSession.kind) == "program")
        session.exec(long_ago.values(last_seen_at=now() - timedelta(days=8)))

    with pytest.raises(NotSignedIn):
        tokens.refresh(pair.refresh_token)


async def test_a_program_is_one_of_the_devices(alice: Person):
    await log_in(alice)

    assert [(d.is_program, d.is_current) for d in sessions.list_for(alice.viewer)] == [
        (False, True),
        (True, False),
    ]
