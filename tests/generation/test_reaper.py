"""The reaper: what a dead worker left ends in time, and nobody who lives is touched."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.generation import Engine, records
from chatbot_app.generation import reaper as reaper_module
from chatbot_app.generation.reaper import Reaper
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.schemas import Turn
from chatbot_app.services import answers, turns
from tests.conftest import Person
from tests.generation.scripted import ScriptedModel, begin, outcome, until

BEAT = 1000.0  # seconds; the tests move the clock


@pytest.fixture
async def idle(model: ScriptedModel, database: str) -> AsyncIterator[Engine]:
    """Have an engine without any loop beside it."""
    engine = Engine(model, shutdown_seconds=0)
    yield engine
    await engine.shutdown()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let this process's time pass at will: `clock(seconds)`."""
    now = [0.0]
    monkeypatch.setattr(reaper_module, "monotonic", lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def left_behind(owner: Person, *texts: str, seconds: float) -> Turn:
    """An answer whose worker was last heard of so many seconds ago, by the database's clock."""
    turn, job = turns.begin(owner.id, owner.project_id, None, "Hello?")
    assert job
    chunks = [Chunk(job.message_id, job.run_id, seq, text) for seq, text in enumerate(texts)]
    records.keep(chunks, [job.message_id], beat=False)
    age(job.run_id, seconds)
    return turn


def age(run_id: uuid.UUID, seconds: float) -> None:
    with db.session(write=True) as session:
        session.connection().execute(
            sa.text(
                "UPDATE answer_run SET heartbeat = heartbeat - :s WHERE run_id = :r"
            ).bindparams(sa.bindparam("r", run_id, sa.Uuid()), s=seconds)
        )


async def test_what_a_dead_worker_left_ends_with_the_text_of_its_journal(
    idle: Engine, alice: Person, clock: Any
) -> None:
    turn = left_behind(alice, "Half ", "of it", seconds=6 * BEAT)
    reaper = Reaper(idle, heartbeat_seconds=BEAT)
    await reaper.look()
    assert outcome(alice, turn)[0] == "generating", "it is watched for a while first"
    clock(2 * BEAT)
    await reaper.look()
    assert outcome(alice, turn) == ("interrupted", "Half of it", records.LEFT_BEHIND)


async def test_a_worker_that_was_heard_of_is_left_alone(
    idle: Engine, alice: Person, clock: Any
) -> None:
    turn = left_behind(alice, "Half", seconds=4 * BEAT)
    reaper = Reaper(idle, heartbeat_seconds=BEAT)
    for _ in range(5):
        await reaper.look()
        clock(10 * BEAT)
    assert outcome(alice, turn)[0] == "generating"


async def test_a_worker_that_is_heard_of_again_is_left_alone(
    idle: Engine, alice: Person, clock: Any
) -> None:
    turn = left_behind(alice, "Half", seconds=6 * BEAT)
    reaper = Reaper(idle, heartbeat_seconds=BEAT)
    await reaper.look()
    (orphan,) = records.list_orphans(5 * BEAT)
    records.keep([], [orphan.message_id], beat=True)
    clock(10 * BEAT)
    await reaper.look()
    assert outcome(alice, turn)[0] == "generating"
    assert not records.end_orphan(orphan), "what was read before the beat ends nothing"


async def test_after_the_database_was_away_everybody_gets_time_to_say_that_he_lives(
    idle: Engine, alice: Person, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = left_behind(alice, "Half", seconds=6 * BEAT)
    reaper = Reaper(idle, heartbeat_seconds=BEAT)
    await reaper.look()
    clock(10 * BEAT)
    list_orphans = records.list_orphans

    def away(_seconds: float) -> Any:
        raise Unavailable("The database can't be reached.")

    monkeypatch.setattr(records, "list_orphans", away)
    await reaper.look()
    monkeypatch.setattr(records, "list_orphans", list_orphans)
    await reaper.look()
    assert outcome(alice, turn)[0] == "generating"
    clock(2 * BEAT)
    await reaper.look()
    assert outcome(alice, turn)[0] == "interrupted"


async def test_it_never_touches_an_answer_of_its_own_worker(
    idle: Engine, model: ScriptedModel, alice: Person, clock: Any
) -> None:
    turn, generation = await begin(idle, alice)
    age(generation.run_id, 100 * BEAT)
    reaper = Reaper(idle, heartbeat_seconds=BEAT)
    for _ in range(3):
        await reaper.look()
        clock(10 * BEAT)
    assert outcome(alice, turn)[0] == "generating"


async def test_of_two_reapers_one_ends_it(alice: Person) -> None:
    turn = left_behind(alice, "Half", seconds=6 * BEAT)
    (orphan,) = records.list_orphans(5 * BEAT)
    ends = await asyncio.gather(*(db.in_thread(records.end_orphan, orphan) for _ in range(4)))
    assert sorted(ends) == [False, False, False, True]
    assert outcome(alice, turn)[:2] == ("interrupted", "Half")


async def test_a_living_engine_says_that_it_lives(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    _turn, generation = await begin(engine, alice)
    age(generation.run_id, 100)
    assert records.list_orphans(50)
    await until(lambda: not records.list_orphans(50))


async def test_stop_ends_the_answer_of_a_dead_worker_without_waiting_for_the_reaper(
    engine: Engine, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper_module, "WATCHED_BEATS", 10_000)
    turn = left_behind(alice, "Half ", "of it", seconds=10)
    async with asyncio.timeout(5):
        assert await answers.stop(alice.id, turn.chat.id)
    assert outcome(alice, turn) == ("stopped", "Half of it", "")
    assert not await answers.stop(alice.id, turn.chat.id)


async def test_stop_of_a_worker_that_lives_and_does_not_listen_says_so(
    engine: Engine, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.0)
    turn = left_behind(alice, "Half", seconds=-3600)
    with pytest.raises(Unavailable, match="couldn't be stopped"):
        await answers.stop(alice.id, turn.chat.id)
    assert outcome(alice, turn)[0] == "generating"
