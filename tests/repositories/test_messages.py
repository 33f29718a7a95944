"""The walk up a branch."""

import uuid

from chatbot_app import db
from chatbot_app.models import Message
from chatbot_app.repositories import chats, messages
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
