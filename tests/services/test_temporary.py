"""Temporary chats: the whole of what was said goes to the model, and no row is ever written."""

import uuid
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlmodel import SQLModel, func, select

from chatbot_app import db
from chatbot_app.errors import Conflict, InvalidInput, ModelError, NotFound, Unavailable
from chatbot_app.generation import Engine, worker
from chatbot_app.llm import Prompt, Thought, Usage
from chatbot_app.schemas import MessageView, Turn
from chatbot_app.services import answers, temporary
from chatbot_app.services.views import SHOWN_THOUGHTS
from tests.conftest import Person, erase
from tests.generation.scripted import ScriptedModel, ended, until


class Listener(ScriptedModel):
    """One that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[Prompt] = []

    def stream(self, prompt: Prompt):
        self.prompts.append(prompt)
        return super().stream(prompt)


@pytest.fixture
def model() -> Listener:
    return Listener()


@pytest.fixture
async def engine(database: str, model: Listener) -> AsyncIterator[Engine]:
    opened = await worker.open_engine(model, shutdown_seconds=0.05, heartbeat_seconds=0.1)
    yield opened
    await worker.close_engine()


@pytest.fixture(autouse=True)
def nothing_is_stored(database: str) -> AsyncIterator[None]:
    before = rows()
    yield
    assert rows() == before


def rows() -> dict[str, int]:
    names = ("chat", "message", "answer_run", "message_chunk")
    tables = [SQLModel.metadata.tables[name] for name in names]
    with db.session() as session:
        return {
            table.name: session.exec(select(func.count()).select_from(table)).one()
            for table in tables
        }


CHAT = uuid.uuid4()


async def ask(owner: Person, question: str, said: Sequence[MessageView] = ()) -> Turn:
    return await temporary.ask(owner.id, owner.project_id, CHAT, said, question)


async def answered(owner: Person, turn: Turn) -> MessageView:
    """Wait for the end; gives the answer as its tab takes it over."""
    generation = worker.engine().find(uuid.UUID(turn.answer.id))
    if generation is not None:
        await ended(generation)
    return temporary.as_it_is(owner.id, turn.answer)


async def test_long_thoughts_are_there_whole_while_the_worker_knows_them(
    engine: Engine, model: Listener, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    long = "Hm. " * 6_000
    model.says(Thought(long), "Yes.", None)
    answer = await answered(alice, await ask(alice, "Is it?"))
    assert len(answer.reasoning) == SHOWN_THOUGHTS + 1
    assert temporary.thoughts(alice.id, answer) == long

    monkeypatch.setattr(temporary, "_asked", {})
    told = temporary.thoughts(alice.id, answer)
    assert told.startswith(f"{long[:SHOWN_THOUGHTS]}…")
    assert "The rest is gone" in told


async def test_the_model_is_sent_all_that_was_said(engine: Engine, model: Listener, alice: Person):
    model.says(Thought("Hm."), "One ", "answer.", Usage(7, 3), None)
    first = await ask(alice, "First?")
    answer = await answered(alice, first)
    assert ("".join(answer.blocks), answer.status, answer.reasoning) == (
        "One answer.",
        "complete",
        "Hm.",
    )
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)
    assert answer.duration_ms > 0

    model.says("Another.", None)
    # The page may not have taken over the end of the first one yet.
    await answered(alice, await ask(alice, "Second?", [first.question, first.answer]))
    assert [(m.role, m.content) for m in model.prompts[-1].messages] == [
        ("system", "Be brief."),
        ("user", "First?"),
        ("assistant", "One answer."),
        ("user", "Second?"),
    ]


async def test_an_answer_ends_as_stored_ones_do(engine: Engine, model: Listener, alice: Person):
    model.says("Half", ModelError("No luck.", kind="other"))
    turn = await ask(alice, "Will it last?")
    broken = await answered(alice, turn)
    assert (broken.status, broken.error, broken.blocks) == ("interrupted", "No luck.", ["Half"])

    model.says(ModelError("No luck.", kind="other"))
    failed = await answered(alice, await ask(alice, "Now?", [turn.question, broken]))
    assert (failed.status, failed.error) == ("failed", "No luck.")

    turn = await ask(alice, "Stop?")
    model.says("So far")
    await until(lambda: bool(engine.find(uuid.UUID(turn.answer.id)).has_text))
    assert await temporary.stop(alice.id, turn.answer.id)
    stopped = await answered(alice, turn)
    assert (stopped.status, stopped.blocks) == ("stopped", ["So far"])


async def test_the_journal_takes_no_temporary_answer_for_one_that_was_lost(
    engine: Engine, model: Listener, alice: Person
):
    stored = await answers.send(alice.id, alice.project_id, None, "A stored one")
    turn = await ask(alice, "Still there?")
    generation = engine.find(uuid.UUID(turn.answer.id))
    other = engine.find(uuid.UUID(stored.answer.id))
    assert generation and other
    other.append("Written down.")
    await until(lambda: other.unkept() is None)  # the journal has been at work
    assert generation.status == "generating"
    await temporary.stop(alice.id, turn.answer.id)
    await answers.stop(alice.id, stored.chat.id)
    erase(alice, stored.chat.id)


async def test_one_answer_at_a_time_and_an_end_to_its_length(engine: Engine, alice: Person):
    turn = await ask(alice, "First?")
    with pytest.raises(Conflict, match="still being written"):
        await ask(alice, "Second?", [turn.question, turn.answer])
    with pytest.raises(Conflict, match="at most"):
        await ask(alice, "One more?", [turn.question] * temporary.MOST)
    with pytest.raises(InvalidInput):
        await ask(alice, "  \n")
    await temporary.stop(alice.id, turn.answer.id)


async def test_nobody_else_gets_at_it(
    engine: Engine, model: Listener, alice: Person, charlie: Person
):
    with pytest.raises(NotFound):
        await temporary.ask(charlie.id, alice.project_id, CHAT, [], "In Alice's project?")
    model.says("A secret.", None)
    turn = await ask(alice, "Mine?")
    await answered(alice, turn)
    seen = temporary.as_it_is(charlie.id, turn.answer)
    assert (seen.status, seen.blocks) == ("interrupted", [])
    with pytest.raises(NotFound):
        await temporary.stop(charlie.id, turn.answer.id)


async def test_what_came_of_an_answer_that_this_worker_does_not_know_stays(
    engine: Engine, alice: Person
):
    lost = MessageView(id=str(uuid.uuid4()), role="assistant", status="generating")
    seen = temporary.as_it_is(alice.id, lost, "What came.\n\nAnd more")
    assert (seen.status, "".join(seen.blocks)) == ("interrupted", "What came.\n\nAnd more")
    assert seen.error == temporary.CUT_OFF


async def test_an_answer_is_forgotten_some_time_after_its_end(
    engine: Engine, model: Listener, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(temporary, "KEPT_SECONDS", 0.0)
    model.says("Soon gone.", None)
    turn = await ask(alice, "For how long?")
    await until(lambda: uuid.UUID(turn.answer.id) not in temporary._asked)


async def test_a_restart_ends_it_with_a_sentence(database: str, model: Listener, alice: Person):
    opened = await worker.open_engine(model, shutdown_seconds=0.05)
    turn = await ask(alice, "Will you stay?")
    model.says("Until")
    await until(lambda: bool(opened.find(uuid.UUID(turn.answer.id)).has_text))
    await worker.close_engine()
    seen = temporary.as_it_is(alice.id, turn.answer)
    assert (seen.status, seen.blocks) == ("interrupted", ["Until"])
    assert "restarted" in seen.error
    with pytest.raises(Unavailable):
        await ask(alice, "Again?")


async def test_it_ends_with_the_account(engine: Engine, model: Listener, alice: Person):
    turn = await ask(alice, "Am I still here?")
    generation = engine.find(uuid.UUID(turn.answer.id))
    assert generation
    await temporary.stop_all(alice.id)
    assert generation.status == "stopped"
    assert uuid.UUID(turn.answer.id) not in temporary._asked
