"""The open chat's two lists: a turn resends little, and what the database says wins."""

import pytest

from chatbot_app.schemas import ChatItem, ChatPage, MessageView, Turn
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.shown_messages import KEPT, RECENT

CHAT = ChatItem(id="chat", project_id="project", title="A chat", last_message_at="")


def message(number: int, **fields: str) -> MessageView:
    role = "assistant" if number % 2 else "user"
    return MessageView(id=f"m{number}", role=role, blocks=[f"text {number}"], **fields)


def messages(*numbers: int) -> list[MessageView]:
    return [message(number) for number in numbers]


def page(*shown: MessageView, older_than: str = "", title: str = "A chat") -> ChatPage:
    chat = ChatItem(id="chat", project_id="project", title=title, last_message_at="")
    return ChatPage(chat=chat, messages=list(shown), older_than=older_than)


def turn(number: int) -> Turn:
    return Turn(
        user_id=None,  # pyright: ignore[reportArgumentType]
        chat=CHAT,
        question=message(2 * number),
        answer=message(2 * number + 1, status="generating"),
        is_new_chat=False,
    )


@pytest.fixture
def conversation() -> Conversation:
    state = Conversation(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    state.title = "A chat"
    state._clean()
    return state


def ids(conversation: Conversation) -> list[str]:
    return [m.id for m in conversation._shown("earlier") + conversation._shown("recent")]


def test_turns_are_shown_in_order_and_the_short_list_stays_short(
    conversation: Conversation,
) -> None:
    for number in range(20):
        conversation._append(turn(number))
        assert len(conversation._shown("recent")) <= RECENT
    assert ids(conversation) == [f"m{number}" for number in range(40)]


def test_most_turns_leave_the_long_list_alone(conversation: Conversation) -> None:
    moved = 0
    for number in range(20):
        conversation._append(turn(number))
        moved += "earlier" in conversation.dirty_vars
        conversation._clean()
    assert 0 < moved <= 20 // 2


def test_a_very_long_chat_is_trimmed_and_the_rest_can_be_loaded_again(
    conversation: Conversation,
) -> None:
    turns = KEPT
    for number in range(turns):
        conversation._append(turn(number))
    earlier = conversation._shown("earlier")
    assert len(earlier) <= KEPT
    assert conversation.older_than == earlier[0].id, "what was let go lies before this one"
    shown = ids(conversation)
    assert shown == [f"m{number}" for number in range(2 * turns - len(shown), 2 * turns)]


def test_what_is_stored_already_is_not_sent_again(conversation: Conversation) -> None:
    conversation.earlier, conversation.recent = messages(0, 1), messages(2, 3, 4, 5)
    conversation._clean()
    conversation._merge(page(*messages(2, 3, 4, 5), older_than="m2"))
    assert not conversation.dirty_vars & {"earlier", "recent", "title", "older_than"}


def test_the_end_of_an_answer_replaces_its_row(conversation: Conversation) -> None:
    conversation.recent = [message(0), message(1, status="generating")]
    conversation._merge(page(message(0), message(1, status="complete")))
    assert [m.status for m in conversation._shown("recent")] == ["complete", "complete"]
    assert ids(conversation) == ["m0", "m1"]


def test_messages_of_another_tab_are_added_at_the_end(conversation: Conversation) -> None:
    conversation.earlier, conversation.recent = messages(0, 1), messages(2, 3)
    conversation._merge(page(*messages(2, 3, 4, 5)))
    assert ids(conversation) == [f"m{number}" for number in range(6)]
    assert [m.id for m in conversation._shown("earlier")] == ["m0", "m1"]


def test_a_page_that_begins_in_the_long_list_shows_nothing_twice(
    conversation: Conversation,
) -> None:
    conversation.earlier, conversation.recent = messages(0, 1, 2, 3), messages(4, 5)
    conversation._merge(page(*messages(2, 3, 4, 5, 6, 7)))
    assert ids(conversation) == [f"m{number}" for number in range(8)]


def test_an_answer_that_was_asked_for_again_takes_the_old_ones_place(
    conversation: Conversation,
) -> None:
    conversation.recent = [message(0), message(1, status="failed")]
    conversation._merge(page(message(0), message(7)))
    assert ids(conversation) == ["m0", "m7"]


def test_after_a_long_absence_the_page_starts_afresh(conversation: Conversation) -> None:
    conversation.earlier, conversation.recent = messages(0, 1), messages(2, 3)
    conversation._merge(page(*messages(50, 51), older_than="m50"))
    assert ids(conversation) == ["m50", "m51"]
    assert conversation.older_than == "m50"


def test_a_new_title_is_taken_over(conversation: Conversation) -> None:
    conversation._merge(page(message(0), title="Renamed"))
    assert conversation.title == "Renamed"


def test_a_chat_that_lost_its_messages_shows_none(conversation: Conversation) -> None:
    conversation.recent = messages(0, 1)
    conversation._merge(page())
    assert ids(conversation) == []
