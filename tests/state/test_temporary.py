"""A temporary chat and the others never mix, also where the database is away in between."""

from typing import Any

import pytest

from chatbot_app.errors import Unavailable
from chatbot_app.services import projects
from chatbot_app.state.conversation import Conversation
from tests.conftest import Person, say
from tests.generation.scripted import ScriptedModel
from tests.state.tab import Tabs


def away_once(monkeypatch: pytest.MonkeyPatch) -> None:
    get, refused = projects.get, []

    def away(*arguments: Any) -> Any:
        if not refused:
            refused.append(True)
            raise Unavailable("The database does not answer.")
        return get(*arguments)

    monkeypatch.setattr(projects, "get", away)


async def test_nothing_of_a_stored_chat_comes_into_a_temporary_one(
    tabs: Tabs, model: ScriptedModel, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = say(alice, "Stored").chat
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id), "chat_id": chat.id}
    await tab.send(Conversation.open)
    tab.route = {"project_id": str(alice.project_id), "chat_id": "", "temporary": "1"}
    away_once(monkeypatch)
    await tab.send(Conversation.open)
    await tab.send(Conversation.open)
    conversation = await tab.state(Conversation)
    assert conversation.is_temporary
    assert conversation._shown("recent") == []


async def test_nothing_of_a_temporary_chat_comes_into_a_new_one(
    tabs: Tabs, model: ScriptedModel, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.says("Between us.", None)
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id), "chat_id": "", "temporary": "1"}
    await tab.send(Conversation.open)
    await tab.send(Conversation.send_message, form={"message": "Psst", "key": "key-1"})
    conversation = await tab.state(Conversation)
    assert len(conversation._shown("recent")) == 2
    tab.route["temporary"] = ""
    away_once(monkeypatch)
    await tab.send(Conversation.open)
    model.says("On record.", None)
    await tab.send(Conversation.send_message, form={"message": "Hello", "key": "key-2"})
    assert not conversation.is_temporary
    shown = ["".join(message.blocks) for message in conversation._shown("recent")]
    assert shown[0] == "Hello"
