"""The journal: all but the last moment of an answer survives, at a cost that grows with its length."""

import asyncio
import itertools
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import Engine, Generation, records
from chatbot_app.generation.journal import Journal
from chatbot_app.repositories import answer_runs
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.services import answers, branches, projects, turns
from tests.conftest import Person, erase, person
from tests.generation.scripted import (
    PATIENCE,
    ScriptedModel,
    begin,
    ended,
    grown_to,
    outcome,
    until,
)


def written(message_id: uuid.UUID) -> str:
    """What a crash at this moment would leave of the answer."""
    with db.session() as session:
        return answer_runs.read_text(session, message_id)[0]


def chunk_count() -> int:
    with db.session() as session:
        return (
            session.connection().execute(sa.text("SELECT count(*) FROM message_chunk")).scalar_one()
        )


async def each_hears(model: ScriptedModel, words: list[str]) -> None:
    """Have each of as many answers hear one word: all listen, and the words come one by one."""
    await asyncio.sleep(0.05)
    for word in words:
        model.says(word)
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)


def after_a_crash(owner: Person, turn: Any) -> tuple[str, str, str]:
    """How the answer stands when the process died now and came back."""
    for orphan in records.list_orphans(float("-inf")):
        records.end_orphan(orphan)
    return outcome(owner, turn)


async def test_what_was_said_is_on_the_disk_soon_without_anybody_asking(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    _turn, generation = await begin(engine, alice)
    model.says("Said ", "so far")
    await grown_to(engine, generation, "Said so far")
    await until(lambda: written(generation.message_id) == "Said so far")


async def test_a_crash_leaves_what_the_journal_held(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Grüße 🌊\r\n")
    await grown_to(engine, generation, "Grüße 🌊\r\n")
    await by_hand.tick()
    model.says("kept ")
    await grown_to(engine, generation, "Grüße 🌊\r\nkept ")
    await by_hand.tick()
    model.says("and lost")
    await grown_to(engine, generation, "Grüße 🌊\r\nkept and lost")
    assert after_a_crash(alice, turn) == ("interrupted", "Grüße 🌊\r\nkept ", records.LEFT_BEHIND)
    assert chunk_count() == 0


async def test_a_whole_answer_leaves_nothing_in_the_journal(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("One ")
    await grown_to(engine, generation, "One ")
    await by_hand.tick()
    assert chunk_count() == 1
    model.says("two", None)
    await ended(generation)
    assert outcome(alice, turn) == ("complete", "One two", "")
    assert chunk_count() == 0
    assert not records.has_run(generation.chat_id, generation.run_id)


async def test_an_answer_that_goes_on_survives_a_second_crash(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("First ")
    await grown_to(engine, generation, "First ")
    await answers.stop(alice.id, turn.chat.id)
    await answers.resume(alice.id, turn.answer.id)
    resumed = engine.find(generation.message_id)
    assert resumed
    assert resumed.text == "First "
    model.says("second ")
    await grown_to(engine, resumed, "First second ")
    await by_hand.tick()
    assert after_a_crash(alice, turn)[:2] == ("interrupted", "First second ")


async def test_a_hundred_live_answers_take_one_transaction_a_tick(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    live = [await begin(engine, alice) for _ in range(100)]
    await each_hears(model, [f"word {number}" for number in range(100)])
    assert all(generation.has_text for _turn, generation in live)
    statements: list[str] = []
    commits: list[int] = []
    source = db.connections().writing

    def count(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes", True):
            commits.append(1)

    note = lambda _c, _cur, statement, *_: statements.append(statement)  # noqa: E731
    sa.event.listen(source, "commit", count)
    sa.event.listen(source, "before_cursor_execute", note)
    try:
        await by_hand.tick()
    finally:
        sa.event.remove(source, "commit", count)
        sa.event.remove(source, "before_cursor_execute", note)
    assert len(commits) == 1
    assert sum("INSERT" in statement for statement in statements) == 1
    assert {written(g.message_id) for _t, g in live} == {f"word {n}" for n in range(100)}


async def test_a_tick_without_news_writes_nothing(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    _turn, generation = await begin(engine, alice)
    model.says("word")
    await grown_to(engine, generation, "word")
    await by_hand.tick()
    writes: list[str] = []
    note = lambda _c, _cur, statement, *_: writes.append(statement)  # noqa: E731
    sa.event.listen(db.connections().writing, "before_cursor_execute", note)
    try:
        await by_hand.tick()
    finally:
        sa.event.remove(db.connections().writing, "before_cursor_execute", note)
    assert not [s for s in writes if s.startswith(("INSERT", "UPDATE", "DELETE"))]


async def test_a_commit_whose_answer_was_lost_is_not_written_twice(
    engine: Engine,
    by_hand: Journal,
    model: ScriptedModel,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn, generation = await begin(engine, alice)
    keep = records.keep

    def unheard(*arguments: Any, **options: Any) -> Any:
        keep(*arguments, **options)
        raise Unavailable("The connection broke after the commit.")

    monkeypatch.setattr(records, "keep", unheard)
    model.says("Said once, ")
    await grown_to(engine, generation, "Said once, ")
    await by_hand.tick()
    model.says("and more")
    await grown_to(engine, generation, "Said once, and more")
    await by_hand.tick()
    monkeypatch.setattr(records, "keep", keep)
    await by_hand.tick()
    await by_hand.tick()
    assert after_a_crash(alice, turn)[1] == "Said once, and more"


async def test_what_was_said_while_the_database_was_away_is_written_when_it_is_back(
    engine: Engine,
    by_hand: Journal,
    model: ScriptedModel,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn, generation = await begin(engine, alice)
    keep = records.keep

    def away(*_arguments: Any, **_options: Any) -> Any:
        raise Unavailable("The database can't be reached.")

    monkeypatch.setattr(records, "keep", away)
    for text, so_far in (("One ", "One "), ("two ", "One two "), ("three", "One two three")):
        model.says(text)
        await grown_to(engine, generation, so_far)
        await by_hand.tick()
    monkeypatch.setattr(records, "keep", keep)
    await by_hand.tick()
    await by_hand.tick()
    assert after_a_crash(alice, turn)[1] == "One two three"


async def test_a_stop_asked_for_by_another_worker_is_heard(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("So far")
    await grown_to(engine, generation, "So far")
    assert records.request_stop(generation.chat_id)
    await by_hand.tick()
    await ended(generation)
    assert outcome(alice, turn) == ("stopped", "So far", "")
    assert model.connection_closed.is_set()


async def test_nobody_writes_what_somebody_else_ended(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Kept")
    await grown_to(engine, generation, "Kept")
    await by_hand.tick()
    assert after_a_crash(alice, turn)[:2] == ("interrupted", "Kept")
    model.says(" too late")
    await grown_to(engine, generation, "Kept too late")
    await by_hand.tick()
    await ended(generation)
    assert model.connection_closed.is_set()
    assert outcome(alice, turn)[:2] == ("interrupted", "Kept")
    assert chunk_count() == 0


async def test_a_former_run_writes_nothing_into_a_later_one(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Kept ")
    await grown_to(engine, generation, "Kept ")
    await by_hand.tick()
    after_a_crash(alice, turn)
    _turn, job = turns.resume(alice.id, turn.answer.id)  # as another worker does
    assert job
    former = Chunk(generation.message_id, generation.run_id, 1, "from the dead")
    held = records.keep([former], [generation.message_id], beat=True)
    assert generation.run_id not in held.run_ids
    assert written(generation.message_id) == ""
    assert not records.finish(
        [
            records.Outcome(
                generation.message_id, generation.run_id, content="", status="complete", error=""
            )
        ]
    )


async def test_one_deleted_chat_does_not_keep_the_others_from_being_written(
    engine: Engine, by_hand: Journal, model: ScriptedModel, alice: Person
) -> None:
    gone, lost = await begin(engine, alice)
    _turn, generation = await begin(engine, alice)
    await each_hears(model, ["for one", "for the other"])
    assert lost.has_text
    assert generation.has_text
    erase(alice, gone.chat.id)  # behind the engine's back
    await by_hand.tick()
    assert written(generation.message_id) == generation.text
    await ended(lost)


async def test_an_answer_that_its_own_worker_deleted_is_nothing_to_warn_of(
    engine: Engine,
    by_hand: Journal,
    model: ScriptedModel,
    alice: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    turn, gone = await begin(engine, alice)
    model.says("Half")
    await asyncio.wait_for(answers.delete_message(alice.id, turn.answer.id), PATIENCE)
    await ended(gone)
    assert caplog.messages == []

    turn, elsewhere = await begin(engine, alice)
    branches.delete(alice.id, turn.answer.id)  # as another worker does
    await by_hand.tick()
    await ended(elsewhere)
    assert caplog.messages == [f"answer {turn.answer.id} was ended by somebody else"]


@pytest.mark.parametrize("what", ["chat", "project"])
def test_a_tick_and_a_deletion_do_not_wait_for_each_other(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    alice = person("Alice")
    turn, job = turns.begin(alice.id, alice.project_id, None, "Hello?")
    assert job
    between, list_held = threading.Event(), answer_runs.list_held

    def slowly(*arguments: Any, **options: Any) -> Any:
        held = list_held(*arguments, **options)
        between.set()
        time.sleep(0.3)
        return held

    monkeypatch.setattr(answer_runs, "list_held", slowly)
    with ThreadPoolExecutor(1) as elsewhere:
        chunk = Chunk(job.message_id, job.run_id, 0, "word")
        tick = elsewhere.submit(records.keep, [chunk], [job.message_id], beat=True)
        assert between.wait(5)
        if what == "chat":
            erase(alice, turn.chat.id)
        else:
            projects.delete(alice.id, alice.project_id)
        assert job.run_id in tick.result(5).run_ids
    assert chunk_count() == 0


def test_the_bytes_written_grow_in_proportion_to_the_answer(
    database: str, long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measured in the write-ahead log, which holds all that was written, at 100 tokens a second: 20
    tokens a tick.
    """
    db.dispose()
    if database.startswith("sqlite"):
        sa.event.listen(db.connections().writing, "connect", _never_checkpoint)
    alice = person("Alice")
    sizes = (1_000, 4_000, 16_000, 64_000) if long else (1_000, 4_000, 16_000)
    table = {tokens: _bytes_written(alice, database, tokens) for tokens in sizes}
    with capsys.disabled():
        print(f"\n{database.partition(':')[0]}: tokens, bytes written, the same a token")
        for tokens, size in table.items():
            print(f"{tokens:8,} {size:14,} {size / tokens:8.0f}")
    for shorter, longer in itertools.pairwise(sizes):
        assert table[longer] / table[shorter] < 1.25 * longer / shorter


def _bytes_written(alice: Person, database: str, tokens: int) -> int:
    turn, job = turns.begin(alice.id, alice.project_id, None, "Hello?")
    assert job
    generation = Generation(job.message_id, job.chat_id, job.run_id)
    before = _log_position(database)
    for tick in range(tokens // 20):
        for number in range(20):
            generation.append(f" tok{number % 10}")
        chunk = generation.unkept()
        assert chunk
        records.keep([chunk], [job.message_id], beat=tick % 15 == 0)
        generation.kept()
    text = generation.text
    records.finish(
        [records.Outcome(job.message_id, job.run_id, content=text, status="complete", error="")]
    )
    assert outcome(alice, turn)[:2] == ("complete", text)
    return _log_position(database) - before


def _log_position(database: str) -> int:
    if database.startswith("sqlite"):
        return Path(f"{database.removeprefix('sqlite:///')}-wal").stat().st_size
    with db.session() as session:
        position = sa.text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(session.connection().execute(position).scalar_one())


def _never_checkpoint(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA wal_autocheckpoint = 0")
