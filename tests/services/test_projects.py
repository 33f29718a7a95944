"""Projects: what their owner can do with them, and a stranger can't."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from chatbot_app import db
from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.models import Chat, Message, Project
from chatbot_app.services import projects
from tests.conftest import Person, say

FIELDS: dict[str, Any] = {
    "name": "Poet",
    "description": "Writes verse.",
    "system_prompt": "You write verse.\nNever prose.",
    "model": "gpt-x",
    "temperature": "0.7",
    "starters": "Write a sonnet.\nWrite a haiku.",
}


def test_a_project_is_kept_as_it_was_entered(alice: Person):
    made = projects.create(alice.id, **FIELDS)

    assert projects.get(alice.id, made.id) == made
    assert (made.name, made.model, made.temperature) == ("Poet", "gpt-x", "0.7")
    assert made.system_prompt == FIELDS["system_prompt"]
    assert made.starters == FIELDS["starters"]


def test_a_project_needs_no_more_than_a_name(alice: Person):
    made = projects.create(alice.id, name="  Bare  ")

    assert (made.name, made.system_prompt, made.model, made.temperature) == ("Bare", "", "", "")


def test_a_project_is_changed_as_a_whole(alice: Person):
    changed = projects.update(alice.id, alice.project_id, **FIELDS)

    assert projects.get(alice.id, str(alice.project_id)) == changed
    assert changed.name == "Poet"


def test_temperature_and_model_go_back_to_the_default(alice: Person):
    projects.update(alice.id, alice.project_id, **FIELDS)
    changed = projects.update(
        alice.id, alice.project_id, **FIELDS | {"temperature": "", "model": " "}
    )

    assert (changed.temperature, changed.model) == ("", "")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""),
        ("name", " \n"),
        ("name", "x" * 121),
        ("name", "a\0b"),
        ("name", None),
        ("description", "x" * 32_001),
        ("description", 5),
        ("system_prompt", "x" * 32_001),
        ("system_prompt", "a\ud800b"),
        ("model", "x" * 201),
        ("temperature", "2.1"),
        ("temperature", "-1"),
        ("temperature", "warm"),
        ("temperature", True),
        ("starters", "\n".join("abcdefg")),
        ("starters", "x" * 501),
        ("starters", "a\0b"),
        ("starters", None),
    ],
)
def test_a_field_with_something_wrong_changes_nothing(alice: Person, field: str, wrong: Any):
    before = projects.get(alice.id, alice.project_id)

    with pytest.raises(InvalidInput):
        projects.update(alice.id, alice.project_id, **FIELDS | {field: wrong})
    with pytest.raises(InvalidInput):
        projects.create(alice.id, **FIELDS | {field: wrong})

    assert projects.get(alice.id, alice.project_id) == before
    assert len(projects.list_for(alice.id)) == 1


def test_the_longest_name_and_prompt_are_taken(alice: Person):
    made = projects.create(alice.id, name="ü" * 120, system_prompt="🐎" * 32_000)

    assert len(projects.get(alice.id, made.id).system_prompt) == 32_000


def test_prompt_starters_are_tidied_and_six_of_500_characters_are_taken(alice: Person):
    made = projects.create(alice.id, name="Tidy", starters="  One  \r\n\n\t\n Two words\n")
    assert made.starters == "One\nTwo words"

    full = "\n".join("🐎" * 500 for _ in range(6))
    assert projects.create(alice.id, name="Full", starters=full).starters == full


def test_projects_are_listed_by_last_activity(alice: Person):
    older, newer = (projects.create(alice.id, name=name) for name in ("Older", "Newer"))
    assert [card.name for card in projects.list_for(alice.id)] == [
        "Newer",
        "Older",
        "Alice's project",
    ]

    say(alice, "Hello")
    say(alice, "Hello again")
    projects.update(alice.id, older.id, **FIELDS)

    cards = projects.list_for(alice.id)
    assert [(card.name, card.chats) for card in cards] == [
        ("Poet", 0),
        ("Alice's project", 2),
        ("Newer", 0),
    ]
    assert newer.id == cards[-1].id


@pytest.mark.parametrize(
    ("description", "prompt", "summary"),
    [
        ("Writes verse.\nAnd more.", "You write verse.", "Writes verse."),
        ("", "\n\nYou write verse.\nNever prose.", "You write verse."),
        (" \n", "You write verse.", "You write verse."),
        ("", "", ""),
        ("", "word " * 100, "word " * 31 + "word…"),
    ],
)
def test_a_card_says_in_a_line_what_the_project_is(
    alice: Person, description: str, prompt: str, summary: str
):
    projects.create(alice.id, name="A", description=description, system_prompt=prompt)

    assert projects.list_for(alice.id)[0].summary == summary


def test_a_list_is_one_query_however_many_there_are(alice: Person):
    for number in range(5):
        projects.create(alice.id, name=f"Project {number}", system_prompt="x" * 1000)
    say(alice, "Hello")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = db.connections().writing
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(projects.list_for(alice.id)) == 6
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_deleting_a_project_takes_its_chats_and_nothing_else(alice: Person, charlie: Person):
    say(alice, "Gone")
    say(charlie, "Stays")

    projects.delete(alice.id, alice.project_id)

    assert projects.list_for(alice.id) == []
    assert projects.first(alice.id) is None
    with db.session() as session:
        assert len(session.exec(select(Project)).all()) == 1
        assert len(session.exec(select(Chat)).all()) == 1
        assert len(session.exec(select(Message)).all()) == 2


def test_the_ids_of_a_projects_chats_are_all_of_them(alice: Person):
    said = {say(alice, f"Chat {number}").chat.id for number in range(3)}

    assert {str(chat_id) for chat_id in projects.chat_ids(alice.id, alice.project_id)} == said


def test_a_stranger_finds_no_project(alice: Person, charlie: Person):
    before = projects.get(alice.id, alice.project_id)

    for attempt in (
        lambda: projects.get(charlie.id, alice.project_id),
        lambda: projects.update(charlie.id, alice.project_id, **FIELDS),
        lambda: projects.delete(charlie.id, alice.project_id),
        lambda: projects.chat_ids(charlie.id, alice.project_id),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert projects.get(alice.id, alice.project_id) == before
    assert [card.name for card in projects.list_for(charlie.id)] == ["Charlie's project"]


@pytest.mark.parametrize("wrong", ["", "1", "nonsense", None, "x" * 10_000, "\0", "\ud800"])
def test_a_malformed_id_is_not_found(alice: Person, wrong: Any):
    for attempt in (
        lambda: projects.get(alice.id, wrong),
        lambda: projects.update(alice.id, wrong, **FIELDS),
        lambda: projects.delete(alice.id, wrong),
        lambda: projects.chat_ids(alice.id, wrong),
    ):
        with pytest.raises(NotFound):
            attempt()
