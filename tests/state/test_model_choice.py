"""The composer's choices as states: which model a chat is asked with, and what a new chat suggests."""

from collections.abc import AsyncIterator

import pytest

from chatbot_app.generation import worker
from chatbot_app.services import chats, projects
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.model_choice import ModelChoice
from tests.conftest import Person, person, say
from tests.generation.scripted import ScriptedModel
from tests.state.tab import Tab, Tabs


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture(autouse=True)
async def engine(tabs: Tabs) -> AsyncIterator[None]:
    await worker.open_engine(ScriptedModel(), shutdown_seconds=0)
    yield
    await worker.close_engine()


async def opened(tabs: Tabs, alice: Person, chat_id: str = "") -> Tab:
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id), "chat_id": chat_id}
    await tab.send(Conversation.open)
    return tab


async def test_a_chosen_model_is_shown_and_kept_with_the_chat(tabs: Tabs, alice: Person) -> None:
    chat = say(alice, "Hello").chat
    tab = await opened(tabs, alice, chat.id)
    assert (await tab.state(Conversation)).model_name == "scripted"

    await tab.send(ModelChoice.choose, form={"model": "other"})
    assert (await tab.state(Conversation)).model_name == "other"
    assert (await (await opened(tabs, alice, chat.id)).state(Conversation)).model_name == "other"

    await tab.send(ModelChoice.choose, form={"model": ""})
    assert (await tab.state(Conversation)).model_name == "scripted"
    assert chats.get(alice.id, chat.id).model == ""


async def test_a_chat_is_left_alone_by_one_who_is_in_none_and_by_a_name_that_cant_be(
    tabs: Tabs, alice: Person
) -> None:
    chat = say(alice, "Hello").chat
    await (await opened(tabs, alice)).send(ModelChoice.choose, form={"model": "other"})
    tab = await opened(tabs, alice, chat.id)
    await tab.send(ModelChoice.choose, form={"model": "x" * 201})
    assert chats.get(alice.id, chat.id).model == ""
    assert (await tab.state(Conversation)).model_name == "scripted"


async def test_a_new_chat_takes_the_model_of_its_first_message(tabs: Tabs, alice: Person) -> None:
    tab = await opened(tabs, alice)
    form = {"message": "Hello", "key": "a", "model": "chosen"}
    await tab.send(Conversation.send_message, form=form)
    shown = await tab.state(Conversation)
    assert shown.model_name == "chosen"
    assert chats.get(alice.id, shown.open_chat_id).model == "chosen"


async def test_a_new_chat_suggests_what_its_project_says(tabs: Tabs, alice: Person) -> None:
    tab = await opened(tabs, alice)
    assert (await tab.state(Conversation)).get_value("starters") == []
    projects.update(
        alice.id,
        alice.project_id,
        name="Poet",
        description="",
        system_prompt="",
        model="projects-own",
        temperature="",
        starters="One\nTwo",
    )
    await tab.send(Conversation.open)
    shown = await tab.state(Conversation)
    assert shown.get_value("starters") == ["One", "Two"]
    assert shown.model_name == "projects-own"
