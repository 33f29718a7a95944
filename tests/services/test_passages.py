"""Coming to a message in the middle of a chat, and going on from there."""

import uuid

import pytest

from chatbot_app.errors import NotFound
from chatbot_app.services import branches, chats, passages, turns
from tests import crowd
from tests.conftest import Person, end, say


def long_chat(owner: Person, length: int, *, text: str = "Some words.") -> tuple[str, list[str]]:
    """Store a chat of so many messages; gives its id and theirs, oldest first."""
    chat, written = crowd.chat_rows(owner.project_id, length, text=text)
    crowd.store({"chat": [chat], "message": written})
    return str(chat["id"]), [str(message["id"]) for message in written]


def test_the_stretch_around_a_message_leads_up_and_down_without_a_gap(alice: Person) -> None:
    chat_id, ids = long_chat(alice, 300)
    place = (alice.id, alice.project_id, chat_id)

    page = passages.around(*place, ids[120])
    assert page
    shown = [message.id for message in page.messages]
    assert shown == ids[101:131]
    assert page.older_than == shown[0]
    above = chats.open_page(*place, before=page.older_than)
    assert [message.id for message in above.messages] == ids[71:101]

    while page.newer_than:
        assert page.newer_than == shown[-1]
        page = passages.below(*place, after=page.newer_than)
        assert page
        shown += [message.id for message in page.messages]
    assert shown == ids[101:]


@pytest.mark.parametrize("number", [0, 1, 285, 298, 299])
def test_the_ends_of_a_chat_are_stretches_too(alice: Person, number: int) -> None:
    chat_id, ids = long_chat(alice, 300)
    page = passages.around(alice.id, alice.project_id, chat_id, ids[number])

    assert page
    assert ids[number] in [message.id for message in page.messages]
    assert bool(page.newer_than) == (page.messages[-1].id != ids[-1])


def test_much_text_leaves_no_gap(alice: Person) -> None:
    chat_id, ids = long_chat(alice, 40, text="So many words. " * 3000)
    place = (alice.id, alice.project_id, chat_id)
    page = passages.around(*place, ids[10])
    assert page
    shown = [message.id for message in page.messages]
    assert ids[10] in shown
    while page.newer_than:
        page = passages.below(*place, after=page.newer_than)
        assert page
        shown += [message.id for message in page.messages]
    assert shown == ids[ids.index(shown[0]) :]


def test_another_branch_is_told_and_strangers_get_nothing(alice: Person, charlie: Person) -> None:
    first = say(alice, "Which boat?", "The zeppelin", status="stopped")
    again, _job = turns.retry(alice.id, first.answer.id)
    end(again, "The schooner")
    place = (alice.project_id, first.chat.id)

    assert passages.around(alice.id, *place, first.answer.id) is None
    assert passages.around(alice.id, *place, again.answer.id) is not None
    branches.show_version(alice.id, first.answer.id)
    assert passages.around(alice.id, *place, first.answer.id) is not None
    assert passages.below(alice.id, *place, after=first.answer.id) is None
    for look in (
        lambda: passages.around(charlie.id, *place, first.answer.id),
        lambda: passages.below(charlie.id, *place, after=first.answer.id),
        lambda: passages.around(alice.id, *place, str(uuid.uuid4())),
    ):
        with pytest.raises(NotFound):
            look()
