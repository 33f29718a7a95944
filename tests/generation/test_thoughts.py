"""What a model thinks before it answers is kept as what it says is, and apart from it."""

import asyncio
import uuid

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.generation import Engine, Generation, records
from chatbot_app.generation.journal import Journal
from chatbot_app.generation.mirror import Mirror
from chatbot_app.llm import Thought, Usage
from chatbot_app.repositories.messages import Took
from chatbot_app.services import answers, turns
from tests.conftest import Person
from tests.generation.scripted import (
    ScriptedModel,
    begin,
    ended,
    grown_to,
    outcome,
    stored,
    thought_to,
)
from tests.generation.test_mirror import asked_elsewhere

PAUSE = 0.05  # seconds of thought that a test can tell from none


async def test_thoughts_times_and_tokens_are_stored_beside_the_text(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(Thought("Hm. "), Thought("🌊"))
    await thought_to(engine, generation, "Hm. 🌊")
    assert generation.timing.is_thinking
    await asyncio.sleep(PAUSE)
    model.says("It is ", "so.")
    await grown_to(engine, generation, "It is so.")
    assert not generation.timing.is_thinking
    await asyncio.sleep(PAUSE)
    model.says(Usage(12, 7), None)
    await ended(generation)

    answer = stored(alice, turn)
    assert (answer.status, "".join(answer.blocks)) == ("complete", "It is so.")
    assert answer.reasoning == "Hm. 🌊"
    assert (answer.prompt_tokens, answer.completion_tokens) == (12, 7)
    assert 1000 * PAUSE * 0.9 <= answer.reasoning_ms <= answer.duration_ms - 1000 * PAUSE * 0.9


async def test_an_answer_without_thoughts_took_no_time_to_think(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("At once.", None)
    await ended(generation)
    answer = stored(alice, turn)
    assert (answer.reasoning, answer.reasoning_ms, answer.completion_tokens) == ("", 0, 0)


@pytest.mark.parametrize("how", ["stop", "failure"])
async def test_thoughts_stay_when_no_answer_comes_of_them(
    engine: Engine, model: ScriptedModel, alice: Person, how: str
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(Thought("Hm."))
    await thought_to(engine, generation, "Hm.")
    if how == "stop":
        await answers.stop(alice.id, turn.chat.id)
    else:
        model.says(ModelError("It broke.", kind="cut"))
        await ended(generation)
    assert outcome(alice, turn)[:2] == ("stopped" if how == "stop" else "failed", "")
    assert stored(alice, turn).reasoning == "Hm."


async def test_what_is_gone_on_with_keeps_its_thoughts_and_adds_up_its_time(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(Thought("First."))
    await thought_to(engine, generation, "First.")
    await asyncio.sleep(PAUSE)
    model.says("Half ")
    await grown_to(engine, generation, "Half ")
    await answers.stop(alice.id, turn.chat.id)
    before = stored(alice, turn)

    _, job = turns.resume(alice.id, turn.answer.id)
    assert job
    assert all("First." not in message.content for message in job.prompt.messages)
    generation = engine.start(job)
    assert not generation.timing.is_thinking
    model.says(Thought("Then"), Thought(" more."))
    await thought_to(engine, generation, "First.\n\nThen more.")
    model.says("of it", Usage(9, 3), None)
    await ended(generation)
    answer = stored(alice, turn)
    assert (answer.reasoning, "".join(answer.blocks)) == ("First.\n\nThen more.", "Half of it")
    assert answer.reasoning_ms >= before.reasoning_ms > 0
    assert answer.duration_ms > before.duration_ms
    assert answer.completion_tokens == 0, "nobody counted the first half"


async def test_after_a_crash_the_journal_gives_thoughts_and_text_back(
    engine: Engine, model: ScriptedModel, alice: Person, by_hand: Journal
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(Thought("Hm. "))
    await thought_to(engine, generation, "Hm. ")
    await by_hand.tick()
    model.says(Thought("So."), "It is")
    await grown_to(engine, generation, "It is")
    for _ in range(3):
        await by_hand.tick()
    (orphan,) = records.list_orphans(float("-inf"))
    assert records.end_orphan(orphan)
    answer = stored(alice, turn)
    assert (answer.status, answer.reasoning) == ("interrupted", "Hm. So.")
    assert "".join(answer.blocks) == "It is"
    assert (answer.reasoning_ms, answer.duration_ms) == (0, 0)


async def test_another_workers_thoughts_are_repeated_live(engine: Engine, alice: Person) -> None:
    other, mirror = asked_elsewhere(alice), Mirror(engine)
    chat_id = uuid.UUID(other.turn.chat.id)
    with engine.channels.follow(chat_id):
        other.thinks("Hm. ")
        await mirror.look()
        seen = mirror.live_in(chat_id)
        assert seen
        assert (seen.reasoning, seen.timing.is_thinking) == ("Hm. ", True)
        other.thinks("So.")
        await mirror.look()
        assert (seen.reasoning, seen.text) == ("Hm. So.", "")
        other.says("It is")
        await mirror.look()
        assert (seen.text, seen.timing.is_thinking) == ("It is", False)
        assert seen.timing.reasoning_ms is None, "it began before anybody here looked"
        other.ends(" so.")
        await mirror.look()
        assert (seen.reasoning, seen.text) == ("Hm. So.", "It is so.")


def test_text_and_thoughts_take_turns_on_their_way_to_the_journal() -> None:
    generation = Generation(uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    kept = list[tuple[int, str, bool]]()
    for number in range(4):
        generation.think(f"thought{number} ")
        generation.append(f"word{number} ")
        chunk = generation.unkept()
        assert chunk
        assert chunk == generation.unkept()
        kept.append((chunk.seq, chunk.text, chunk.is_reasoning))
        generation.kept()
    assert kept == [
        (0, "thought0 ", True),
        (1, "word0 word1 ", False),
        (2, "thought1 thought2 ", True),
        (3, "word2 word3 ", False),
    ]


def test_what_nobody_noted_makes_the_sum_unknown() -> None:
    ids = (uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    took = Took(duration_ms=1000, completion_tokens=5)
    generation = Generation(*ids, "Half ", reasoning="Hm.", took=took)
    generation.think("So.")
    generation.append("of it")
    whole = generation.timing.ended(Usage(3, 4))
    assert (whole.reasoning_ms, whole.prompt_tokens, whole.completion_tokens) == (None, None, 9)
    assert whole.duration_ms is not None
    assert whole.duration_ms >= 1000
