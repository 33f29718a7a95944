"""Dialogs about a chat belong to the page that opened them, what is clicked twice is done once, and what
was done is taken back whole.
"""

import pytest

from chatbot_app.services import branches, chat_places, chats, sharing
from chatbot_app.state.branches import Deletion
from chatbot_app.state.chat_actions import ChatActions
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session
from chatbot_app.state.sharing import Sharing
from tests.conftest import Person, say
from tests.state.tab import Tab, Tabs

pytestmark = pytest.mark.usefixtures("model")


async def go(tab: Tab, alice: Person, chat_id: str) -> None:
    """Open a chat as its page does when it loads."""
    tab.path = f"/projects/{alice.project_id}/chat/{chat_id}"
    tab.route = {"project_id": str(alice.project_id), "chat_id": chat_id}
    await tab.send(Rail.load)
    await tab.send(Conversation.open)


async def test_a_dialog_about_a_message_closes_with_its_chat(tabs: Tabs, alice: Person) -> None:
    first, second = say(alice, "First"), say(alice, "Second")
    tab = tabs.open(alice.token)
    await go(tab, alice, first.chat.id)
    await tab.send(Deletion.ask, message_id=first.question.id)
    assert (await tab.state(Deletion)).message_id == first.question.id

    await go(tab, alice, first.chat.id)  # loaded again where it is, after a lost connection
    assert (await tab.state(Deletion)).message_id == first.question.id
    await go(tab, alice, second.chat.id)
    assert (await tab.state(Deletion)).message_id == ""


async def test_a_message_is_deleted_in_the_chat_that_is_shown_only(
    tabs: Tabs, alice: Person
) -> None:
    first, second = say(alice, "First"), say(alice, "Second")
    tab = tabs.open(alice.token)
    await go(tab, alice, first.chat.id)
    await tab.send(Deletion.ask, message_id=first.answer.id)
    tab.route["chat_id"] = second.chat.id
    await tab.send(Conversation.open)  # the rail, which closes it, is not there yet
    await tab.send(Deletion.delete)
    assert len(chats.open_page(alice.id, alice.project_id, first.chat.id).messages) == 2

    await go(tab, alice, first.chat.id)
    await tab.send(Deletion.ask, message_id=first.answer.id)
    await tab.send(Deletion.delete)
    await tab.send(Deletion.delete)
    assert (await tab.state(Session)).notice == ""
    assert len(chats.open_page(alice.id, alice.project_id, first.chat.id).messages) == 1


async def test_a_link_is_made_to_the_chat_that_is_shown_only(tabs: Tabs, alice: Person) -> None:
    first, second = say(alice, "First"), say(alice, "Second")
    tab = tabs.open(alice.token)
    await go(tab, alice, first.chat.id)
    await tab.send(Sharing.show_dialog, is_open=True)
    tab.route["chat_id"] = second.chat.id
    await tab.send(Conversation.open)
    await tab.send(Sharing.create)
    assert sharing.list_for(alice.id, None) == []

    await go(tab, alice, second.chat.id)
    assert not (await tab.state(Sharing)).is_open
    await tab.send(Sharing.show_dialog, is_open=True)
    await tab.send(Sharing.create)
    assert len(sharing.list_for(alice.id, second.chat.id)) == 1


async def test_a_second_click_on_delete_or_move_is_nothing_to_tell(
    tabs: Tabs, alice: Person
) -> None:
    chat = say(alice, "Hello").chat
    tab = tabs.open(alice.token)
    await go(tab, alice, "")
    await tab.send(ChatActions.ask_to_move, chat_id=chat.id)
    for _ in range(2):
        await tab.send(ChatActions.move, project_id=str(alice.project_id))
    await tab.send(ChatActions.ask_to_delete, chat_id=chat.id)
    for _ in range(2):
        await tab.send(ChatActions.delete)
    assert (await tab.state(Session)).notice == ""
    assert chats.list_page(alice.id, alice.project_id).chats == []


@pytest.mark.parametrize("is_pinned", [True, False])
async def test_undo_brings_an_archived_chat_back_to_where_it_was(
    tabs: Tabs, alice: Person, is_pinned: bool
) -> None:
    chat = say(alice, "Hello").chat
    if is_pinned:
        chat_places.pin(alice.id, chat.id)
    before = chats.get(alice.id, chat.id)
    tab = tabs.open(alice.token)
    await go(tab, alice, "")
    await tab.send(ChatActions.archive, chat_id=chat.id)
    assert chats.get(alice.id, chat.id).is_archived
    await tab.send(ChatActions.undo)
    assert chats.get(alice.id, chat.id) == before


async def test_a_message_that_cannot_be_shown_is_told_of_and_leaves_the_address(
    tabs: Tabs, alice: Person
) -> None:
    turn = say(alice, "Hello")
    tab = tabs.open(alice.token)
    branches.delete(alice.id, turn.answer.id)
    tab.route = {
        "project_id": str(alice.project_id),
        "chat_id": turn.chat.id,
        "message": turn.answer.id,
    }
    await tab.send(Conversation.open)
    assert "isn't there any more" in (await tab.state(Session)).notice
    assert tab.redirects == [f"/projects/{alice.project_id}/chat/{turn.chat.id}"]


async def test_a_question_for_a_chat_that_is_gone_begins_no_other(
    tabs: Tabs, alice: Person
) -> None:
    chat = say(alice, "Hello").chat
    chats.delete(alice.id, chat.id)
    tab = tabs.open(alice.token)  # whose state is new, as after a restart
    tab.route = {"project_id": str(alice.project_id), "chat_id": chat.id}
    await tab.send(Conversation.send_message, form={"message": "And?", "key": "key-1"})
    conversation = await tab.state(Conversation)
    assert (conversation.refused, conversation.refused_key) == (1, "key-1")
    assert "was deleted" in conversation.hint
    assert chats.list_page(alice.id, alice.project_id).chats == []
