"""What an answer took, for its owner."""

import uuid

import pytest

from chatbot_app.errors import NotFound
from chatbot_app.generation import records
from chatbot_app.repositories.messages import UNKNOWN, Took
from chatbot_app.schemas import MessageView
from chatbot_app.services import answer_details, chats, turns
from chatbot_app.services.views import SHOWN_THOUGHTS
from tests.conftest import Person, person

TOOK = Took(reasoning_ms=2000, duration_ms=4000, prompt_tokens=1200, completion_tokens=400)


def answered(owner: Person, *, took: Took = UNKNOWN, reasoning: str = "") -> MessageView:
    """An answer of 100 characters, as a page shows it."""
    turn, job = turns.begin(owner.id, owner.project_id, None, "Hello? " * 100)
    assert job
    written = records.Outcome(
        job.message_id,
        job.run_id,
        content="x" * 100,
        status="complete",
        reasoning=reasoning,
        took=took,
    )
    assert records.finish([written])
    page = chats.open_page(owner.id, turn.chat.project_id, turn.chat.id)
    return page.messages[-1]


def test_what_the_provider_counted_is_told(database: str) -> None:
    alice = person("Alice")
    facts = answer_details.get(alice.id, answered(alice, took=TOOK).id, default_model="big-model")
    assert (facts.model, facts.duration) == ("big-model", "4.0 s")
    assert (facts.prompt_tokens, facts.completion_tokens) == ("1,200", "400")
    assert facts.speed == "100 tokens/s"


def test_what_nobody_counted_is_estimated_and_said_to_be(database: str) -> None:
    alice = person("Alice")
    took = Took(duration_ms=61_500)
    facts = answer_details.get(alice.id, answered(alice, took=took, reasoning="y" * 100).id)
    assert facts.duration == "1 min 1 s"
    assert facts.completion_tokens == "about 54"
    assert facts.speed == "about 1 tokens/s"
    about, _, count = facts.prompt_tokens.partition(" ")
    assert about == "about"
    assert int(count) >= 175, "the question, and the system prompt"


@pytest.mark.parametrize("blocks", [[], [" \n"]])
def test_nothing_is_estimated_of_an_answer_without_a_word(blocks: list[str]) -> None:
    facts = answer_details.of(MessageView(status="failed", blocks=blocks, duration_ms=80))
    assert (facts.completion_tokens, facts.speed) == ("", "")
    thought = answer_details.of(MessageView(status="failed", duration_ms=1000), "y" * 100)
    assert (thought.completion_tokens, thought.speed) == ("about 29", "about 29 tokens/s")


def test_an_answer_whose_worker_died_has_no_duration_and_no_speed(database: str) -> None:
    alice = person("Alice")
    facts = answer_details.get(alice.id, answered(alice).id)
    assert (facts.duration, facts.speed) == ("", "")


def test_a_stranger_and_a_question_have_no_details(database: str) -> None:
    alice, bob = person("Alice"), person("Bob")
    turn, _ = turns.begin(alice.id, alice.project_id, None, "Hello?")
    tried = ((bob, turn.answer.id), (alice, turn.question.id), (alice, uuid.uuid4()))
    for reader, message_id in tried:
        with pytest.raises(NotFound):
            answer_details.get(reader.id, message_id)
        with pytest.raises(NotFound):
            answer_details.thoughts(reader.id, message_id)


def test_long_thoughts_come_when_they_are_asked_for(database: str) -> None:
    alice = person("Alice")
    long = "thought " * SHOWN_THOUGHTS
    answer = answered(alice, reasoning=long)
    assert answer.reasoning == long[: SHOWN_THOUGHTS + 1]
    assert answer_details.thoughts(alice.id, answer.id) == long
