"""How the databases go about what people do when there is a lot: with an index, always, and at a
cost that is that of what it gives.

The statements are those that the services say, noted as they are said. To read with an index is not
enough, for it may be the wrong one: what is counted are the steps of SQLite's machine and the pages
that PostgreSQL looks into. All that asks for the crowd is here, for it takes long to gather.
"""

import asyncio
import inspect
import io
import itertools
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, update

from chatbot_app import db
from chatbot_app.generation import records
from chatbot_app.models import UserSession, now
from chatbot_app.repositories import (
    answer_runs,
    audit_entries,
    chats,
    exports,
    imports,
    messages,
    projects,
    search,
    sessions,
    shared_chats,
    two_factor,
    users,
)
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.schemas import Viewer
from chatbot_app.services import (
    accounts,
    administration,
    audit_log,
    branches,
    chat_exports,
    chat_places,
    invitations,
    links,
    password_reset,
    purge,
    registration,
    sharing,
    titles,
    turns,
    verification,
)
from chatbot_app.services import chats as chat_service
from chatbot_app.services import exports as export_service
from chatbot_app.services import imports as import_service
from chatbot_app.services import projects as project_service
from chatbot_app.services import search as search_service
from chatbot_app.services import sessions as session_service
from chatbot_app.services import two_factor as two_factor_service
from tests import crowd as crowds
from tests.conftest import PASSWORD, Person
from tests.crowd import CHUNKS, Crowd, Home
from tests.repositories.paths import looking, sign_in
from tests.second_factor import Phone
from tests.statements import SLACK, Statement, cost_of_queries, noted

REPOSITORIES = (
    answer_runs,
    audit_entries,
    chats,
    exports,
    imports,
    messages,
    projects,
    search,
    sessions,
    shared_chats,
    two_factor,
    users,
)

SMALL = {"answer_run", "invitation", "shared_chat"}
"""Hold what is being written, or who is invited, at the moment and nothing else: to read them whole
is quickest. Of shared chats there are none but one's own here.
"""

RARE = {"users.is_only_admin"}
"""Reads all accounts, but only when an administrator leaves."""

BEFORE_ALL = f"2000-01-01T00:00:00_{uuid.uuid4()}"

LENGTHS = (500, 1000, 2000)

Paths = dict[str, Callable[[], object]]


def talking(crowd: Crowd) -> Paths:
    home = crowd.owner
    user, project, chat = home.user_id, home.project_id, home.chat_id

    def ended(answer_id: str) -> str:
        message_id = uuid.UUID(answer_id)
        with db.session() as session:
            (run,) = answer_runs.list_held(session, [message_id], lock=False)
        records.finish(
            [records.Outcome(message_id, run.run_id, content="Half of", status="stopped", error="")]
        )
        return answer_id

    def change() -> None:
        first = newest_question(user, project, chat)
        edited, _job = turns.edit(user, first, "In other words", "key-2")
        turns.edit(user, first, "In other words", "key-2")
        again, _job = turns.regenerate(user, ended(edited.answer.id))
        branches.delete(user, again.answer.id)
        branches.delete(user, edited.question.id)
        new, _job = turns.begin(user, project, None, "The first")
        first_again, _job = turns.edit(user, ended(new.answer.id) and new.question.id, "First")
        branches.delete(user, first_again.question.id)
        branches.delete(user, new.question.id)

    def talk() -> None:
        turn, _job = turns.begin(user, project, chat, "Next", "key")
        turns.begin(user, project, chat, "Next", "key")
        again, _job = turns.retry(user, ended(turn.answer.id))
        turns.resume(user, ended(again.answer.id))
        ended(again.answer.id)
        new, _job = turns.begin(user, project, None, "The first")
        ended(new.answer.id)

    def share_and_withdraw() -> None:
        link = sharing.share(user, chat)
        sharing.list_for(user, chat)
        sharing.open_page(link.url.rpartition("/")[2])
        sharing.withdraw(user, link.id)

    def put_about() -> None:
        chat_places.pin(user, chat)
        chat_places.unpin(user, chat)
        chat_places.move(user, chat, crowd.doomed_project)
        chat_places.move(user, chat, project)
        chat_places.archive(user, chat)
        page = chat_places.list_archived(user, limit=1)
        chat_places.list_archived(user, before=page.older_than or BEFORE_ALL)
        chat_places.unarchive(user, chat)

    def find_title() -> None:
        titles._begun_with(crowd.long_branch[1])
        titles._give(chat, "A title")

    return {
        "a shared chat": share_and_withdraw,
        "questions, again and on": talk,
        "a chat put here and there": put_about,
        "a title by itself": find_title,
        "other words, another answer, and none": change,
        "another version": lambda: branches.show_version(user, crowd.branching_answer),
        "a project's settings": lambda: project_service.update(
            user,
            project,
            name="A",
            description="",
            system_prompt="",
            model="",
            temperature=None,
            starters="",
        ),
        "a new project": lambda: project_service.create(user, name="New"),
        "all projects": lambda: project_service.list_for(user),
    }


def newest_question(user: uuid.UUID, project: uuid.UUID, chat: uuid.UUID) -> str:
    shown = chat_service.open_page(user, project, chat).messages
    return next(message.id for message in reversed(shown) if message.role == "user")


def coming_and_going(crowd: Crowd) -> Paths:
    user = crowd.neighbour.user_id

    def come_back() -> None:
        token = sign_in(crowd.neighbour.email)
        viewer = session_service.resolve(token)
        with db.session(write=True) as session:
            mine = update(UserSession).where(col(UserSession.id) == viewer.session_id)
            session.exec(mine.values(last_seen_at=now() - timedelta(hours=1)))
        session_service.forget()
        session_service.resolve(token)
        session_service.sign_out(viewer)

    def change_password() -> None:
        viewer = session_service.resolve(sign_in(crowd.neighbour.email))
        asyncio.run(accounts.change_password(viewer, PASSWORD, "another horse reads it"))

    def register() -> None:
        who = {"name": "New", "email": "new@example.org", "address": "192.0.2.1"}
        asyncio.run(registration.register(password="a new horse reads it", **who))

    def register_by_invitation() -> None:
        admin = Viewer(user, uuid.uuid4(), "Somebody", crowd.neighbour.email, role="admin")
        link = asyncio.run(invitations.create(admin, email="", role="user"))
        who = {"name": "New", "email": "invited@example.org", "address": "192.0.2.1"}
        token = link.partition("#")[2]
        asyncio.run(registration.register(password="a new horse reads it", invitation=token, **who))

    def use_links() -> None:
        link = password_reset.make_link(crowd.neighbour.email)
        with db.session(write=True) as session:
            token = links.make(session, user, "verify")
        verification.confirm(token)
        asyncio.run(password_reset.choose(link.partition("#")[2], "a third horse reads it"))

    async def protect() -> None:
        viewer = Viewer(user, uuid.uuid4(), "Somebody", crowd.neighbour.email)
        phone = Phone((await two_factor_service.enrol(viewer, PASSWORD)).secret)
        codes = await two_factor_service.confirm(viewer, phone.code())
        await two_factor_service.check(user, codes[0])
        two_factor_service.protection(user)
        await two_factor_service.renew_recovery_codes(viewer, PASSWORD)
        await two_factor_service.switch_off(viewer, PASSWORD)

    async def take_along() -> None:
        async for _piece in export_service.written(user):
            pass

    async def take_a_chat() -> None:
        home = crowd.neighbour
        for file_format in ("markdown", "json"):
            found = await chat_exports.open_chat(user, home.chat_id, file_format)
            written = "".join([piece async for piece in found.pieces])
        another = written.replace('"content": "', '"content": "Well: ', 1)
        for content in (written, another, another):  # still here; new; imported already
            import_service.bring_in(user, io.BytesIO(content.encode()))

    return {
        "a chat, there and back": lambda: asyncio.run(take_a_chat()),
        "the second factor": lambda: asyncio.run(protect()),
        "taking everything along": lambda: asyncio.run(take_along()),
        "the devices": lambda: session_service.list_for(
            Viewer(user, uuid.uuid4(), "Somebody", crowd.neighbour.email)
        ),
        "registering": register,
        "registering by invitation": register_by_invitation,
        "signing in, coming back, signing out": come_back,
        "another password": change_password,
        "a confirmed address, and a forgotten password": use_links,
        "another name": lambda: accounts.rename(user, "Somebody else"),
        "a shut account": lambda: accounts.disable(user),
    }


def administering(crowd: Crowd) -> Paths:
    chief = crowd.owner
    with db.session(write=True) as session:
        users.get(session, chief.user_id).role = "admin"
    admin = Viewer(chief.user_id, uuid.uuid4(), "Chief", chief.email, role="admin")

    def look_after() -> None:
        administration.list_users()
        administration.list_users(after=chief.email)
        for act in (administration.disable, administration.enable, administration.sign_out):
            act(admin, crowd.doomed_user)
        administration.set_role(admin, crowd.doomed_user, "admin")
        administration.set_role(admin, crowd.doomed_user, "user")

    def read_audit() -> None:
        choices = {
            "action": ("", "export"),
            "outcome": ("", "refused"),
            "email": ("", chief.email),
            "since": ("", "2026-01-01"),
            "until": ("", "2026-12-31"),
            "before": ("", "1000"),
        }
        for chosen in itertools.product(*choices.values()):
            audit_log.list_page(**dict(zip(choices, chosen, strict=True)), limit=2)

    return {"the accounts": look_after, "the audit": read_audit}


def writing(crowd: Crowd) -> Paths:
    live = crowd.live
    first, ids = live[0], [one.message_id for one in live]
    chunks = [Chunk(one.message_id, one.run_id, CHUNKS, "more ") for one in live]
    shown = {one.message_id: CHUNKS - 1 for one in live[:3]}

    def stop() -> None:
        records.request_stop(first.chat_id)
        records.has_run(first.chat_id, first.run_id)
        records.find_orphan(first.chat_id, 1.0)

    def reap() -> None:
        for orphan in records.list_orphans(-1000.0)[:2]:
            records.end_orphan(orphan)

    return {
        "a tick": lambda: records.keep(chunks, ids, beat=True),
        "a tick without news": lambda: records.keep([], ids, beat=False),
        "a look from elsewhere": lambda: records.look([one.chat_id for one in live[:10]], shown),
        "an answer from elsewhere": lambda: records.read_whole(first.message_id),
        "a stop": stop,
        "the end of what was left behind": reap,
    }


def searching(crowd: Crowd) -> Paths:
    def search_for(query: str) -> Callable[[], object]:
        def look() -> None:
            for home in (crowd.owner, crowd.neighbour):
                older_than = search_service.find(home.user_id, query).older_than
                search_service.find(home.user_id, query, before=older_than or "1000")

        return look

    queries = ("some", '"some words"', "so", "words some ", "nothing")
    return {f"a search for {query}": search_for(query) for query in queries} | {
        "the last chats": lambda: search_service.recent_chats(crowd.owner.user_id)
    }


def deleting(crowd: Crowd) -> Paths:
    user = crowd.owner.user_id

    def delete_and_undo() -> None:
        chat_service.delete(user, crowd.doomed_chat)
        chat_service.restore(user, crowd.doomed_chat)
        chat_service.delete(user, crowd.doomed_chat)
        purge.purge()
        assert purge.purge(timedelta(0)) >= 1

    return {
        "a chat's end, and that for good": delete_and_undo,
        "the chats of a project": lambda: project_service.chat_ids(user, crowd.doomed_project),
        "a project's end": lambda: project_service.delete(user, crowd.doomed_project),
        "an account's end": lambda: accounts.delete(crowd.doomed_user),
    }


def test_nothing_people_do_reads_a_table_from_end_to_end(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
):
    used = note_calls(monkeypatch)
    paths = looking(crowd.owner) | talking(crowd) | writing(crowd)
    paths |= searching(crowd)
    paths |= administering(crowd) | coming_and_going(crowd) | deleting(crowd)
    said: dict[str, list[Statement]] = {}
    for name, path in paths.items():
        with noted() as said[name]:
            path()

    whole = {
        name: [statement.text for statement in statements if statement.tables_read_whole() - SMALL]
        for name, statements in said.items()
    }
    assert {name: texts for name, texts in whole.items() if texts} == {}
    assert all(said.values())
    assert set(functions()) - used - RARE == set(), "A query that no path here leads to: add one."


def functions() -> dict[str, tuple[ModuleType, str]]:
    """All public functions of the repositories."""
    return {
        f"{module.__name__.rsplit('.', 1)[-1]}.{name}": (module, name)
        for module in REPOSITORIES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def note_calls(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Note which functions of the repositories are called from now on."""
    used: set[str] = set()

    def noting(full_name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            used.add(full_name)
            return function(*arguments, **options)

        return call

    for full_name, (module, name) in functions().items():
        monkeypatch.setattr(module, name, noting(full_name, getattr(module, name)))
    return used


def test_what_was_common_long_ago_is_gathered_by_the_index(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    """A planner that knows how common it is would rather read the table, vector by vector."""
    monkeypatch.setattr(search, "RECENT", 1)  # as if the newest had none of it
    chat, written = crowds.chat_rows(alice.project_id, 3000)
    crowds.store({"chat": [chat], "message": written})
    crowds.count()
    with noted() as said:
        assert search_service.find(alice.id, "some words ").older_than

    read = set[str]().union(*(statement.tables_read_whole() for statement in said))
    assert "message_search" not in read


def test_what_goes_with_its_owner_is_found_by_an_index(database: str):
    """A cascade says no statement of its own that a plan could be asked for."""
    bare: list[str] = []
    with db.connections().reading.connect() as connection:
        found = sa.inspect(connection)
        for table in found.get_table_names():
            indexes = [index["column_names"] for index in found.get_indexes(table)]
            indexes += [unique["column_names"] for unique in found.get_unique_constraints(table)]
            indexes += [found.get_pk_constraint(table)["constrained_columns"]]
            for key in found.get_foreign_keys(table):
                columns = key["constrained_columns"]
                if not any(index[: len(columns)] == columns for index in indexes):
                    bare.append(f"{table}: {columns}")

    assert bare == []


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
