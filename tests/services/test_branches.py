"""Branches: a question in other words, another answer, and what is deleted, on both databases."""

import uuid
from datetime import timedelta

import pytest
from sqlmodel import col, func, insert, select, update

from chatbot_app import db
from chatbot_app.errors import Conflict, InvalidInput, NotFound
from chatbot_app.generation import records
from chatbot_app.models import AnswerRun, Chat, Message, MessageChunk, now
from chatbot_app.repositories import answer_runs
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.schemas import MessageView, Turn
from chatbot_app.services import branches, chats, turns
from tests import crowd
from tests.conftest import Person, end, say

LONG, SHORTER = 100_000, 10_000


def shown(owner: Person, chat_id: str) -> list[MessageView]:
    return chats.open_page(owner.id, owner.project_id, chat_id).messages


def texts(owner: Person, chat_id: str) -> list[str]:
    return ["".join(message.blocks) for message in shown(owner, chat_id)]


def count(table: type[Chat | Message | AnswerRun | MessageChunk]) -> int:
    with db.session() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def edited(owner: Person, turn: Turn, question: str, answer: str) -> Turn:
    again, _job = turns.edit(owner.id, turn.question.id, question)
    end(again, answer)
    return again


def test_a_question_in_other_words_stands_beside_the_former_one(alice: Person):
    first = say(alice, "One", "First")
    second = say(alice, "Two", "Second", chat_id=first.chat.id)
    say(alice, "Three", "Third", chat_id=first.chat.id)

    again, job = turns.edit(alice.id, second.question.id, "Two, please")

    assert job
    assert [(m.role, m.content) for m in job.prompt.messages][1:] == [
        ("user", "One"),
        ("assistant", "First"),
        ("user", "Two, please"),
    ]
    assert (again.question.version, again.question.versions) == (2, 2)
    assert again.question.previous_version == second.question.id
    end(again, "Better")
    assert texts(alice, first.chat.id) == ["One", "First", "Two, please", "Better"]
    branches.show_version(alice.id, second.question.id)
    assert texts(alice, first.chat.id) == ["One", "First", "Two", "Second", "Three", "Third"]


def test_a_chats_first_question_has_versions_too_and_shares_them_with_no_other_chat(alice: Person):
    say(alice, "Another chat")
    first = say(alice, "One", "First")
    again = edited(alice, first, "One, please", "Better")

    question, answer = shown(alice, first.chat.id)
    assert (question.version, question.versions) == (2, 2)
    assert (answer.version, answer.versions) == (1, 1)
    assert question == again.question
    branches.show_version(alice.id, question.previous_version)
    assert texts(alice, first.chat.id) == ["One", "First"]


def test_an_edit_under_one_key_happens_once(alice: Person):
    first = say(alice, "One", "First")
    again, job = turns.edit(alice.id, first.question.id, "Two", "key-1")
    assert job
    assert turns.edit(alice.id, first.question.id, "Two", "key-1") == (again, None)
    end(again, "Second")
    assert turns.edit(alice.id, first.question.id, "Two", "key-1")[1] is None
    assert count(Message) == 4


@pytest.mark.parametrize("question", ["", " \n", "x" * 200_001, None])
def test_an_edit_that_can_not_be_sent_changes_nothing(alice: Person, question: str):
    first = say(alice, "One", "First")
    with pytest.raises(InvalidInput, match="The message"):
        turns.edit(alice.id, first.question.id, question)
    assert texts(alice, first.chat.id) == ["One", "First"]


def test_an_answer_can_not_be_edited(alice: Person):
    first = say(alice, "One", "First")
    with pytest.raises(Conflict):
        turns.edit(alice.id, first.answer.id, "Words in its mouth")


def test_another_answer_stands_beside_the_former_one_also_in_the_middle(alice: Person):
    first = say(alice, "One", "First")
    say(alice, "Two", "Second", chat_id=first.chat.id)

    again, job = turns.regenerate(alice.id, first.answer.id)

    assert job
    assert turns.regenerate(alice.id, first.answer.id) == (again, None), "a double click"
    assert (again.answer.version, again.answer.versions) == (2, 2)
    end(again, "Other")
    assert texts(alice, first.chat.id) == ["One", "Other"]
    branches.show_version(alice.id, first.answer.id)
    assert texts(alice, first.chat.id) == ["One", "First", "Two", "Second"]


def test_a_question_that_lost_its_answer_gets_another(alice: Person):
    first = say(alice, "One", "First")
    branches.delete(alice.id, first.answer.id)
    assert texts(alice, first.chat.id) == ["One"]

    again, _job = turns.regenerate(alice.id, first.question.id)
    end(again, "Second")
    assert texts(alice, first.chat.id) == ["One", "Second"]


def test_while_an_answer_is_written_nothing_else_is_begun_or_shown(alice: Person):
    first = say(alice, "One", "First", status="stopped")
    other, _job = turns.retry(alice.id, first.answer.id)
    end(other, "Other")
    live, _job = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")

    for attempt in (
        lambda: turns.edit(alice.id, first.question.id, "One, please"),
        lambda: turns.regenerate(alice.id, first.answer.id),
        lambda: branches.show_version(alice.id, first.answer.id),
    ):
        with pytest.raises(Conflict, match="still being written"):
            attempt()
    assert shown(alice, first.chat.id)[-1].id == live.answer.id


def test_a_message_goes_with_all_that_followed_it_in_every_version(alice: Person):
    first = say(alice, "One", "First")
    second = say(alice, "Two", "Second", chat_id=first.chat.id)
    edited(alice, second, "Two, please", "Better")
    edited(alice, second, "Two, again", "Best")
    branches.show_version(alice.id, second.question.id)

    cut = branches.delete(alice.id, first.answer.id)

    assert cut.is_chat_left
    assert texts(alice, first.chat.id) == ["One"]
    assert count(Message) == 1


def test_then_the_version_before_it_is_shown_or_else_the_next_or_what_it_was_said_to(alice: Person):
    first = say(alice, "One", "First")
    two = say(alice, "Two", "Second", chat_id=first.chat.id)
    say(alice, "Deeper", "Deep", chat_id=first.chat.id)
    three = edited(alice, two, "Three", "Third")
    four = edited(alice, two, "Four", "Fourth")

    branches.delete(alice.id, four.question.id)
    assert texts(alice, first.chat.id)[2:] == ["Three", "Third"]
    branches.show_version(alice.id, two.question.id)
    branches.delete(alice.id, two.question.id)
    assert texts(alice, first.chat.id)[2:] == ["Three", "Third"]
    assert shown(alice, first.chat.id)[2].versions == 1
    branches.delete(alice.id, three.question.id)
    assert texts(alice, first.chat.id) == ["One", "First"]


def test_what_is_not_shown_goes_without_a_change_of_what_is(alice: Person):
    first = say(alice, "One", "First")
    edited(alice, first, "Two", "Second")

    branches.delete(alice.id, first.question.id)

    assert texts(alice, first.chat.id) == ["Two", "Second"]
    assert shown(alice, first.chat.id)[0].versions == 1


def test_a_chat_of_which_nothing_is_left_goes_too(alice: Person):
    other = say(alice, "Another chat")
    first = say(alice, "One", "First")
    again = edited(alice, first, "Two", "Second")

    assert branches.delete(alice.id, again.question.id).is_chat_left
    assert not branches.delete(alice.id, first.question.id).is_chat_left

    with pytest.raises(NotFound):
        chats.restore(alice.id, first.chat.id)
    assert count(Chat) == 1
    assert len(shown(alice, other.chat.id)) == 2


def test_an_answer_that_is_being_written_ends_with_its_branch_whoever_writes_it(alice: Person):
    first = say(alice, "One", "First")
    live, job = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")
    assert job
    records.keep([Chunk(job.message_id, job.run_id, 0, "Some ")], [job.message_id], beat=True)

    cut = branches.delete(alice.id, live.question.id)

    assert cut.run_id == job.run_id
    assert (count(AnswerRun), count(MessageChunk)) == (0, 0)
    # What the other worker has yet to say finds no place, and it learns that at its next tick.
    chunk = Chunk(job.message_id, job.run_id, 1, "more")
    assert not records.keep([chunk], [job.message_id], beat=True).run_ids
    late = records.Outcome(job.message_id, job.run_id, content="Some more", status="complete")
    assert not records.finish([late])
    assert texts(alice, first.chat.id) == ["One", "First"]
    turns.begin(alice.id, alice.project_id, first.chat.id, "Three")


def test_an_answer_in_another_branch_goes_on(alice: Person):
    first = say(alice, "One", "First")
    live, _job = turns.edit(alice.id, first.question.id, "Two")

    assert branches.delete(alice.id, first.question.id).run_id is None

    end(live, "Second")
    assert texts(alice, first.chat.id) == ["Two", "Second"]


def test_a_stranger_can_neither_edit_nor_regenerate_nor_delete(alice: Person, charlie: Person):
    turn = say(alice, "Secret")
    for attempt in (
        lambda: turns.edit(charlie.id, turn.question.id, "Mine"),
        lambda: turns.regenerate(charlie.id, turn.answer.id),
        lambda: branches.delete(charlie.id, turn.question.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert texts(alice, turn.chat.id) == ["Secret", "An answer."]


def test_a_message_that_is_deleted_twice_is_not_found(alice: Person):
    turn = say(alice, "One")
    branches.delete(alice.id, turn.answer.id)
    for attempt in (branches.delete, branches.show_version, turns.regenerate):
        with pytest.raises(NotFound):
            attempt(alice.id, turn.answer.id)


def test_a_branch_of_a_hundred_thousand_messages_is_deleted(alice: Person, long: bool):
    turn = say(alice, "One")
    chat_id, parent_id = uuid.UUID(turn.chat.id), uuid.UUID(turn.answer.id)
    rows = []
    for number in range(LONG if long else SHORTER):
        row_id = uuid.uuid4()
        rows.append(
            {
                "id": row_id,
                "chat_id": chat_id,
                "parent_id": parent_id,
                "role": "assistant" if number % 2 else "user",
                "status": "complete",
                "content": "x",
                "error": "",
                "reasoning": "",
                "created_at": now() + timedelta(microseconds=number),
            }
        )
        parent_id = row_id
    with db.session(write=True) as session:
        session.connection().execute(insert(Message), rows)
        leaf = update(Chat).where(col(Chat.id) == chat_id).values(active_leaf_id=parent_id)
        session.exec(leaf)
    crowd.count()

    branches.delete(alice.id, rows[0]["id"])

    assert texts(alice, turn.chat.id) == ["One", "An answer."]
    assert count(Message) == 2
    with db.session() as session:
        assert answer_runs.find_in_chat(session, chat_id) is None
