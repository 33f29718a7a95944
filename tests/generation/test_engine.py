"""The engine: what was said is kept, and how it ended is stored, in plain words."""

import asyncio
import contextlib
import uuid

import pytest

from chatbot_app.errors import ModelError, NotFound, Unavailable
from chatbot_app.generation import Channels, Engine, Job, outcomes, records, worker
from chatbot_app.generation import engine as engine_module
from chatbot_app.llm import Prompt
from chatbot_app.services import answers, chats, turns
from tests.conftest import Person, erase, say
from tests.generation.scripted import (
    PATIENCE,
    ScriptedModel,
    begin,
    ended,
    grown_to,
    outcome,
    stored,
)


async def test_a_whole_answer_is_stored_to_the_byte(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Grüße ", "🌊", "\n\n```\ncode\n```\r\n", None)
    await ended(generation)
    assert outcome(alice, turn) == ("complete", "Grüße 🌊\n\n```\ncode\n```\r\n", "")
    assert engine.find(generation.message_id) is None
    assert engine.live_in(generation.chat_id) is None


async def test_stop_keeps_the_text_and_closes_the_connection(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Half of")
    await grown_to(engine, generation, "Half of")
    assert await answers.stop(alice.id, turn.chat.id)
    assert model.connection_closed.is_set()
    assert outcome(alice, turn) == ("stopped", "Half of", "")


async def test_stop_works_before_the_first_piece(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, _generation = await begin(engine, alice)
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    assert await answers.stop(alice.id, turn.chat.id)
    assert model.connection_closed.is_set()
    assert outcome(alice, turn) == ("stopped", "", "")


async def test_stop_works_before_the_model_was_even_asked(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    assert await asyncio.wait_for(engine.stop(generation.message_id), PATIENCE)
    assert outcome(alice, turn) == ("stopped", "", "")
    assert not model.asked.is_set() or model.connection_closed.is_set()


async def test_after_a_stop_the_next_question_is_answered(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, _generation = await begin(engine, alice)
    await answers.stop(alice.id, turn.chat.id)
    model.says("Fine.", None)
    following = await answers.send(alice.id, alice.project_id, turn.chat.id, "And now?")
    if live := engine.find(uuid.UUID(following.answer.id)):
        await ended(live)
    assert outcome(alice, following) == ("complete", "Fine.", "")


async def test_stopping_twice_or_too_late_changes_nothing(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Whole.")
    await grown_to(engine, generation, "Whole.")
    both = await asyncio.gather(*(engine.stop(generation.message_id) for _ in range(2)))
    assert both == [True, True]
    assert not await answers.stop(alice.id, turn.chat.id)
    assert outcome(alice, turn) == ("stopped", "Whole.", "")


async def test_an_error_before_any_text_fails_with_the_reason(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(ModelError("The provider is overloaded.", kind="overloaded"))
    await ended(generation)
    assert outcome(alice, turn) == ("failed", "", "The provider is overloaded.")


async def test_an_error_after_text_keeps_it_as_interrupted(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Half", ModelError("The connection broke.", kind="cut"))
    await ended(generation)
    assert outcome(alice, turn) == ("interrupted", "Half", "The connection broke.")


async def test_a_bug_in_the_model_gives_an_apology_not_its_text(
    engine: Engine, model: ScriptedModel, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    turn, generation = await begin(engine, alice)
    model.says(RuntimeError("secret-in-exception"))
    await ended(generation)
    status, _text, error = outcome(alice, turn)
    assert status == "failed"
    assert "secret-in-exception" not in error
    assert error == engine_module.UNEXPECTED
    assert "failed" in caplog.text


async def test_a_stranger_cannot_stop_an_answer(
    engine: Engine, model: ScriptedModel, alice: Person, charlie: Person
) -> None:
    turn, generation = await begin(engine, alice)
    with pytest.raises(NotFound):
        await answers.stop(charlie.id, turn.chat.id)
    model.says("Still here.", None)
    await ended(generation)
    assert outcome(alice, turn) == ("complete", "Still here.", "")


async def test_shutting_down_lets_an_answer_end_within_its_grace(
    database: str, model: ScriptedModel, alice: Person
) -> None:
    engine = Engine(model, shutdown_seconds=PATIENCE)
    turn, generation = await begin(engine, alice)
    closing = asyncio.create_task(engine.shutdown())
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    model.says("In time.", None)
    await asyncio.wait_for(closing, PATIENCE)
    assert generation.saved.is_set()
    assert outcome(alice, turn) == ("complete", "In time.", "")
    assert model.is_closed


async def test_shutting_down_interrupts_what_takes_longer_and_keeps_its_text(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("So far")
    await grown_to(engine, generation, "So far")
    await asyncio.wait_for(worker.close_engine(), PATIENCE)
    assert outcome(alice, turn) == ("interrupted", "So far", engine_module.RESTARTED)
    assert model.connection_closed.is_set()
    assert model.is_closed


async def test_what_begins_while_shutting_down_is_interrupted_at_once(
    database: str, model: ScriptedModel, alice: Person
) -> None:
    engine = Engine(model, shutdown_seconds=PATIENCE)
    await begin(engine, alice)
    closing = asyncio.create_task(engine.shutdown())
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    late, generation = await begin(engine, alice)
    await ended(generation)
    assert outcome(alice, late) == ("interrupted", "", engine_module.RESTARTED)
    model.says(None)
    await asyncio.wait_for(closing, PATIENCE)


async def test_a_stopped_worker_refuses_a_question_before_it_is_stored(
    database: str, alice: Person
) -> None:
    with pytest.raises(Unavailable):
        await answers.send(alice.id, alice.project_id, None, "Hello?")
    assert chats.list_page(alice.id, alice.project_id).chats == []


async def test_an_outcome_the_database_would_not_take_is_offered_again(
    engine: Engine, model: ScriptedModel, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, offers = records.finish, []

    def reluctant(offered: list[records.Outcome]) -> frozenset[uuid.UUID]:
        offers.append(offered)
        if len(offers) < 3:
            raise Unavailable("The database is busy.")
        return finish(offered)

    monkeypatch.setattr(outcomes, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(records, "finish", reluctant)
    turn, generation = await begin(engine, alice)
    model.says("Kept.", None)
    await ended(generation)
    assert len(offers) == 3
    assert outcome(alice, turn) == ("complete", "Kept.", "")


async def test_a_chat_deleted_in_mid_answer_is_gone_and_its_connection_closed(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    model.says("Half")
    await grown_to(engine, generation, "Half")
    await asyncio.wait_for(answers.delete_chat(alice.id, turn.chat.id), PATIENCE)
    assert model.connection_closed.is_set()
    assert engine.find(generation.message_id) is None
    with pytest.raises(NotFound):
        chats.get(alice.id, turn.chat.id)


async def test_a_project_deleted_in_mid_answer_is_gone_and_its_connection_closed(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn, generation = await begin(engine, alice)
    await asyncio.wait_for(answers.delete_project(alice.id, alice.project_id), PATIENCE)
    assert engine.find(generation.message_id) is None
    with pytest.raises(NotFound):
        chats.get(alice.id, turn.chat.id)


async def test_a_row_deleted_behind_the_engines_back_does_not_trouble_it(
    engine: Engine, model: ScriptedModel, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    turn, generation = await begin(engine, alice)
    erase(alice, turn.chat.id)
    model.says("Nobody hears this.", None)
    await ended(generation)
    assert engine.find(generation.message_id) is None
    assert "Traceback" not in caplog.text


async def test_what_a_dead_process_left_is_interrupted_at_the_next_start(
    database: str, model: ScriptedModel, alice: Person
) -> None:
    whole = say(alice, "Before", "All said.")
    orphan, _job = turns.begin(alice.id, alice.project_id, None, "Hello?")
    await worker.open_engine(model, is_alone=True)
    try:
        assert stored(alice, orphan).status == "interrupted"
        assert stored(alice, orphan).error
        assert outcome(alice, whole) == ("complete", "All said.", "")
        again = await answers.retry(alice.id, orphan.answer.id)
        model.says("Second try.", None)
        if live := worker.engine().find(uuid.UUID(again.answer.id)):
            await ended(live)
        assert outcome(alice, again) == ("complete", "Second try.", "")
    finally:
        await worker.close_engine()


async def test_the_end_of_a_former_run_does_not_forget_a_later_one_of_the_same_message(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    _turn, former = await begin(engine, alice)
    job = Job(former.message_id, former.chat_id, uuid.uuid4(), Prompt(messages=()))
    later = engine.start(job)
    await asyncio.sleep(0.05)
    model.says(None)  # the one that listened first
    await ended(former)
    assert engine.find(later.message_id) is later
    assert engine.live_in(later.chat_id) is later
    engine.lose(later)
    await ended(later)
    assert engine.find(later.message_id) is None


async def test_whoever_asked_may_leave_and_the_answer_goes_on(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    asking = asyncio.create_task(answers.send(alice.id, alice.project_id, None, "Hello?"))
    await asyncio.sleep(0)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(model.asked.wait(), PATIENCE)
    (chat,) = chats.list_page(alice.id, alice.project_id).chats
    live = engine.live_in(uuid.UUID(chat.id))
    assert live is not None
    model.says("Anyway.", None)
    await ended(live)
    page = chats.open_page(alice.id, alice.project_id, chat.id)
    assert page.messages[-1].status == "complete"


async def test_two_followers_of_one_answer_read_the_same_text(
    engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    _turn, generation = await begin(engine, alice)

    async def follow() -> str:
        seen, position = "", 0
        with engine.channels.follow(generation.chat_id) as channel:
            while not generation.saved.is_set() or position < generation.read(position)[1]:
                version = channel.version
                text, position = generation.read(position)
                seen += text
                if not generation.saved.is_set():
                    await channel.wait(version, PATIENCE)
        return seen

    followers = [asyncio.create_task(follow()) for _ in range(2)]
    for word in ["one", "two", "three", "four", "five"]:
        model.says(word)
        await asyncio.sleep(0)
    model.says(None)
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*followers) == ["onetwothreefourfive"] * 2
    assert not engine.channels._channels


async def test_news_wakes_every_follower_of_that_chat_and_no_other() -> None:
    channels, chat, other = Channels(), uuid.uuid4(), uuid.uuid4()
    with (
        channels.follow(chat) as one,
        channels.follow(chat) as two,
        channels.follow(other) as elsewhere,
    ):
        waits = [asyncio.create_task(c.wait(c.version, PATIENCE)) for c in (one, two, elsewhere)]
        await asyncio.sleep(0)
        channels.text_came(chat)
        done, waiting = await asyncio.wait(waits, timeout=0.2)
        assert (done, waiting) == (set(waits[:2]), {waits[2]})
        channels.messages_changed(other)
        await asyncio.wait_for(waits[2], PATIENCE)
        assert (one.messages, elsewhere.messages) == (0, 1)


async def test_news_that_came_before_the_wait_is_not_missed() -> None:
    channels, chat = Channels(), uuid.uuid4()
    with channels.follow(chat) as channel:
        version = channel.version
        channels.text_came(chat)
        await asyncio.wait_for(channel.wait(version, PATIENCE), 1)


async def test_a_chat_that_nobody_follows_any_more_keeps_nothing() -> None:
    channels, chat = Channels(), uuid.uuid4()
    with channels.follow(chat) as one:
        with channels.follow(chat) as two:
            assert one is two
        channels.text_came(chat)
        assert one.version == 1
    channels.text_came(chat)
    assert not channels._channels
    with contextlib.suppress(RuntimeError), channels.follow(chat):
        raise RuntimeError
    assert not channels._channels
