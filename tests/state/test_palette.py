"""The palette in a tab, and the stretch of a chat to which it leads."""

from collections.abc import AsyncIterator

import pytest

from chatbot_app.generation import Engine, worker
from chatbot_app.services import answers
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.palette import Palette
from tests.conftest import Person, person, say
from tests.generation.scripted import ScriptedModel
from tests.services.test_passages import long_chat
from tests.state.tab import Tab, Tabs


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def engine(sqlite: str, model: ScriptedModel) -> AsyncIterator[Engine]:
    opened = await worker.open_engine(model, shutdown_seconds=0)
    yield opened
    await worker.close_engine()


async def come_to(tab: Tab, owner: Person, chat_id: str, message_id: str = "") -> Conversation:
    """Open the chat as its page does, at this message."""
    tab.route = {"project_id": str(owner.project_id), "chat_id": chat_id}
    if message_id:
        tab.route["message"] = message_id
    await tab.send(Conversation.open)
    return await tab.state(Conversation)


def ids(conversation: Conversation) -> list[str]:
    return [m.id for m in conversation._shown("earlier") + conversation._shown("recent")]


async def test_the_palette_lists_recent_chats_and_then_what_is_typed(
    tabs: Tabs, alice: Person
) -> None:
    charlie = person("Charlie")
    turn = say(alice, "Where is the kraken?", "Beneath the reef.")
    mine, theirs = tabs.open(alice.token), tabs.open(charlie.token)
    for tab in (mine, theirs):
        await tab.send(Palette.look_for, form={"search": " "})
    assert [chat.id for chat in (await mine.state(Palette)).chats] == [turn.chat.id]
    for tab in (mine, theirs):
        await tab.send(Palette.look_for, form={"search": "reef"})

    palette = await mine.state(Palette)
    assert [hit.id for hit in palette.messages] == [turn.answer.id]
    assert palette.messages[0].said_at == "just now"
    assert palette.found_for == "reef"
    stranger = await theirs.state(Palette)
    assert (stranger.chats, stranger.messages) == ([], [])

    await mine.send(Palette.look_for, form={"search": "x" * 300})
    assert "200" in (await mine.state(Palette)).hint


async def test_older_messages_are_listed_behind(tabs: Tabs, alice: Person) -> None:
    for number in range(25):
        say(alice, f"Question {number}", "Nothing")
    tab = tabs.open(alice.token)
    await tab.send(Palette.look_for, form={"search": "question"})
    await tab.send(Palette.show_more)
    await tab.send(Palette.show_more)

    palette = await tab.state(Palette)
    assert len({hit.id for hit in palette.messages}) == 25
    assert palette.older_than == ""


async def test_a_stretch_from_the_middle_stays_until_one_goes_to_the_end(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    chat_id, stored = long_chat(alice, 200)
    tab = tabs.open(alice.token)
    conversation = await come_to(tab, alice, chat_id, stored[50])
    assert stored[50] in ids(conversation)
    before = ids(conversation)
    follower = await tab.start(LiveAnswer.follow, {})

    turn = await answers.send(alice.id, alice.project_id, chat_id, "News")  # from another tab
    model.says("Yes.", None)
    await come_to(tab, alice, chat_id)  # the connection was lost and came back
    assert ids(await tab.state(Conversation)) == before

    await tab.send(Conversation.load_later)
    await tab.send(Conversation.load_earlier)
    conversation = await tab.state(Conversation)
    shown = ids(conversation)
    at = stored.index(shown[0])
    assert shown == stored[at : at + len(shown)]
    assert len(shown) > len(before) + 40
    assert turn.question.id not in shown

    await tab.send(Conversation.show_end)
    assert turn.question.id in ids(await tab.state(Conversation))
    assert (await tab.state(Conversation)).newer_than == ""
    follower.cancel()


async def test_a_message_on_another_branch_brings_its_branch(
    tabs: Tabs, engine: Engine, model: ScriptedModel, alice: Person
) -> None:
    first = say(alice, "Which boat?", "The zeppelin", status="stopped")
    again = await answers.retry(alice.id, first.answer.id)
    tab = tabs.open(alice.token)
    # While an answer is written there, its branch is the one to look at.
    conversation = await come_to(tab, alice, first.chat.id, first.answer.id)
    assert ids(conversation) == [first.question.id, again.answer.id]
    model.says("The schooner", None)
    await answers.stop(alice.id, first.chat.id)

    conversation = await come_to(tab, alice, first.chat.id, first.answer.id)
    assert ids(conversation) == [first.question.id, first.answer.id]


async def test_a_message_that_is_nowhere_leads_to_the_end(tabs: Tabs, alice: Person) -> None:
    chat_id, stored = long_chat(alice, 50)
    other = say(alice, "Elsewhere")
    for message_id in (other.answer.id, "no id", "1" * 36):
        conversation = await come_to(tabs.open(alice.token), alice, chat_id, message_id)
        assert ids(conversation)[-1] == stored[-1]
        assert not conversation.is_missing
