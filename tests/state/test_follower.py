"""Following an answer: every tab that shows the chat gets the same text, and nobody else gets any."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatbot_app.errors import Unavailable
from chatbot_app.generation import Engine, worker
from chatbot_app.llm import Thought
from chatbot_app.services import answers, chats, sessions, turns
from chatbot_app.state import follower
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.block_groups import GROUP_VARS, TAIL_VARS, THOUGHT_VARS
from chatbot_app.state.conversation import Conversation
from tests.conftest import Person, person
from tests.generation.scripted import ScriptedModel
from tests.generation.test_mirror import Elsewhere
from tests.state.tab import Tab, Tabs


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def engine(
    sqlite: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    monkeypatch.setattr(follower, "PAINT_SECONDS", 0.0)
    monkeypatch.setattr(follower, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(follower.Follower, "_recheck", _recheck_without_a_socket)
    opened = await worker.open_engine(model, shutdown_seconds=0)
    yield opened
    await worker.close_engine()


async def _recheck_without_a_socket(self: follower.Follower) -> None:
    await follower.resolve(self.token)


def text_of(tab: Tab) -> str:
    """Give the answer as this tab's page shows it."""
    var = {key.rpartition(".")[2].removesuffix("_rx_state_"): key for key in _live(tab)}
    blocks = [block for name in GROUP_VARS if name in var for block in tab.vars[var[name]]]
    return "".join(blocks + [tab.vars[var[name]] for name in TAIL_VARS if name in var])


def _live(tab: Tab) -> list[str]:
    return [key for key in tab.vars if "live_answer" in key]


def finished(tab: Tab) -> int:
    return next((tab.vars[key] for key in _live(tab) if ".finished" in key), 0)


async def watch(tab: Tab, project_id: object, chat_id: str) -> Any:
    """Open the chat as its page does when it loads; gives the follower's future."""
    tab.route = {"project_id": str(project_id), "chat_id": chat_id}
    await tab.send(Conversation.open)
    return await tab.start(LiveAnswer.follow, {})


def thoughts_of(tab: Tab) -> str:
    """Give the thoughts as this tab's page has them."""
    var = {key.rpartition(".")[2].removesuffix("_rx_state_"): key for key in _live(tab)}
    return "".join(tab.vars[var[name]] for name in THOUGHT_VARS if name in var)


def thought_ms(tab: Tab) -> int:
    return next((tab.vars[key] for key in _live(tab) if ".thought_ms" in key), 0)


async def test_thoughts_are_shown_as_they_grow_and_after_a_reload(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    early = tabs.open(alice.token)
    runs = [await watch(early, alice.project_id, turn.chat.id)]
    model.says(Thought("Let me "))
    await early.until(lambda: thoughts_of(early) == "Let me ")
    assert thought_ms(early) == 0
    late = tabs.open(alice.token)
    runs.append(await watch(late, alice.project_id, turn.chat.id))
    model.says(Thought("think."))
    for tab in (early, late):
        await tab.until(lambda tab=tab: thoughts_of(tab) == "Let me think.")
        assert text_of(tab) == ""
    model.says("42")
    for tab in (early, late):
        await tab.until(lambda tab=tab: text_of(tab) == "42")
        assert thought_ms(tab) != 0
    model.says(None)
    for tab in (early, late):
        await tab.until(lambda tab=tab: finished(tab) == 1)
        assert (thoughts_of(tab), text_of(tab)) == ("Let me think.", "42")
        assert thought_ms(tab) >= 0
    for run in runs:
        run.cancel()


async def test_an_answer_without_thoughts_sends_none(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("One ")
    await tab.until(lambda: text_of(tab) == "One ")
    for key in [key for key in tab.vars if ".thought" in key]:
        del tab.vars[key]
    model.says("two")
    await tab.until(lambda: text_of(tab) == "One two")
    assert not [key for key in tab.vars if ".thought" in key]
    run.cancel()


async def test_two_tabs_show_the_answer_as_it_grows_and_its_end(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    pair = [tabs.open(alice.token) for _ in range(2)]
    runs = [await watch(tab, alice.project_id, turn.chat.id) for tab in pair]
    model.says("First paragraph.\n\n", "Second ")
    for tab in pair:
        await tab.until(lambda tab=tab: text_of(tab) == "First paragraph.\n\nSecond ")
    model.says("paragraph.", None)
    for tab in pair:
        await tab.until(lambda tab=tab: finished(tab) == 1)
        assert text_of(tab) == "First paragraph.\n\nSecond paragraph."
        recent = (await tab.state(Conversation))._shown("recent")
        assert [m.status for m in recent] == ["complete", "complete"]
    for run in runs:
        run.cancel()


async def test_a_tab_that_comes_late_shows_what_was_said_before(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    early, late = tabs.open(alice.token), tabs.open(alice.token)
    first = await watch(early, alice.project_id, turn.chat.id)
    model.says("Said ", "before.")
    await early.until(lambda: text_of(early) == "Said before.")
    second = await watch(late, alice.project_id, turn.chat.id)
    await late.until(lambda: text_of(late) == "Said before.")
    model.says(None)
    await late.until(lambda: finished(late) == 1)
    for run in (first, second):
        run.cancel()


async def test_an_idle_tab_shows_what_another_tab_asks(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    model.says("One.", None)
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    if live := engine.find(uuid.UUID(turn.answer.id)):
        await live.saved.wait()
    idle = tabs.open(alice.token)
    run = await watch(idle, alice.project_id, turn.chat.id)
    await answers.send(alice.id, alice.project_id, turn.chat.id, "And now?")
    model.says("Two.")
    await idle.until(lambda: text_of(idle) == "Two.")
    model.says(None)
    await idle.until(lambda: finished(idle) == 1)
    recent = (await idle.state(Conversation))._shown("recent")
    assert ["".join(m.blocks) for m in recent] == ["Hello?", "One.", "And now?", "Two."]
    run.cancel()


async def test_a_stranger_with_the_address_sees_nothing(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    charlie = tabs.open(person("Charlie").token)
    run = await watch(charlie, alice.project_id, turn.chat.id)
    await run.wait_all()
    assert (await charlie.state(Conversation)).is_missing
    assert text_of(charlie) == ""
    assert not engine.channels._channels


async def test_a_deleted_chat_is_missing_until_somebody_thinks_better_of_it(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Half")
    await tab.until(lambda: text_of(tab) == "Half")
    conversation = await tab.state(Conversation)
    await answers.delete_chat(alice.id, turn.chat.id)
    await tab.until(lambda: conversation.is_missing)
    await asyncio.sleep(0.2)  # it looks whether its session is there, and not for the chat
    assert conversation.is_missing

    chats.restore(alice.id, turn.chat.id)
    answers.announce(turn.chat.id)
    await tab.until(lambda: not conversation.is_missing)
    model.says("Whole.")
    await answers.send(alice.id, alice.project_id, turn.chat.id, "And now?")
    await tab.until(lambda: text_of(tab) == "Whole.")
    model.says(None)
    run.cancel()


async def test_a_page_of_a_deleted_chat_is_followed_no_longer_than_its_session(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    conversation = await tab.state(Conversation)
    await answers.delete_chat(alice.id, turn.chat.id)
    await tab.until(lambda: conversation.is_missing)
    sessions.sign_out(alice.viewer)
    await run.wait_all()
    assert not engine.channels._channels


async def test_following_goes_on_when_the_database_was_away(
    tabs: Tabs,
    engine: Engine,
    model: ScriptedModel,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Before.")
    await tab.until(lambda: text_of(tab) == "Before.")
    open_page, refused = chats.open_page, []

    def away_once(*arguments: Any, **options: Any) -> Any:
        if not refused:
            refused.append(True)
            raise Unavailable("The database does not answer.")
        return open_page(*arguments, **options)

    monkeypatch.setattr(follower, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(chats, "open_page", away_once)
    model.says(" After.", None)
    await tab.until(lambda: finished(tab) == 1)
    assert refused
    assert text_of(tab) == "Before. After."
    run.cancel()


async def test_a_page_whose_session_ends_is_led_to_the_sign_in_page(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Before.")
    await tab.until(lambda: text_of(tab) == "Before.")
    sessions.sign_out(alice.viewer)
    await run.wait_all()
    assert not engine.channels._channels
    assert tab.redirects == ["/login?next=/somewhere"]
    model.says(" After.", None)
    if live := engine.find(uuid.UUID(turn.answer.id)):
        await live.saved.wait()
    assert text_of(tab) == "Before."
    stored = chats.open_page(alice.id, alice.project_id, turn.chat.id).messages[-1]
    assert "".join(stored.blocks) == "Before. After.", "the answer itself goes on"


def message_id_of(tab: Tab) -> str:
    return next(tab.vars[key] for key in _live(tab) if ".message_id" in key)


async def test_an_answer_that_goes_on_is_shown_from_its_beginning_and_once(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("First paragraph.\n\nSecond ")
    await tab.until(lambda: text_of(tab).endswith("Second "))
    await answers.stop(alice.id, turn.chat.id)
    await tab.until(lambda: finished(tab) == 1)
    await tab.send(Conversation.resume, message_id=turn.answer.id)
    model.says("paragraph.\n\nThird", None)
    await tab.until(lambda: finished(tab) == 2)
    recent = (await tab.state(Conversation))._shown("recent")
    stored = "".join(recent[-1].blocks)
    assert stored == "First paragraph.\n\nSecond paragraph.\n\nThird"
    # The page draws what is followed, or what is stored if it came too late to follow.
    assert message_id_of(tab) == "" or text_of(tab) == stored
    assert [(m.id, m.status) for m in recent] == [
        (turn.question.id, "complete"),
        (turn.answer.id, "complete"),
    ]
    run.cancel()


async def test_what_another_worker_writes_is_shown_as_it_grows(
    tabs: Tabs, engine: Engine, alice: Person
) -> None:
    other = Elsewhere(turns.begin(alice.id, alice.project_id, None, "Hello?"))
    other.says("Said before, ")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, other.turn.chat.id)
    await tab.until(lambda: text_of(tab) == "Said before, ")
    other.says("said now, ")
    await tab.until(lambda: text_of(tab) == "Said before, said now, ")
    other.ends("and last.")
    await tab.until(lambda: finished(tab) == 1)
    assert text_of(tab) == "Said before, said now, and last."
    recent = (await tab.state(Conversation))._shown("recent")
    assert [m.status for m in recent] == ["complete", "complete"]
    run.cancel()


async def test_what_is_stored_wins_over_what_was_followed(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Half, ")
    await tab.until(lambda: text_of(tab) == "Half, ")
    await answers.stop(alice.id, turn.chat.id)
    await tab.until(lambda: finished(tab) == 1)
    assert message_id_of(tab) == turn.answer.id
    # Somebody goes on with it, and it ends, before anybody here looks.
    other = Elsewhere(turns.resume(alice.id, turn.answer.id))
    other.ends("and the rest.")
    worker.engine().channels.messages_changed(uuid.UUID(turn.chat.id))
    await tab.until(lambda: message_id_of(tab) == "")
    recent = (await tab.state(Conversation))._shown("recent")
    assert "".join(recent[-1].blocks) == "Half, and the rest."
    run.cancel()


async def test_a_page_that_comes_back_shows_no_ended_answer_without_its_last_words(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Half, ")
    await tab.until(lambda: text_of(tab) == "Half, ")
    (await tab.state(LiveAnswer))._follower = "gone"  # as when the connection was lost
    model.says("and the rest.", None)
    await run.wait_all()
    if live := engine.find(uuid.UUID(turn.answer.id)):
        await live.saved.wait()
    await tab.send(Conversation.open)
    recent = (await tab.state(Conversation))._shown("recent")
    assert (recent[-1].status, message_id_of(tab)) == ("complete", "")
    assert "".join(recent[-1].blocks) == "Half, and the rest."


async def test_a_follower_that_another_worker_took_over_from_writes_nothing_more(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Before.")
    await tab.until(lambda: text_of(tab) == "Before.")
    (await tab.state(LiveAnswer))._follower = "somebody else"
    model.says(" After.")
    await run.wait_all()
    assert text_of(tab) == "Before."


async def test_a_message_that_is_sent_twice_is_on_the_page_once(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    model.says("One.", None)
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    if live := engine.find(uuid.UUID(turn.answer.id)):
        await live.saved.wait()
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    form = {"message": "And now?", "key": "key-1"}
    for _ in range(3):
        await tab.send(Conversation.send_message, form=form)
    conversation = await tab.state(Conversation)
    assert ["".join(m.blocks) for m in conversation._shown("recent")][2] == "And now?"
    assert len(conversation._shown("recent")) == 4
    assert conversation.accepted == 3
    assert len(chats.open_page(alice.id, alice.project_id, turn.chat.id).messages) == 4
    run.cancel()


async def test_a_message_that_was_taken_in_another_chat_leads_there(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    model.says("One.", None, "Two.", None)
    first = await answers.send(alice.id, alice.project_id, None, "Hello?", "key-1")
    second = await answers.send(alice.id, alice.project_id, None, "Hello again?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, second.chat.id)
    await tab.send(Conversation.send_message, form={"message": "Hello?", "key": "key-1"})
    assert tab.redirects[-1].endswith(first.chat.id)
    shown = (await tab.state(Conversation))._shown("recent")
    assert first.question.id not in [message.id for message in shown]
    run.cancel()


async def test_a_refused_message_is_told_and_counted(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    await tab.send(Conversation.send_message, form={"message": "Impatient", "key": "key-2"})
    conversation = await tab.state(Conversation)
    assert "still being written" in conversation.hint
    assert (conversation.refused, conversation.accepted) == (1, 0)
    run.cancel()
