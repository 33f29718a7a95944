"""The model of a chat: chosen by its owner, used from the next message on."""

import pytest

from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.services import chats, model_choices, projects, turns
from tests.conftest import Person, say


def with_project_model(alice: Person, model: str) -> None:
    projects.update(
        alice.id,
        alice.project_id,
        name="Poet",
        description="",
        system_prompt="",
        model=model,
        temperature="",
        starters="",
    )


def test_a_chat_is_asked_with_its_own_model_until_it_goes_back_to_the_projects(alice: Person):
    with_project_model(alice, "projects-model")
    chat = say(alice, "Hello").chat

    chosen = model_choices.choose(alice.id, chat.id, "  vendor/own-model ")
    assert chosen.model == chats.get(alice.id, chat.id).model == "vendor/own-model"
    own = turns.begin(alice.id, alice.project_id, chat.id, "And now?")
    assert own.job
    assert (own.job.prompt.model, own.turn.answer.model) == ("vendor/own-model",) * 2

    assert model_choices.choose(alice.id, chat.id, "").model == ""
    other = turns.begin(alice.id, alice.project_id, None, "In another chat")
    assert other.job
    assert (other.job.prompt.model, other.turn.answer.model) == ("projects-model",) * 2


def test_a_new_chat_takes_its_model_from_its_first_message_and_no_later_one(alice: Person):
    first = say(alice, "Hello", model="first-choice")
    assert first.chat.model == first.answer.model == "first-choice"

    later, job = turns.begin(alice.id, alice.project_id, first.chat.id, "On", model="another")
    assert job
    assert (later.chat.model, job.prompt.model) == ("first-choice", "first-choice")


@pytest.mark.parametrize("wrong", ["x" * 201, "a\0b", "a\x1bb", None])
def test_a_name_that_no_model_can_have_changes_nothing(alice: Person, wrong: str):
    chat = say(alice, "Hello", model="good").chat

    with pytest.raises(InvalidInput):
        model_choices.choose(alice.id, chat.id, wrong)
    with pytest.raises(InvalidInput):
        turns.begin(alice.id, alice.project_id, None, "Hello", model=wrong)

    assert chats.get(alice.id, chat.id).model == "good"


def test_a_stranger_chooses_nothing(alice: Person, charlie: Person):
    chat = say(alice, "Hello").chat

    for somebody, chat_id in ((charlie.id, chat.id), (alice.id, "no-such-chat")):
        with pytest.raises(NotFound):
            model_choices.choose(somebody, chat_id, "other")

    assert chats.get(alice.id, chat.id).model == ""
