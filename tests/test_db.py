"""Transactions, threads and errors, on both databases unless one of them is the point."""

import asyncio
import contextvars
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, func, select, text

from chatbot_app import db, migrations
from chatbot_app.errors import InvalidInput, Unavailable
from chatbot_app.models import Project
from tests.conftest import Person, person


def project_names(owner: Person) -> list[str]:
    """Read what is really stored."""
    with db.session() as session:
        return sorted(p.name for p in session.exec(select(Project)) if p.user_id == owner.id)


def add_project(session: Session, owner: Person, name: str) -> None:
    session.add(Project(user_id=owner.id, name=name))
    session.flush()


def test_what_a_transaction_wrote_is_there_after_it(alice: Person):
    with db.session(write=True) as session:
        add_project(session, alice, "Kept")

    assert "Kept" in project_names(alice)


def fail_half_way(owner: Person) -> None:
    with db.session(write=True) as session:
        add_project(session, owner, "Lost")
        raise RuntimeError("half-way")


def test_a_transaction_that_fails_leaves_nothing_behind(alice: Person):
    before = project_names(alice)

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way(alice)

    assert project_names(alice) == before


def test_a_reading_transaction_can_not_write(alice: Person):
    before = project_names(alice)

    with pytest.raises(DBAPIError), db.session() as session:
        add_project(session, alice, "Sneaked in")

    assert project_names(alice) == before
    with db.session(write=True) as session:
        add_project(session, alice, "Written")  # the connection it came back on still writes


def test_a_row_keeps_its_values_after_the_transaction(alice: Person):
    with db.session() as session:
        project = session.get(Project, alice.project_id)

    assert project is not None
    assert project.name == "Alice's project"
    assert project.created_at.utcoffset() is not None


def test_a_child_without_its_parent_is_refused(alice: Person):
    stranger = Project(user_id=alice.project_id, name="Nobody's")  # no user has a project's id

    with pytest.raises(DBAPIError), db.session(write=True) as session:
        session.add(stranger)


@pytest.mark.parametrize("unstorable", ["a\0b", "a\ud800b"])
def test_what_no_database_can_hold_is_refused_on_both(alice: Person, unstorable: str):
    with pytest.raises(InvalidInput), db.session(write=True) as session:
        add_project(session, alice, unstorable)
    with pytest.raises(InvalidInput), db.session() as session:
        session.exec(select(Project).where(Project.name == unstorable)).all()

    assert project_names(alice) == ["Alice's project"]


def test_a_models_text_is_made_storable_and_else_left_alone():
    assert db.storable("a\0b\ud83dc") == "a\ufffdb\ufffdc"
    assert db.storable("täglich 🐎\r\n\t") == "täglich 🐎\r\n\t"


def test_twenty_writers_at_once_all_succeed(alice: Person):
    start = threading.Barrier(20)

    def write(number: int) -> None:
        start.wait()
        for turn in range(5):
            with db.session(write=True) as session:
                count = session.exec(select(func.count()).select_from(Project)).one()
                add_project(session, alice, f"{number}-{turn} of {count}")

    with ThreadPoolExecutor(20) as writers:
        list(writers.map(write, range(20)))

    assert len(project_names(alice)) == 101


def test_reading_goes_on_while_somebody_writes(alice: Person):
    with db.session(write=True) as session:
        add_project(session, alice, "Not yet")

        assert project_names(alice) == ["Alice's project"]


def test_a_writer_that_waits_too_long_is_told_to_try_again(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(db, "SQLITE_WAIT", 0.05)
    db.dispose()

    with db.session(write=True) as first:
        first.exec(select(Project)).all()
        with pytest.raises(Unavailable, match="busy"), db.session(write=True) as second:
            second.exec(select(Project)).all()


def fill(session: Session, owner: Person) -> None:
    for _ in range(100):
        session.add(Project(user_id=owner.id, name="Big", system_prompt="x" * 30_000))
    session.flush()


def fill_a_full_disk(owner: Person) -> None:
    with db.session(write=True) as session:
        pages = session.exec(text("PRAGMA page_count")).one()[0]  # type: ignore[call-overload]
        session.exec(text(f"PRAGMA max_page_count = {pages + 10}"))  # type: ignore[call-overload]
        fill(session, owner)


def test_a_full_disk_is_a_plain_refusal_and_it_works_again_when_there_is_room(sqlite: str):
    alice = person("Alice")

    with pytest.raises(Unavailable, match="disk is full"):
        fill_a_full_disk(alice)
    db.dispose()

    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert project_names(alice) == ["Alice's project"]
    with db.session(write=True) as session:
        fill(session, alice)
    assert len(project_names(alice)) == 101


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all.db",
        "postgresql+psycopg2://tests@127.0.0.1:1/none",
        "postgresql+psycopg2://tests@/none?host=/nowhere",
    ],
)
def test_a_database_that_is_away_is_a_plain_refusal(url: str):
    db.configure(url)
    try:
        assert not migrations.is_ready()
        with pytest.raises(Unavailable, match="can't be reached"), db.session() as session:
            session.exec(select(Project)).all()
    finally:
        db.configure(None)


def test_a_broken_connection_is_replaced_before_anybody_notices(postgresql: str):
    with db.session() as one, db.session() as other:  # so that the pool holds two
        assert one.exec(select(Project)).all() == other.exec(select(Project)).all() == []
    with db.session(write=True) as session:
        session.exec(  # type: ignore[call-overload]
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    for _ in range(3):
        with db.session() as session:
            assert session.exec(select(Project)).all() == []


def test_a_missing_table_is_a_bug_and_no_outage(empty_database: str):
    with pytest.raises(DBAPIError), db.session() as session:
        session.exec(select(Project)).all()


def test_no_statement_that_fails_shows_what_somebody_wrote(alice: Person):
    canary = Project(id=alice.project_id, user_id=alice.id, name="canary-in-the-mine")

    with pytest.raises(DBAPIError) as caught, db.session(write=True) as session:
        session.add(canary)

    assert "canary" not in str(caught.value)


async def test_a_slow_query_does_not_hold_up_the_loop():
    release = threading.Event()
    slow = asyncio.create_task(db.in_thread(release.wait, 10))
    await asyncio.sleep(0)

    begun = time.monotonic()
    release.set()  # reached at once, for the loop is free while the thread waits

    assert await slow
    assert time.monotonic() - begun < 5


async def test_a_thread_sees_what_its_caller_set_and_its_errors_come_back():
    who = contextvars.ContextVar[str]("who")
    who.set("alice")

    def refuse(*, reason: str) -> None:
        raise InvalidInput(reason)

    assert await db.in_thread(who.get) == "alice"
    with pytest.raises(InvalidInput, match="because"):
        await db.in_thread(refuse, reason="because")


def test_an_sqlite_commit_is_on_the_disk(sqlite: str):
    with db.session() as session:
        mode, sync, foreign = (
            session.exec(text(f"PRAGMA {name}")).one()[0]  # type: ignore[call-overload]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    assert (mode, sync, foreign) == ("wal", 2, 1)
    assert Path(f"{sqlite.removeprefix('sqlite:///')}-wal").exists()
