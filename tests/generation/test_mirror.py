"""The mirror: pages of one worker show what another one writes."""

import uuid
from typing import Any

import pytest

from chatbot_app.generation import Engine, records
from chatbot_app.generation import mirror as mirrors
from chatbot_app.generation.mirror import Mirror
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.schemas import Turn
from chatbot_app.services import chats, turns
from tests.conftest import Person, say
from tests.generation.scripted import ScriptedModel, begin, ended, grown_to


class Elsewhere:
    """Another worker, as far as the database sees it."""

    def __init__(self, begun: turns.Begun) -> None:
        assert begun.job
        self.turn: Turn = begun.turn
        self.job = begun.job
        self.text = begun.job.text
        self.reasoning = self.job.reasoning
        self._seq = 0

    def says(self, text: str) -> None:
        self._keep(text, is_reasoning=False)
        self.text += text

    def thinks(self, thought: str) -> None:
        self._keep(thought, is_reasoning=True)
        self.reasoning += thought

    def _keep(self, text: str, *, is_reasoning: bool) -> None:
        chunk = Chunk(self.job.message_id, self.job.run_id, self._seq, text, is_reasoning)
        records.keep([chunk], [self.job.message_id], beat=True)
        self._seq += 1

    def ends(self, last_words: str = "", status: Any = "complete") -> None:
        self.text += last_words
        assert records.finish(
            [
                records.Outcome(
                    self.job.message_id,
                    self.job.run_id,
                    content=self.text,
                    status=status,
                    error="",
                    reasoning=self.reasoning,
                )
            ]
        )


def asked_elsewhere(owner: Person, chat_id: str | None = None) -> Elsewhere:
    return Elsewhere(turns.begin(owner.id, owner.project_id, chat_id, "Hello?"))


@pytest.fixture(autouse=True)
def no_other_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker has a mirror of its own, which would tell the same channels a second time."""
    monkeypatch.setattr(mirrors, "IDLE_SECONDS", 3600.0)


@pytest.fixture
def mirror(engine: Engine) -> Mirror:
    return Mirror(engine)


async def test_an_answer_of_another_worker_is_repeated_to_its_end(
    engine: Engine, mirror: Mirror, alice: Person
) -> None:
    other = asked_elsewhere(alice)
    other.says("Said before, ")
    chat_id = uuid.UUID(other.turn.chat.id)
    with engine.channels.follow(chat_id) as channel:
        await mirror.look()
        seen = mirror.live_in(chat_id)
        assert seen
        assert seen.text == "Said before, "
        other.says("said now, ")
        version = channel.version
        await mirror.look()
        assert seen.text == "Said before, said now, "
        assert channel.version > version
        messages = channel.messages
        other.ends("and last.")
        await mirror.look()
        assert seen.text == "Said before, said now, and last."
        assert seen.saved.is_set()
        assert channel.messages > messages
        assert mirror.live_in(chat_id) is None


async def test_an_answer_that_goes_on_is_repeated_from_its_beginning(
    engine: Engine, mirror: Mirror, alice: Person
) -> None:
    turn = say(alice, "Hello?", "First ", status="stopped")
    other = Elsewhere(turns.resume(alice.id, turn.answer.id))
    other.says("second")
    with engine.channels.follow(uuid.UUID(turn.chat.id)):
        await mirror.look()
        seen = mirror.live_in(uuid.UUID(turn.chat.id))
        assert seen
        assert seen.text == "First second"


async def test_whoever_looks_at_a_chat_hears_what_others_do_in_it(
    engine: Engine, mirror: Mirror, alice: Person
) -> None:
    turn = say(alice, "Hello?")
    with engine.channels.follow(uuid.UUID(turn.chat.id)) as channel:
        await mirror.look()
        heard = channel.messages
        await mirror.look()
        assert channel.messages == heard, "nothing happened"
        chats.rename(alice.id, turn.chat.id, "Another title")
        await mirror.look()
        assert channel.messages == heard + 1
        other = asked_elsewhere(alice, turn.chat.id)
        await mirror.look()
        assert channel.messages == heard + 2
        other.ends("Done")
        await mirror.look()
        assert channel.messages > heard + 2
        heard = channel.messages
        chats.delete(alice.id, turn.chat.id)
        await mirror.look()
        assert channel.messages == heard + 1


async def test_a_continue_that_ended_again_between_two_looks_is_heard_of(
    engine: Engine, mirror: Mirror, alice: Person
) -> None:
    turn = say(alice, "Hello?", "First ", status="stopped")
    with engine.channels.follow(uuid.UUID(turn.chat.id)) as channel:
        await mirror.look()
        heard = channel.messages
        other = Elsewhere(turns.resume(alice.id, turn.answer.id))
        other.ends("second ", status="stopped")
        await mirror.look()
        assert channel.messages == heard + 1


async def test_its_own_workers_answers_are_not_repeated(
    engine: Engine, mirror: Mirror, model: ScriptedModel, alice: Person
) -> None:
    _turn, generation = await begin(engine, alice)
    model.says("Here")
    await grown_to(engine, generation, "Here")
    with engine.channels.follow(generation.chat_id):
        await mirror.look()
        assert mirror.live_in(generation.chat_id) is None
        model.says(None)
        await ended(generation)
        assert engine.writes(generation.run_id)
        await mirror.look()
        assert mirror.live_in(generation.chat_id) is None


async def test_what_nobody_looks_at_is_not_read(
    engine: Engine, mirror: Mirror, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = asked_elsewhere(alice)
    with engine.channels.follow(uuid.UUID(other.turn.chat.id)):
        await mirror.look()
        assert mirror._mirrored
    monkeypatch.setattr(records, "look", lambda *_: pytest.fail("nobody asked"))
    await mirror.look()
    assert not mirror._mirrored
    assert not mirror._signs


async def test_many_chats_are_looked_at_in_one_transaction(
    engine: Engine, mirror: Mirror, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns_ = [say(alice, f"Question {n}") for n in range(10)]
    looks: list[int] = []
    look = records.look
    monkeypatch.setattr(
        records, "look", lambda ids, read: looks.append(len(ids)) or look(ids, read)
    )
    follows = [engine.channels.follow(uuid.UUID(t.chat.id)) for t in turns_]
    for follow in follows:
        follow.__enter__()
    await mirror.look()
    assert looks == [10]
    for follow in follows:
        follow.__exit__(None, None, None)
