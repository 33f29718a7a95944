"""The updates that are nobody's in particular, and the walk up a branch."""

import uuid

from chatbot_app import db
from chatbot_app.models import Message
from chatbot_app.repositories import chats, messages
from chatbot_app.schemas import Status
from chatbot_app.services import turns
from tests.conftest import Person, say


def stored(message_id: str) -> Message:
    with db.session() as session:
        return session.get_one(Message, uuid.UUID(message_id))


def finish(message_id: str, text: str, status: Status = "complete", error: str = "") -> bool:
    with db.session(write=True) as session:
        return messages.finish(
            session, uuid.UUID(message_id), content=text, status=status, error=error
        )


def test_an_answer_ends_once_and_stays_as_it_ended(alice: Person):
    turn, _prompt = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert finish(turn.answer.id, "First", "failed", "The provider is away.")
    assert not finish(turn.answer.id, "Second")

    answer = stored(turn.answer.id)
    assert (answer.status, answer.content) == ("failed", "First")
    assert answer.error == "The provider is away."
    assert answer.ended_at is not None


def test_an_answer_that_was_deleted_meanwhile_ends_nowhere(alice: Person):
    turn, _prompt = turns.begin(alice.id, alice.project_id, None, "Hello")
    with db.session(write=True) as session:
        chat = chats.get(session, alice.id, uuid.UUID(turn.chat.id))
        chats.delete_with_messages(session, chat)

    assert not finish(turn.answer.id, "Too late")


def test_a_question_can_not_be_ended(alice: Person):
    turn, _prompt = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert not finish(turn.question.id, "Overwritten")
    assert stored(turn.question.id).content == "Hello"


def test_a_models_text_that_no_database_can_hold_is_made_storable(alice: Person):
    turn, _prompt = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert finish(turn.answer.id, "a\0b\ud83dc", "failed", "\0")
    assert stored(turn.answer.id).content == "a\ufffdb\ufffdc"


def test_answers_left_behind_are_interrupted_and_others_are_left_alone(
    alice: Person, charlie: Person
):
    whole = say(alice, "Whole")
    orphans = [
        turns.begin(owner.id, owner.project_id, None, "Left behind")[0]
        for owner in (alice, charlie)
    ]

    with db.session(write=True) as session:
        assert messages.interrupt_orphans(session) == 2
        assert messages.interrupt_orphans(session) == 0

    assert stored(whole.answer.id).status == "complete"
    for turn in orphans:
        assert stored(turn.answer.id).status == "interrupted"
        assert "server stopped" in stored(turn.answer.id).error


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
