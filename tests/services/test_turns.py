"""Turns: a question stored with its answer's beginning, and what the model is sent for it."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import AppError, Conflict, InvalidInput, NotFound
from chatbot_app.generation import Job
from chatbot_app.models import Chat, Message
from chatbot_app.schemas import MessageView, Status
from chatbot_app.services import branches, chats, projects, prompts, purge, turns
from tests.conftest import Person, end, say


def sent(job: Job | None) -> list[tuple[str, str]]:
    """Show what the model is sent."""
    assert job is not None
    return [(message.role, message.content) for message in job.prompt.messages]


def shown(owner: Person, chat_id: str) -> list[MessageView]:
    """Show what the page shows."""
    return chats.open_page(owner.id, owner.project_id, chat_id).messages


def count(table: type[Chat] | type[Message]) -> int:
    with db.session() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_the_first_question_opens_a_chat_titled_from_it(alice: Person):
    turn, job = turns.begin(alice.id, alice.project_id, None, "What is\n a monad? " * 9)

    assert turn.is_new_chat
    assert turn.chat.title == "What is a monad? What is a monad? What is a monad? What is…"
    assert turn.question.blocks == ["What is\n a monad? " * 9]
    assert (turn.answer.role, turn.answer.status) == ("assistant", "generating")
    assert shown(alice, turn.chat.id) == [turn.question, turn.answer]
    assert sent(job) == [("system", "Be brief."), ("user", "What is\n a monad? " * 9)]


def test_a_later_question_goes_on_in_its_chat(alice: Person):
    first = say(alice, "One", "First answer")

    turn, job = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")

    assert not turn.is_new_chat
    assert turn.chat.id == first.chat.id
    assert len(shown(alice, turn.chat.id)) == 4
    assert sent(job) == [
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
        starters="",
    )

    turn, job = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert job
    assert (job.prompt.model, job.prompt.temperature) == ("gpt-x", 0.3)
    assert sent(job)[0] == ("system", "Verse only.")
    assert turn.answer.model == "gpt-x"


def test_the_default_model_and_temperature_are_left_to_the_model(alice: Person):
    _turn, job = turns.begin(alice.id, alice.project_id, None, "Hello")

    assert job
    assert (job.prompt.model, job.prompt.temperature) == (None, None)


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

    _turn, job = turns.begin(alice.id, alice.project_id, first.chat.id, "Two")

    expected = [("assistant", text)] if remembered else []
    assert sent(job)[1:] == [("user", "One"), *expected, ("user", "Two")]


def test_a_long_history_is_cut_oldest_first(alice: Person, settings: Callable[..., None]):
    settings(CONTEXT_TOKENS=1000)
    chat_id = say(alice, "Question 0", "x" * 400).chat.id
    for number in range(1, 30):
        say(alice, f"Question {number}", "x" * 400, chat_id=chat_id)

    _turn, job = turns.begin(alice.id, alice.project_id, chat_id, "The last one")

    kept = sent(job)
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

    turn, _job = turns.begin(alice.id, alice.project_id, None, question)

    assert shown(alice, turn.chat.id)[0].blocks == [question]


def test_a_question_during_an_answer_is_refused(alice: Person):
    turn, _job = turns.begin(alice.id, alice.project_id, None, "One")

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
        assert purge.purge(timedelta(0)) == 1
        assert (count(Chat), count(Message)) == (0, 0)


@pytest.mark.parametrize("status", ["failed", "interrupted", "stopped"])
def test_an_answer_that_ended_early_can_be_tried_again(alice: Person, status: Status):
    first = say(alice, "One", "Whole")
    turn = say(alice, "Two", "Half of", status=status, chat_id=first.chat.id)

    again, job = turns.retry(alice.id, turn.answer.id)

    assert not again.is_new_chat
    assert again.question == turn.question
    assert sent(job)[1:] == [("user", "One"), ("assistant", "Whole"), ("user", "Two")]
    assert [message.id for message in shown(alice, turn.chat.id)][-2:] == [
        turn.question.id,
        again.answer.id,
    ]
    with db.session() as session:
        old = session.get_one(Message, uuid.UUID(turn.answer.id))
    assert (old.status, old.content) == (status, "Half of")


def test_a_retry_is_part_of_the_history_like_any_answer(alice: Person):
    turn = say(alice, "One", "", status="failed")
    again, _job = turns.retry(alice.id, turn.answer.id)
    end(again, "At last")

    _turn, job = turns.begin(alice.id, alice.project_id, turn.chat.id, "Two")

    assert sent(job)[1:] == [("user", "One"), ("assistant", "At last"), ("user", "Two")]


def test_a_whole_answer_a_question_and_an_older_answer_can_not_be_tried_again(alice: Person):
    failed = say(alice, "One", status="failed")
    whole = say(alice, "Two", chat_id=failed.chat.id)

    for message_id in (whole.answer.id, whole.question.id, failed.answer.id):
        with pytest.raises(Conflict):
            turns.retry(alice.id, message_id)

    assert len(shown(alice, whole.chat.id)) == 4


def test_a_retry_that_is_clicked_twice_happens_once(alice: Person):
    turn = say(alice, "One", status="failed")
    again, _job = turns.retry(alice.id, turn.answer.id)

    for message_id in (turn.answer.id, again.answer.id):
        assert turns.retry(alice.id, message_id) == (again, None)
    assert count(Message) == 3


def test_a_retry_during_another_answer_is_refused(alice: Person):
    turn = say(alice, "One", status="failed")
    turns.begin(alice.id, alice.project_id, turn.chat.id, "Two")

    with pytest.raises(Conflict, match="still being written"):
        turns.retry(alice.id, turn.answer.id)


def test_an_answer_goes_on_in_its_own_message_from_the_text_that_is_there(alice: Person):
    first = say(alice, "One", "Whole")
    turn = say(alice, "Two", "Half of ", status="interrupted", chat_id=first.chat.id)

    resumed, job = turns.resume(alice.id, turn.answer.id)

    assert resumed.answer.id == turn.answer.id
    assert (resumed.answer.status, resumed.answer.error) == ("generating", "")
    assert [m.id for m in shown(alice, turn.chat.id)][-1] == turn.answer.id
    assert job
    assert job.text == "Half of "
    assert sent(job)[1:] == [
        ("user", "One"),
        ("assistant", "Whole"),
        ("user", "Two"),
        ("assistant", "Half of "),
        ("user", prompts.GO_ON),
    ]


def test_going_on_twice_happens_once(alice: Person):
    turn = say(alice, "One", "Half of ", status="stopped")
    resumed, _job = turns.resume(alice.id, turn.answer.id)

    assert turns.resume(alice.id, turn.answer.id) == (resumed, None)


@pytest.mark.parametrize(
    ("status", "text"),
    [("complete", "Whole"), ("failed", ""), ("stopped", ""), ("interrupted", " \n")],
)
def test_only_an_answer_that_broke_off_in_the_middle_goes_on(
    alice: Person, status: Status, text: str
):
    turn = say(alice, "One", text, status=status)

    for message_id in (turn.answer.id, turn.question.id):
        with pytest.raises(Conflict):
            turns.resume(alice.id, message_id)
    assert shown(alice, turn.chat.id)[-1].status == status


def test_an_older_answer_does_not_go_on(alice: Person):
    turn = say(alice, "One", "Half of ", status="stopped")
    say(alice, "Two", chat_id=turn.chat.id)

    with pytest.raises(Conflict):
        turns.resume(alice.id, turn.answer.id)


def test_what_is_said_before_goes_on_is_cut_to_the_context_and_the_question_stays(
    alice: Person, settings: Callable[..., None]
):
    settings(CONTEXT_TOKENS=600)
    say_first = say(alice, "Old", "x" * 2000)
    turn = say(alice, "Q", "a" * 9000 + "end", status="stopped", chat_id=say_first.chat.id)

    _turn, job = turns.resume(alice.id, turn.answer.id)

    roles = [role for role, _ in sent(job)]
    assert roles == ["system", "user", "assistant", "user"]
    assert sent(job)[1] == ("user", "Q")
    assert sent(job)[2][1].endswith("aaend")
    assert len(sent(job)[2][1]) == 600 // 2 * 4


def test_a_question_sent_twice_under_one_key_is_asked_once(alice: Person):
    turn, job = turns.begin(alice.id, alice.project_id, None, "Hello", "key-1")
    again, nothing = turns.begin(alice.id, alice.project_id, None, "Hello", "key-1")

    assert job is not None
    assert nothing is None
    assert (again.chat.id, again.question.id, again.answer.id) == (
        turn.chat.id,
        turn.question.id,
        turn.answer.id,
    )
    end(turn, "Hi.")
    later, nothing = turns.begin(alice.id, alice.project_id, turn.chat.id, "Hello", "key-1")
    assert nothing is None
    assert later.answer.blocks == ["Hi."]
    assert (count(Chat), count(Message)) == (1, 2)


def test_questions_without_a_key_or_with_another_are_others(alice: Person):
    chat_id = say(alice, "Hello").chat.id
    for key in ("", "", "key-1", "key-2"):
        turn, _job = turns.begin(alice.id, alice.project_id, chat_id, "Hello", key)
        end(turn, "Hi.")

    assert count(Message) == 10


def test_the_same_key_of_somebody_else_means_nothing(alice: Person, charlie: Person):
    turn, _job = turns.begin(alice.id, alice.project_id, None, "Secret", "key-1")
    other, job = turns.begin(charlie.id, charlie.project_id, None, "Hello", "key-1")

    assert job is not None
    assert other.question.blocks == ["Hello"]
    assert other.chat.id != turn.chat.id


def test_one_key_sent_many_times_at_once_is_asked_once(alice: Person):
    for number in range(5):
        ask = lambda: turns.begin(alice.id, alice.project_id, None, "Hello", f"key-{number}")  # noqa: B023, E731
        assert together(*[ask] * 6) == ["done"] * 6
        assert (count(Chat), count(Message)) == (number + 1, 2 * (number + 1))


@pytest.mark.parametrize("key", ["x" * 65, "a b", "\0", "ü", None, 5])
def test_a_key_that_no_page_makes_is_refused(alice: Person, key: Any):
    with pytest.raises(InvalidInput):
        turns.begin(alice.id, alice.project_id, None, "Hello", key)
    assert count(Message) == 0


def test_versions_of_an_answer_are_numbered_and_each_can_be_shown_again(alice: Person):
    first = say(alice, "One", "First", status="stopped")
    second, _job = turns.retry(alice.id, first.answer.id)
    end(second, "Second")

    newest = shown(alice, first.chat.id)[-1]
    assert (newest.version, newest.versions) == (2, 2)
    assert (newest.previous_version, newest.next_version) == (first.answer.id, "")

    branches.show_version(alice.id, first.answer.id)
    older = shown(alice, first.chat.id)[-1]
    assert (older.id, older.blocks) == (first.answer.id, ["First"])
    assert (older.version, older.next_version) == (1, second.answer.id)


def test_a_version_is_shown_down_to_where_it_was_written_in_last(alice: Person):
    first = say(alice, "One", "First", status="stopped")
    second, _job = turns.retry(alice.id, first.answer.id)
    end(second, "Second")
    say(alice, "Two", "Deeper", chat_id=first.chat.id)

    branches.show_version(alice.id, first.answer.id)
    assert len(shown(alice, first.chat.id)) == 2
    branches.show_version(alice.id, second.answer.id)
    assert [m.blocks for m in shown(alice, first.chat.id)] == [
        ["One"], ["Second"], ["Two"], ["Deeper"],
    ]  # fmt: skip


def test_no_other_version_is_shown_while_an_answer_is_written(alice: Person):
    first = say(alice, "One", "First", status="stopped")
    turns.retry(alice.id, first.answer.id)

    with pytest.raises(Conflict, match="still being written"):
        branches.show_version(alice.id, first.answer.id)


def test_a_stranger_can_neither_ask_nor_retry(alice: Person, charlie: Person):
    turn = say(alice, "Secret", status="failed")

    for attempt in (
        lambda: turns.begin(charlie.id, alice.project_id, None, "Hello"),
        lambda: turns.begin(charlie.id, alice.project_id, turn.chat.id, "Hello"),
        lambda: turns.begin(charlie.id, charlie.project_id, turn.chat.id, "Hello"),
        lambda: turns.retry(charlie.id, turn.answer.id),
        lambda: turns.resume(charlie.id, turn.answer.id),
        lambda: branches.show_version(charlie.id, turn.answer.id),
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
