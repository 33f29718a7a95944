"""What is done about many messages costs what few do each, whatever the database knows of them."""

import uuid
from collections.abc import Callable

import pytest
from sqlmodel import Session

from chatbot_app import db, migrations
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.repositories import chats, imports, messages, projects, users
from tests import crowd as crowds
from tests.conftest import Person, person
from tests.crowd import Row
from tests.statements import SLACK, counted

Act = Callable[[Session, uuid.UUID, Row, list[Row]], None]


def bring_in(session: Session, _user_id: uuid.UUID, chat: Row, written: list[Row]) -> None:
    imports.add_chat(session, Chat(**chat), written)


def go_down(session: Session, user_id: uuid.UUID, chat: Row, written: list[Row]) -> None:
    end = messages.find_newest_below(session, user_id, written[1]["id"])
    assert end.id == chat["active_leaf_id"]


def delete_branch(session: Session, user_id: uuid.UUID, _chat: Row, written: list[Row]) -> None:
    messages.delete_branch(session, user_id, session.get_one(Message, written[1]["id"]))


def delete_chat(session: Session, _user_id: uuid.UUID, chat: Row, _written: list[Row]) -> None:
    session.get_one(Chat, chat["id"]).deleted_at = crowds.BEGAN
    assert chats.drop_deleted(session, now(), limit=1)


def delete_project(session: Session, _user_id: uuid.UUID, chat: Row, _written: list[Row]) -> None:
    projects.delete_with_chats(session, session.get_one(Project, chat["project_id"]))


def delete_account(session: Session, user_id: uuid.UUID, _chat: Row, _written: list[Row]) -> None:
    users.delete_with_all(session, user_id)


ACTS = [bring_in, go_down, delete_branch, delete_chat, delete_project, delete_account]


@pytest.mark.parametrize("act", ACTS)
def test_many_messages_cost_what_few_do_each_before_the_database_knows_of_them(
    empty_database: str, act: Act
):
    """PostgreSQL counts its rows now and then, and in between believes in what it saw last: that
    there is nothing, or a few, for which it made plans that a connection keeps.
    """
    migrations.migrate()
    few, many = person("Few"), person("Many")
    cost_of(delete_branch, few, 12)
    if empty_database.startswith("postgresql"):
        crowds.count()
    cost_of(delete_branch, few, 12)

    little = cost_of(act, few, 500)
    assert cost_of(act, many, 2000) < 6 * little + SLACK


def test_a_branch_costs_what_it_is_long_before_the_database_knows_of_any(empty_database: str):
    migrations.migrate()
    few, many = person("Few"), person("Many")

    little = cost_of(go_down, few, 500)
    assert cost_of(go_down, many, 2000) < 6 * little + SLACK


def cost_of(act: Act, owner: Person, length: int) -> int:
    """Count what it costs to do something about a new chat of this length."""
    chat, written = crowds.chat_rows(owner.project_id, length)
    if act is not bring_in:
        with db.session(write=True) as session:
            bring_in(session, owner.id, chat, written)
    with db.session(write=True) as session, counted(session) as so_far:
        act(session, owner.id, chat, written)
        return so_far()
