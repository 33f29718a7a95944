"""Walks along a branch."""

import uuid

from chatbot_app import db
from chatbot_app.models import Message
from chatbot_app.repositories import chats, messages
from tests import crowd
from tests.conftest import Person, say


def test_walking_up_reads_a_few_at_a_time_to_the_first(alice: Person):
    chat_id = say(alice, "Question 0").chat.id
    for number in range(1, 25):
        say(alice, f"Question {number}", chat_id=chat_id)

    with db.session() as session:
        chat = chats.get(session, alice.id, uuid.UUID(chat_id))
        walk = messages.walk_up(session, alice.id, chat.active_leaf_id)
        next(walk)
        read = [row for row in session.identity_map.values() if isinstance(row, Message)]
        rest = list(walk)

    assert len(read) == messages.WALK
    assert len(rest) == 49
    assert rest[-1].content == "Question 0"


def test_a_stranger_walks_nowhere(alice: Person, charlie: Person):
    turn = say(alice, "Secret")

    with db.session() as session:
        assert list(messages.walk_up(session, charlie.id, uuid.UUID(turn.answer.id))) == []


def test_a_walk_reads_no_further_ahead_than_it_has_come(alice: Person):
    newest_id = add_chain(alice, 1000)[-1]["id"]

    with db.session() as session:
        for gone, _ in enumerate(messages.walk_up(session, alice.id, newest_id)):
            read = sum(isinstance(row, Message) for row in session.identity_map.values())
            assert read <= max(messages.WALK, 2 * gone + messages.WALK)
            assert read <= gone + messages.LONGEST_STRIDE


def add_chain(owner: Person, length: int, *, answers: int = 1) -> list[crowd.Row]:
    """Store a chat of so many messages, with so many answers to each question; gives its rows."""
    chat, rows = crowd.chat_rows(owner.project_id, length, answers=answers)
    crowd.store({"chat": [chat], "message": rows})
    return rows


def test_the_end_of_a_branch_is_the_one_that_was_written_in_last(alice: Person):
    rows = add_chain(alice, 400, answers=3)

    with db.session() as session:
        newest = messages.find_newest_below(session, alice.id, rows[0]["id"])

    assert newest.id == rows[-1]["id"]
