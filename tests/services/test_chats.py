"""Chats: listed, opened by pages, renamed and deleted by their owner alone."""

import uuid
from typing import Any

import pytest
from sqlmodel import select, update

from chatbot_app import db
from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.models import Chat, Message, now
from chatbot_app.repositories import messages
from chatbot_app.schemas import ChatList, ChatPage
from chatbot_app.services import chats, projects, turns
from tests.conftest import Person, erase, say


def open_all(owner: Person, chat_id: str, *, limit: int) -> list[ChatPage]:
    """Scroll up to the first message."""
    pages = [chats.open_page(owner.id, owner.project_id, chat_id, limit=limit)]
    while pages[-1].older_than:
        before = pages[-1].older_than
        pages.append(
            chats.open_page(owner.id, owner.project_id, chat_id, before=before, limit=limit)
        )
    return pages


def talk(owner: Person, questions: int) -> str:
    """Have a chat of so many questions and answers."""
    chat_id = say(owner, "Question 0", "Answer 0").chat.id
    for number in range(1, questions):
        say(owner, f"Question {number}", f"Answer {number}", chat_id=chat_id)
    return chat_id


def add_chain(owner: Person, length: int) -> str:
    """Store a chat of so many messages at once."""
    chat = Chat(project_id=owner.project_id, title="Long")
    rows: list[Message] = []
    for number in range(length):
        rows.append(
            Message(
                chat_id=chat.id,
                parent_id=rows[-1].id if rows else None,
                role="assistant" if number % 2 else "user",
                status="complete",
                content=f"{number}",
            )
        )
    chat.active_leaf_id = rows[-1].id
    with db.session(write=True) as session:
        session.add(chat)
        session.flush()
        messages.add(session, *rows)
    return str(chat.id)


def test_chats_are_listed_by_last_activity(alice: Person):
    first, second, third = (say(alice, f"Chat {number}").chat for number in range(3))
    say(alice, "More", chat_id=first.id)

    titles = [item.title for item in chats.list_page(alice.id, alice.project_id).chats]

    assert titles == ["Chat 0", "Chat 2", "Chat 1"]
    assert [item.id for item in chats.list_page(alice.id, alice.project_id, limit=1).chats] == [
        first.id
    ]
    assert second.id != third.id


def list_all(owner: Person, *, limit: int) -> list[ChatList]:
    """Go through the list to the oldest chat."""
    pages = [chats.list_page(owner.id, owner.project_id, limit=limit)]
    while before := pages[-1].older_than:
        pages.append(chats.list_page(owner.id, owner.project_id, before=before, limit=limit))
    return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_pages_of_any_length_make_up_the_whole_list(alice: Person, limit: int):
    for number in range(7):
        say(alice, f"Chat {number}")

    pages = list_all(alice, limit=limit)

    titles = [chat.title for page in pages for chat in page.chats]
    assert titles == [f"Chat {number}" for number in reversed(range(7))]
    assert [len(page.chats) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1].chats


def test_chats_of_the_same_moment_are_all_in_the_list_once(alice: Person):
    said = {say(alice, f"Chat {number}").chat.id for number in range(7)}
    with db.session(write=True) as session:
        session.exec(update(Chat).values(last_message_at=now()))

    listed = [chat.id for page in list_all(alice, limit=2) for chat in page.chats]

    assert len(listed) == 7
    assert set(listed) == said


def test_what_happens_to_chats_meanwhile_does_not_disturb_the_rest_of_the_list(alice: Person):
    first, second, third, fourth = (say(alice, f"Chat {number}").chat for number in range(4))
    page = chats.list_page(alice.id, alice.project_id, limit=2)
    assert page.chats == [fourth, third]

    chats.delete(alice.id, third.id)
    say(alice, "More", chat_id=fourth.id)

    rest = chats.list_page(alice.id, alice.project_id, before=page.older_than, limit=2)
    assert rest == ChatList([second, first])


def test_a_page_of_the_list_is_never_longer_than_is_good_for_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chats, "LONGEST_LIST", 3)
    for number in range(5):
        say(alice, f"Chat {number}")

    assert len(chats.list_page(alice.id, alice.project_id, limit=10**9).chats) == 3
    assert len(chats.list_page(alice.id, alice.project_id, limit=-5).chats) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense",
        "_",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00_",
        "_0b9f3c1e-5d2a-4c47-9a61-2f8e7d3b1c55",
        "99999-01-01T00:00:00_0b9f3c1e-5d2a-4c47-9a61-2f8e7d3b1c55",
        7,
        "\0",
        "\ud800",
    ],
)
def test_what_is_no_cursor_of_a_list_is_not_found(alice: Person, wrong: Any):
    say(alice, "Hello")

    with pytest.raises(NotFound):
        chats.list_page(alice.id, alice.project_id, before=wrong)


def test_a_project_lists_only_its_own_chats(alice: Person):
    say(alice, "Here")
    other = projects.create(alice.id, name="Other")

    assert chats.list_page(alice.id, other.id).chats == []


def test_a_chat_opens_with_what_was_said(alice: Person):
    turn = say(alice, "  What is\n\nthis? ", "# A title\n\nA *text*.\n", status="stopped")

    page = chats.open_page(alice.id, alice.project_id, turn.chat.id)

    question, answer = page.messages
    assert page.chat == chats.get(alice.id, turn.chat.id)
    assert page.older_than == ""
    assert (question.role, question.status) == ("user", "complete")
    assert question.blocks == ["  What is\n\nthis? "]
    assert (answer.role, answer.status) == ("assistant", "stopped")
    assert "".join(answer.blocks) == "# A title\n\nA *text*.\n"


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 29, 30, 31, 100])
def test_pages_of_any_length_make_up_the_whole_chat(alice: Person, limit: int):
    chat_id = talk(alice, 15)

    pages = open_all(alice, chat_id, limit=limit)

    texts = ["".join(message.blocks) for page in reversed(pages) for message in page.messages]
    expected = [f"{kind} {number}" for number in range(15) for kind in ("Question", "Answer")]
    assert texts == expected
    assert all(len(page.messages) <= limit for page in pages)


def test_a_page_is_never_longer_than_is_good_for_it(alice: Person):
    chat_id = add_chain(alice, 250)

    assert len(chats.open_page(alice.id, alice.project_id, chat_id, limit=10**9).messages) == 100
    assert len(chats.open_page(alice.id, alice.project_id, chat_id, limit=-5).messages) == 1


def test_only_the_branch_that_is_shown_is_opened(alice: Person):
    turn = say(alice, "Question", "First try", status="failed")
    turns.retry(alice.id, turn.answer.id)

    page = chats.open_page(alice.id, alice.project_id, turn.chat.id)

    assert [message.status for message in page.messages] == ["complete", "generating"]


def test_a_page_of_a_long_chat_reads_no_more_than_the_page(alice: Person):
    chat_id = uuid.UUID(add_chain(alice, 3000))
    with db.session() as session:
        leaf = session.get_one(Chat, chat_id).active_leaf_id
        assert leaf is not None
        page = messages.list_branch(session, alice.id, leaf, limit=30)
        held = [row for row in session.identity_map.values() if isinstance(row, Message)]

    assert [message.content for message in page] == [str(2999 - step) for step in range(30)]
    assert len(held) == 30


def test_a_chat_can_be_renamed(alice: Person):
    turn = say(alice, "Hello")

    renamed = chats.rename(alice.id, turn.chat.id, "  Another\ttitle ")

    assert renamed.title == "Another title"
    assert chats.get(alice.id, turn.chat.id) == renamed


@pytest.mark.parametrize("title", ["", "  ", "x" * 121, "a\0b", None, 7])
def test_a_title_with_something_wrong_is_refused(alice: Person, title: Any):
    turn = say(alice, "Hello")

    with pytest.raises(InvalidInput):
        chats.rename(alice.id, turn.chat.id, title)

    assert chats.get(alice.id, turn.chat.id).title == "Hello"


def test_deleting_a_chat_takes_every_branch_of_it_and_nothing_else(alice: Person):
    turn = say(alice, "Gone", status="failed")
    turns.retry(alice.id, turn.answer.id)
    kept = say(alice, "Kept")

    erase(alice, turn.chat.id)

    assert [item.id for item in chats.list_page(alice.id, alice.project_id).chats] == [kept.chat.id]
    with db.session() as session:
        assert len(session.exec(select(Message)).all()) == 2
    with pytest.raises(NotFound):
        chats.get(alice.id, turn.chat.id)


def test_a_chat_of_thousands_of_messages_can_be_deleted(alice: Person):
    chat_id = add_chain(alice, 3000)

    erase(alice, chat_id)

    with db.session() as session:
        assert session.exec(select(Message)).all() == []


def test_a_stranger_finds_no_chat(alice: Person, charlie: Person):
    turn = say(alice, "Secret")
    chat_id, before = turn.chat.id, turn.answer.id
    say(alice, "Another secret")
    cursor = chats.list_page(alice.id, alice.project_id, limit=1).older_than

    for attempt in (
        lambda: chats.get(charlie.id, chat_id),
        lambda: chats.list_page(charlie.id, alice.project_id).chats,
        lambda: chats.list_page(charlie.id, alice.project_id, before=cursor),
        lambda: chats.open_page(charlie.id, alice.project_id, chat_id),
        lambda: chats.open_page(charlie.id, charlie.project_id, chat_id),
        lambda: chats.open_page(charlie.id, alice.project_id, chat_id, before=before),
        lambda: chats.rename(charlie.id, chat_id, "Mine now"),
        lambda: chats.delete(charlie.id, chat_id),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert chats.get(alice.id, chat_id).title == "Secret"
    assert chats.list_page(charlie.id, charlie.project_id).chats == []
    assert chats.list_page(charlie.id, charlie.project_id, before=cursor).chats == []


def test_a_cursor_from_another_chat_is_not_found(alice: Person, charlie: Person):
    mine, other, theirs = say(alice, "Mine"), say(alice, "Other"), say(charlie, "Theirs")

    for cursor in (other.answer.id, theirs.answer.id, str(uuid.uuid4()), "nonsense"):
        with pytest.raises(NotFound):
            chats.open_page(alice.id, alice.project_id, mine.chat.id, before=cursor)


def test_a_chat_is_not_found_under_another_project(alice: Person):
    turn = say(alice, "Here")
    other = projects.create(alice.id, name="Other")

    with pytest.raises(NotFound):
        chats.open_page(alice.id, other.id, turn.chat.id)


@pytest.mark.parametrize("wrong", ["", "1", "nonsense", None, "\0", "\ud800"])
def test_a_malformed_id_is_not_found(alice: Person, wrong: Any):
    for attempt in (
        lambda: chats.get(alice.id, wrong),
        lambda: chats.list_page(alice.id, wrong).chats,
        lambda: chats.open_page(alice.id, alice.project_id, wrong),
        lambda: chats.rename(alice.id, wrong, "Title"),
        lambda: chats.delete(alice.id, wrong),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_page_of_long_messages_ends_early_and_the_rest_is_above_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    chat = say(alice, "x" * 60).chat
    for _ in range(3):
        say(alice, "x" * 60, chat_id=chat.id)
    monkeypatch.setattr(chats, "PAGE_CHARACTERS", 100)

    page = chats.open_page(alice.id, alice.project_id, chat.id)
    seen = list(page.messages)
    while page.older_than:
        assert 2 <= len(page.messages) < 8
        page = chats.open_page(alice.id, alice.project_id, chat.id, before=page.older_than)
        seen = [*page.messages, *seen]

    assert len({message.id for message in seen}) == 8
    monkeypatch.undo()
    assert seen == chats.open_page(alice.id, alice.project_id, chat.id).messages
