"""Turns: a question stored with its answer's beginning, and what the model is sent for it."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import AppError, Conflict, InvalidInput, NotFound
from chatbot_app.llm.protocol import Prompt
from chatbot_app.models import Chat, Message
from chatbot_app.schemas import MessageView, Status
from chatbot_app.services import chats, projects, turns
from tests.conftest import Person, end, say


def sent(prompt: Prompt) -> list[tuple[str, str]]:
    """Show what the model is sent."""
    return [(message.role, message.content) for message in prompt.messages]


def shown(owner: Person, chat_id: str) -> list[MessageView]:
    """Show what the page shows."""
    return chats.open_page(owner.id, owner.project_id, chat_id).messages


def count(table: type[Chat] | type[Message]) -> int:
    with db.session() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_the_first_question_opens_a_chat_titled_from_it(alice: Person):
    turn, prompt = turns.begin(alice.id, alice.project_id, None, "What is\n a monad? " * 9)

    assert turn.is_new_chat
    assert turn.chat.title == "What is a monad? What is a monad? What is a monad? What is…"
    assert turn.question.blocks == ["What is\n a monad? " * 9]
    assert (turn.answer.role, turn.answer.status) == ("assistant", "generating")
    assert shown(alice, turn.chat.id) == [turn.question, turn.answer]
    assert sent(prompt) == [("system", "Be brief."), ("user", "What is\n a monad? " * 9)]


def test_a_later_question_goes_on_in_its_chat(alice: Person):
    first = say(alice, "One", "First answer")

    turn, prompt = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")

    assert not turn.is_new_chat
    assert turn.chat.id == first.chat.id
    assert len(shown(alice, turn.chat.id)) == 4
    assert sent(prompt) == [
        ("system", "Be brief."),
        ("user", "One"),
        ("assistant", "First answer"),
        ("user", "Two"),
    ]


def test_the_projects_model_temperature_and_prompt_go_with_the_question(alice: Person):
    projects.update(
        alice.id,
        alice.project_id,
        name="Poet",
        description="",
        system_prompt="Verse only.",
        model="gpt-x",
        temperature="0.3",
    )

    turn, prompt = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert (prompt.model, prompt.temperature) == ("gpt-x", 0.3)
    assert sent(prompt)[0] == ("system", "Verse only.")
    assert turn.answer.model == "gpt-x"


def test_the_default_model_and_temperature_are_left_to_the_model(alice: Person):
    _turn, prompt = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert (prompt.model, prompt.temperature) == (None, None)


@pytest.mark.parametrize(
    ("status", "text", "remembered"),
    [
        ("complete", "All of it", True),
        ("stopped", "Half of", True),
        ("interrupted", "Half of", True),
        ("failed", "Half of", False),
        ("stopped", "", False),
    ],
)
def test_what_a_person_read_is_remembered_and_a_failure_is_not(
    alice: Person, status: Status, text: str, remembered: bool
):
    first = say(alice, "One", text, status=status)

    _turn, prompt = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")

    expected = [("assistant", text)] if remembered else []
    assert sent(prompt)[1:] == [("user", "One"), *expected, ("user", "Two")]


def test_a_long_history_is_cut_oldest_first(alice: Person, settings: Callable[..., None]):
    settings(CONTEXT_TOKENS=1000)
    chat_id = say(alice, "Question 0", "x" * 400).chat.id
    for number in range(1, 30):
        say(alice, f"Question {number}", "x" * 400, chat_id=chat_id)

    _turn, prompt = turns.begin(alice.id, alice.project_id, chat_id, "The last one")

    kept = sent(prompt)
    assert kept[0] == ("system", "Be brief.")
    assert kept[-1] == ("user", "The last one")
    assert ("user", "Question 29") in kept
    assert ("user", "Question 0") not in kept


def test_only_as_much_history_is_read_as_fits(
    alice: Person, settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    settings(CONTEXT_TOKENS=600)
    chat_id = say(alice, "Question", "x" * 2000).chat.id
    for _ in range(40):
        say(alice, "Question", "x" * 2000, chat_id=chat_id)
    pages: list[int] = []
    list_branch = turns.messages.list_branch

    def counted(*arguments: Any, limit: int) -> Any:
        pages.append(limit)
        return list_branch(*arguments, limit=limit)

    monkeypatch.setattr(turns.messages, "list_branch", counted)
    turns.begin(alice.id, alice.project_id, chat_id, "Next")

    assert len(pages) == 1


@pytest.mark.parametrize(
    "question", ["", "  \n ", "\u200b", "x" * 200_001, "a\0b", "a\ud83d", None, 5, ["Hello"]]
)
def test_a_question_with_something_wrong_stores_nothing(alice: Person, question: Any):
    with pytest.raises(InvalidInput, match="The message"):
        turns.begin(alice.id, alice.project_id, None, question)

    assert (count(Chat), count(Message)) == (0, 0)


def test_the_longest_question_is_kept_to_the_byte(alice: Person):
    question = "🐎\r\n" * 50_000 + "x" * 50_000

    turn, _prompt = turns.begin(alice.id, alice.project_id, None, question)

    assert shown(alice, turn.chat.id)[0].blocks == [question]


def test_a_question_during_an_answer_is_refused(alice: Person):
    turn, _prompt = turns.begin(alice.id, alice.project_id, None, "One")

    with pytest.raises(Conflict, match="still being written"):
        turns.begin(alice.id, alice.project_id, turn.chat.id, "Two")
    assert len(shown(alice, turn.chat.id)) == 2

    end(turn, "Done")
    turns.begin(alice.id, alice.project_id, turn.chat.id, "Two")
    assert len(shown(alice, turn.chat.id)) == 4


def test_an_answer_in_one_chat_holds_up_no_other(alice: Person):
    turns.begin(alice.id, alice.project_id, None, "One")

    assert turns.begin(alice.id, alice.project_id, None, "Two")[0].is_new_chat


def together(*attempts: Callable[[], object]) -> list[str]:
    """Make the attempts at the same time; tells how each one ended."""
    start = threading.Barrier(len(attempts))

    def outcome(attempt: Callable[[], object]) -> str:
        start.wait()
        try:
            attempt()
        except AppError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(attempts)) as threads:
        return sorted(threads.map(outcome, attempts))


def test_of_questions_at_the_same_time_one_is_asked(alice: Person):
    for _ in range(5):
        chat_id = say(alice, "Hello").chat.id

        ask = lambda: turns.begin(alice.id, alice.project_id, chat_id, "At once")  # noqa: B023, E731
        assert together(*[ask] * 6) == ["Conflict"] * 5 + ["done"]
        assert len(shown(alice, chat_id)) == 4


def test_of_a_retry_and_a_question_at_the_same_time_one_is_begun(alice: Person):
    for _ in range(5):
        turn = say(alice, "Hello", status="failed")

        outcomes = together(
            lambda: turns.begin(alice.id, alice.project_id, turn.chat.id, "At once"),  # noqa: B023
            lambda: turns.retry(alice.id, turn.answer.id),  # noqa: B023
        )
        assert outcomes == ["Conflict", "done"]


def test_a_question_in_a_chat_that_is_being_deleted_is_not_found_or_goes_with_it(alice: Person):
    for _ in range(5):
        chat_id = say(alice, "Hello").chat.id

        together(
            lambda: turns.begin(alice.id, alice.project_id, chat_id, "At once"),  # noqa: B023
            lambda: chats.delete(alice.id, chat_id),  # noqa: B023
        )
        assert (count(Chat), count(Message)) == (0, 0)


@pytest.mark.parametrize("status", ["failed", "interrupted", "stopped"])
def test_an_answer_that_ended_early_can_be_tried_again(alice: Person, status: Status):
    first = say(alice, "One", "Whole")
    turn = say(alice, "Two", "Half of", status=status, chat_id=first.chat.id)

    again, prompt = turns.retry(alice.id, turn.answer.id)

    assert not again.is_new_chat
    assert again.question == turn.question
    assert sent(prompt)[1:] == [("user", "One"), ("assistant", "Whole"), ("user", "Two")]
    assert [message.id for message in shown(alice, turn.chat.id)][-2:] == [
        turn.question.id,
        again.answer.id,
    ]
    with db.session() as session:
        old = session.get_one(Message, uuid.UUID(turn.answer.id))
    assert (old.status, old.content) == (status, "Half of")


def test_a_retry_is_part_of_the_history_like_any_answer(alice: Person):
    turn = say(alice, "One", "", status="failed")
    again, _prompt = turns.retry(alice.id, turn.answer.id)
    end(again, "At last")

    _turn, prompt = turns.begin(alice.id, alice.project_id, turn.chat.id, "Two")

    assert sent(prompt)[1:] == [("user", "One"), ("assistant", "At last"), ("user", "Two")]


def test_a_whole_answer_a_question_and_an_older_answer_can_not_be_tried_again(alice: Person):
    failed = say(alice, "One", status="failed")
    whole = say(alice, "Two", chat_id=failed.chat.id)

    for message_id in (whole.answer.id, whole.question.id, failed.answer.id):
        with pytest.raises(Conflict):
            turns.retry(alice.id, message_id)

    assert len(shown(alice, whole.chat.id)) == 4


def test_a_retry_during_an_answer_is_refused(alice: Person):
    turn = say(alice, "One", status="failed")
    again, _prompt = turns.retry(alice.id, turn.answer.id)

    for message_id in (turn.answer.id, again.answer.id):
        with pytest.raises(Conflict, match="still being written"):
            turns.retry(alice.id, message_id)


def test_a_stranger_can_neither_ask_nor_retry(alice: Person, charlie: Person):
    turn = say(alice, "Secret", status="failed")

    for attempt in (
        lambda: turns.begin(charlie.id, alice.project_id, None, "Hello"),
        lambda: turns.begin(charlie.id, alice.project_id, turn.chat.id, "Hello"),
        lambda: turns.begin(charlie.id, charlie.project_id, turn.chat.id, "Hello"),
        lambda: turns.retry(charlie.id, turn.answer.id),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert count(Message) == 2


def test_a_chat_can_not_be_asked_in_under_another_project(alice: Person):
    turn = say(alice, "Here")
    other = projects.create(alice.id, name="Other")

    with pytest.raises(NotFound):
        turns.begin(alice.id, other.id, turn.chat.id, "Hello")


@pytest.mark.parametrize("wrong", ["", "1", "nonsense", 5, "\0", "\ud800"])
def test_a_malformed_id_is_not_found(alice: Person, wrong: Any):
    for attempt in (
        lambda: turns.begin(alice.id, wrong, None, "Hello"),
        lambda: turns.begin(alice.id, alice.project_id, wrong, "Hello"),
        lambda: turns.retry(alice.id, wrong),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert count(Chat) == 0
