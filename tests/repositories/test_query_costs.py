"""What people do costs what it gives, however much else there is.

To read with an index is not enough for that, for it may be the wrong one. What is counted are the
steps of SQLite's machine and the pages that PostgreSQL looks into.
"""

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from sqlmodel import Session

from chatbot_app import db, migrations
from chatbot_app.generation import records
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.repositories import answer_runs, chats, imports, messages, projects, users
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.services import turns
from tests import crowd as crowds
from tests.conftest import Person, person
from tests.crowd import CHUNKS, Crowd, Home, Row
from tests.repositories.paths import looking
from tests.statements import cost_of_queries, counted, noted

LENGTHS = (500, 1000, 2000)

SLACK = 200
"""Steps or pages more that mean nothing: a deeper index, a few more projects."""

Act = Callable[[Session, uuid.UUID, Row, list[Row]], None]


def cost(path: Callable[[], object]) -> int:
    with noted() as said:
        path()
    return cost_of_queries(said)


def test_what_one_looks_at_costs_the_same_however_much_one_has(crowd: Crowd):
    dear: dict[str, tuple[int, int]] = {}
    cheap = looking(crowd.neighbour)
    for name, path in looking(crowd.owner).items():
        little, much = cost(cheap[name]), cost(path)
        if much > 2 * little + SLACK:
            dear[name] = (little, much)

    assert dear == {}


def test_a_question_costs_the_same_however_long_the_chat_is(
    crowd: Crowd, settings: Callable[..., None]
):
    settings(CONTEXT_TOKENS=1000)

    def ask(home: Home) -> None:
        _turn, job = turns.begin(home.user_id, home.project_id, home.chat_id, "Next")
        assert job
        records.finish(
            [records.Outcome(job.message_id, job.run_id, content="", status="failed", error="")]
        )

    little, much = cost(lambda: ask(crowd.neighbour)), cost(lambda: ask(crowd.owner))

    assert much < 2 * little


def test_to_go_through_a_branch_costs_what_it_is_long(crowd: Crowd):
    user, branch = crowd.owner.user_id, crowd.long_branch

    def go_down(length: int) -> None:
        with db.session() as session:
            messages.find_newest_below(session, user, branch[-length])

    def go_up(length: int) -> None:
        with db.session() as session:
            assert len(list(messages.walk_up(session, user, branch[length - 1]))) == length

    for go in (go_down, go_up):
        short, middle, long = (cost(partial(go, length)) for length in LENGTHS)
        assert long - middle < 2.5 * (middle - short)


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


def test_what_is_new_of_an_answer_costs_the_same_however_long_it_is(crowd: Crowd):
    followed = crowd.live[:3]

    def look() -> None:
        records.look([], {one.message_id: CHUNKS - 1 for one in followed})

    before = cost(look)
    with db.session(write=True) as session:
        for one in followed:
            # Before what is there already, so that there is as little news as there was.
            told = [Chunk(one.message_id, one.run_id, -seq, "words ") for seq in range(1, 5000)]
            answer_runs.add_chunks(session, told)

    assert cost(look) <= before + SLACK
