"""Following an answer: every tab that shows the chat gets the same text, and nobody else gets any."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatbot_app.errors import Unavailable
from chatbot_app.generation import Engine, worker
from chatbot_app.services import answers, chats, sessions
from chatbot_app.state import follower
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.conversation import Conversation
from tests.conftest import Person, person
from tests.generation.scripted import ScriptedModel
from tests.state.tab import Tab, Tabs

LISTS = ("oldest", "older", "newer", "newest")


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
    blocks = [block for name in LISTS if name in var for block in tab.vars[var[name]]]
    return "".join(blocks) + (tab.vars[var["tail"]] if "tail" in var else "")


def _live(tab: Tab) -> list[str]:
    return [key for key in tab.vars if "live_answer" in key]


def finished(tab: Tab) -> int:
    return next((tab.vars[key] for key in _live(tab) if ".finished" in key), 0)


async def watch(tab: Tab, project_id: object, chat_id: str) -> Any:
    """Open the chat as its page does when it loads; gives the follower's future."""
    tab.route = {"project_id": str(project_id), "chat_id": chat_id}
    await tab.send(Conversation.open)
    return await tab.start(LiveAnswer.follow, {})


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


async def test_a_deleted_chat_is_missing_and_followed_no_more(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Half")
    await tab.until(lambda: text_of(tab) == "Half")
    await answers.delete_chat(alice.id, turn.chat.id)
    await run.wait_all()
    assert (await tab.state(Conversation)).is_missing
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


async def test_following_ends_with_the_session(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    turn = await answers.send(alice.id, alice.project_id, None, "Hello?")
    tab = tabs.open(alice.token)
    run = await watch(tab, alice.project_id, turn.chat.id)
    model.says("Before.")
    await tab.until(lambda: text_of(tab) == "Before.")
    sessions.sign_out(alice.viewer.session_id)
    await run.wait_all()
    assert not engine.channels._channels
    model.says(" After.", None)
    if live := engine.find(uuid.UUID(turn.answer.id)):
        await live.saved.wait()
    assert text_of(tab) == "Before."
    stored = chats.open_page(alice.id, alice.project_id, turn.chat.id).messages[-1]
    assert "".join(stored.blocks) == "Before. After.", "the answer itself goes on"
