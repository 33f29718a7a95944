"""A sign-in stands until it ends, and not a moment longer."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from chatbot_app import callers, db, security
from chatbot_app.errors import NotFound, NotSignedIn, Unavailable
from chatbot_app.models import AuditEntry, User, UserSession, now
from chatbot_app.services import accounts, devices, sessions
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


def sign_in_once_more(who: Person) -> str:
    with db.session(write=True) as session:
        user = session.get(User, who.id)
        assert user is not None
        callers.enter(callers.Caller("198.51.100.7", FIREFOX))
        grant = sessions.begin(session, user, "/")
        callers.enter(callers.NOBODY)
    return grant.token


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_ones_sign_ins_are_listed_with_this_one_first(alice: Person, charlie: Person):
    sign_in_once_more(alice)

    this, other = sessions.list_for(alice.viewer)

    assert (this.is_current, other.is_current) == (True, False)
    assert (other.device, other.address) == ("Firefox on Linux", "198.51.100.7")


def test_one_of_them_is_ended(alice: Person):
    token = sign_in_once_more(alice)
    _this, other = sessions.list_for(alice.viewer)

    sessions.end(alice.viewer, other.id)

    assert refused(token)
    assert not refused(alice.token)
    with pytest.raises(NotFound):
        sessions.end(alice.viewer, other.id)


def test_all_others_are_ended(alice: Person, charlie: Person):
    tokens = [sign_in_once_more(alice) for _ in range(2)]

    sessions.end_others(alice.viewer)

    assert [refused(token) for token in tokens] == [True, True]
    assert not refused(alice.token)
    assert not refused(charlie.token)


def test_ending_no_others_is_neither_audited_nor_has_anybody_looked_at_anew(alice: Person):
    sign_in_once_more(alice)
    sessions.end_others(alice.viewer)
    changes = sessions.changes()

    sessions.end_others(alice.viewer)

    assert sessions.changes() == changes
    with db.session() as session:
        session.exec(select(AuditEntry).where(col(AuditEntry.action) == "session-end")).one()


def test_a_stranger_ends_nobodys_sign_in(alice: Person, charlie: Person):
    for session_id in (alice.viewer.session_id, str(alice.viewer.session_id), "no id"):
        with pytest.raises(NotFound):
            sessions.end(charlie.viewer, session_id)

    assert not refused(alice.token)
    assert [s.id for s in sessions.list_for(charlie.viewer)] == [str(charlie.viewer.session_id)]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/140.0", "Chrome on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Version/19 Safari/605", "Safari on macOS"),
        ("curl/8.9", "curl"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_named_as_people_would(user_agent: str, name: str):
    assert devices.named(user_agent) == name
