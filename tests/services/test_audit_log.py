"""The audit: what can't be changed, what it holds, and finding something in it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import select, text

from chatbot_app import callers, db
from chatbot_app.errors import InvalidInput, WrongCredentials
from chatbot_app.models import AuditEntry
from chatbot_app.services import accounts, audit, audit_log
from tests.conftest import PASSWORD, Person, person


@pytest.fixture
def alice(database: str) -> Person:
    return person("Alice")


def note(actor: Person | None, action: audit.Action = "sign-in", **more: object) -> None:
    audit.note(action, actor=actor.id if actor else None, **more)  # type: ignore[arg-type]


def at(moment: datetime, actor: Person) -> None:
    with db.session(write=True) as session:
        entry = AuditEntry(created_at=moment, action="export", outcome="done", actor_id=actor.id)
        session.add(entry)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET detail = ''", "DELETE FROM audit_entry"]
)
def test_the_database_itself_keeps_every_entry(alice: Person, statement: str):
    note(alice)

    with pytest.raises(DatabaseError, match="append-only"), db.session(write=True) as session:
        session.connection().execute(text(statement))

    assert len(audit_log.list_page().entries) == 1


def test_no_entry_is_put_in_anothers_place(sqlite: str):
    note(person("Alice"))
    entry = "id, created_at, action, outcome, address, request_id"
    statement = (
        f"INSERT OR REPLACE INTO audit_entry ({entry}, detail) SELECT {entry}, 'x' FROM audit_entry"
    )

    with pytest.raises(DatabaseError, match="append-only"), db.session(write=True) as session:
        session.connection().execute(text(statement))

    assert [e.detail for e in audit_log.list_page().entries] == [""]


def test_every_action_has_its_words(database: str):
    assert set(audit_log.WORDS) == set(get_args(audit.Action))


def test_entries_are_listed_newest_first_page_by_page(alice: Person):
    for number in range(5):
        note(alice, detail=f"{number}")

    first = audit_log.list_page(limit=3)
    rest = audit_log.list_page(before=first.before, limit=3)

    assert [e.detail for e in first.entries + rest.entries] == ["4", "3", "2", "1", "0"]
    assert rest.before == ""


def test_an_entry_says_who_whom_and_from_where(alice: Person):
    bob = person("Bob")
    callers.enter(callers.Caller("203.0.113.9", "a browser", "0123456789abcdef"))
    note(alice, "disable", target=bob.id, outcome="done")
    callers.enter(callers.NOBODY)

    (entry,) = audit_log.list_page().entries

    assert (entry.actor, entry.target) == (alice.email, bob.email)
    assert (entry.action, entry.outcome, entry.address) == (
        "Account disabled",
        "done",
        "203.0.113.9",
    )
    with db.session() as session:
        assert session.exec(select(AuditEntry)).one().request_id == "0123456789abcdef"


def test_who_is_gone_is_not_named(alice: Person):
    note(alice)
    accounts.delete(alice.id)

    assert {e.actor for e in audit_log.list_page().entries} == {audit_log.GONE}


def test_it_can_be_narrowed_down(alice: Person):
    bob = person("Bob")
    note(alice)
    note(None, target=bob.id)
    note(bob, "export", outcome="done")

    def found(**wanted: str) -> list[str]:
        return [e.action for e in audit_log.list_page(**wanted).entries]

    assert found(action="export") == ["Data downloaded"]
    assert found(outcome="refused") == ["Sign-in", "Sign-in"]
    assert found(email=bob.email) == ["Data downloaded", "Sign-in"], "done by or to Bob"
    assert found(email=bob.email, outcome="refused") == ["Sign-in"]
    assert found(email="nobody@example.org") == []


def test_days_are_the_readers_and_both_count(alice: Person):
    evening = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
    at(evening, alice)
    at(evening + timedelta(days=1), alice)

    def found(since: str, until: str, hours: int) -> int:
        zone = timezone(timedelta(hours=hours))
        return len(audit_log.list_page(since=since, until=until, zone=zone).entries)

    assert found("2026-01-30", "2026-01-30", 0) == 1
    assert found("2026-01-30", "2026-01-30", 1) == 0, "it was the 31st there"
    assert found("2026-01-31", "2026-02-01", 1) == 2
    assert found("2026-01-31", "", 0) == 1
    assert found("", "2026-01-30", 0) == 1
    assert found("2026-02-01", "", 0) == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"action": "sing"},
        {"outcome": "maybe"},
        {"since": "yesterday"},
        {"before": "-1"},
        {"before": "9" * 40},
        {"email": "no address"},
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_refused(alice: Person, wanted: dict[str, str]):
    with pytest.raises(InvalidInput):
        audit_log.list_page(**wanted)


async def test_a_failed_sign_in_holds_nothing_that_was_typed(alice: Person):
    for email in (alice.email, "my-password-by-mistake@example.org"):
        with pytest.raises(WrongCredentials):
            await accounts.sign_in(email=email, password="a wrong passphrase", address="192.0.2.1")
    await accounts.sign_in(email=alice.email, password=PASSWORD, address="192.0.2.1")

    entries = audit_log.list_page().entries

    assert [(e.outcome, e.actor, e.target) for e in entries] == [
        ("done", alice.email, ""),
        ("refused", audit_log.NOBODY, ""),
        ("refused", audit_log.NOBODY, alice.email),
    ]
    assert "mistake" not in str(entries)
    assert "passphrase" not in str(entries)
