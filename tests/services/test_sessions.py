"""A sign-in stands until it ends, and not a moment longer."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from chatbot_app import db, security
from chatbot_app.errors import NotSignedIn, Unavailable
from chatbot_app.models import User, UserSession, now
from chatbot_app.services import accounts, sessions
from tests.conftest import Person


def age(owner: Person, **columns: object) -> None:
    """Change the sign-in's row behind the service's back, and let its memory pass."""
    with db.session(write=True) as session:
        row = update(UserSession).where(col(UserSession.id) == owner.viewer.session_id)
        session.exec(row.values(**columns))
    sessions.forget()


def last_seen(owner: Person) -> float:
    """Say how long ago a sign-in was used, in seconds."""
    with db.session() as session:
        row = session.get(UserSession, owner.viewer.session_id)
    assert row is not None
    return (now() - row.last_seen_at).total_seconds()


def refused(token: str | None) -> bool:
    try:
        sessions.resolve(token)
    except NotSignedIn:
        return True
    return False


def test_a_token_tells_who_is_asking(alice: Person, charlie: Person):
    assert sessions.resolve(alice.token).name == "Alice"
    assert sessions.resolve(charlie.token).user_id == charlie.id


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "\ud800", "x" * 100_000])
def test_nobody_is_asking_without_a_token(database: str, token: str | None):
    assert refused(token)


def test_signing_out_bites_at_once(alice: Person):
    sessions.sign_out(alice.viewer)

    assert refused(alice.token)


def test_signing_out_leaves_others_signed_in(alice: Person, charlie: Person):
    sessions.sign_out(alice.viewer)

    assert not refused(charlie.token)


def test_a_session_ends_after_thirty_days(alice: Person):
    age(alice, expires_at=now() + timedelta(minutes=1))
    assert not refused(alice.token)

    age(alice, expires_at=now() - timedelta(seconds=1))
    assert refused(alice.token)


def test_a_session_ends_after_seven_days_without_use(alice: Person):
    age(alice, last_seen_at=now() - timedelta(days=6, hours=23))
    assert not refused(alice.token)

    age(alice, last_seen_at=now() - timedelta(days=7, seconds=1))
    assert refused(alice.token)


def test_use_prolongs_the_idle_end(alice: Person):
    age(alice, last_seen_at=now() - timedelta(days=6))

    sessions.resolve(alice.token)

    assert last_seen(alice) < 60


def test_not_every_use_writes(alice: Person):
    age(alice, last_seen_at=now() - timedelta(minutes=4))

    sessions.resolve(alice.token)

    assert last_seen(alice) > 200


def test_a_full_disk_signs_nobody_out(alice: Person, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise Unavailable("The server's disk is full.")

    age(alice, last_seen_at=now() - timedelta(days=1))
    monkeypatch.setattr(sessions.sessions, "touch", full)

    assert not refused(alice.token)


def test_a_disabled_or_deleted_user_is_out_at_once(alice: Person, charlie: Person):
    accounts.disable(alice.id)
    accounts.delete(charlie.id)

    assert refused(alice.token)
    assert refused(charlie.token)


def test_a_token_for_another_user_does_not_fit_the_row(alice: Person, charlie: Person):
    claims = security.Claims(charlie.id, alice.viewer.session_id, now() + timedelta(days=1))
    secret = sessions.get_settings().jwt_secret.get_secret_value()

    assert refused(security.issue_token(claims, secret=secret, issued_at=now()))


def test_a_token_for_no_row_is_refused(alice: Person):
    claims = security.Claims(alice.id, uuid.uuid4(), now() + timedelta(days=1))
    secret = sessions.get_settings().jwt_secret.get_secret_value()

    assert refused(security.issue_token(claims, secret=secret, issued_at=now()))


def test_another_secret_ends_every_session(alice: Person, settings: Callable[..., None]):
    settings(JWT_SECRET="quite another secret " * 3)
    sessions.forget()

    assert refused(alice.token)


def test_a_burst_of_events_asks_the_database_once(alice: Person, monkeypatch: pytest.MonkeyPatch):
    sessions.resolve(alice.token)
    monkeypatch.setattr(db, "session", None)  # asking it again would fail

    for _ in range(50):
        assert sessions.resolve(alice.token).user_id == alice.id


def test_a_viewer_read_before_a_sign_out_is_not_kept_after_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    stands = sessions.stands

    def sign_out_meanwhile(row: UserSession, user: User, moment: object) -> bool:
        was = stands(row, user, moment)  # type: ignore[arg-type]
        monkeypatch.setattr(sessions, "stands", stands)
        sessions.sign_out(alice.viewer)
        return was

    sessions.forget()
    monkeypatch.setattr(sessions, "stands", sign_out_meanwhile)
    sessions.resolve(alice.token)  # was let in just before

    assert refused(alice.token)


def test_ended_sessions_do_not_pile_up(alice: Person):
    for _ in range(5):
        with db.session(write=True) as session:
            user = session.get(User, alice.id)
            assert user is not None
            grant = sessions.begin(session, user, "/")
        sessions.sign_out(sessions.resolve(grant.token))

    with db.session() as session:
        assert len(session.exec(select(UserSession)).all()) == 2
    assert not refused(alice.token)
