"""How many statements it takes: as many for a thousand of something as for ten."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot_app import db, migrations
from chatbot_app.generation import records
from chatbot_app.services import accounts, chats, projects, turns
from tests import crowd
from tests import postgres as postgres_server
from tests.crowd import Home
from tests.statements import cost_of_queries, noted

FEW, MANY = 10, 1000


@pytest.fixture(scope="session")
def homes_in_file(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, tuple[Home, Home]]:
    """Fill an SQLite file, to be copied."""
    path = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("homes") / "homes.db"))
    db.configure(f"sqlite:///{path}")
    found = neighbours()
    db.configure(None)
    return path, found


@pytest.fixture(scope="session")
def homes_in_postgres(postgres: Path) -> tuple[str, tuple[Home, Home]]:
    """Fill a PostgreSQL database, to be copied."""
    name = f"homes_{uuid.uuid4().hex}"
    postgres_server.execute(postgres, f"CREATE DATABASE {name}")
    db.configure(postgres_server.url(postgres, name))
    migrations.migrate()
    found = neighbours()
    db.configure(None)
    return name, found


@pytest.fixture(params=["sqlite", "postgresql"])
def homes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Home, Home]]:
    """Use a database with one who has few projects, chats and messages in a chat, and one with
    many; a copy of it for each test.
    """
    if request.param == "sqlite":
        path, found = request.getfixturevalue("homes_in_file")
        db.configure(f"sqlite:///{shutil.copy(path, tmp_path)}")
        yield found
        db.configure(None)
    else:
        socket: Path = request.getfixturevalue("postgres")
        template, found = request.getfixturevalue("homes_in_postgres")
        name = f"{template}_{uuid.uuid4().hex[:8]}"
        postgres_server.execute(socket, f"CREATE DATABASE {name} TEMPLATE {template}")
        db.configure(postgres_server.url(socket, name))
        yield found
        db.configure(None)
        postgres_server.execute(socket, f"DROP DATABASE {name} WITH (FORCE)")


def neighbours(text: str = "Some words. " * 25) -> tuple[Home, Home]:
    rows = crowd.Rows(text)
    few, many = (rows.home(chats=number, longest=number) for number in (FEW, MANY))
    for home, number in ((few, FEW), (many, MANY)):
        for _ in range(number):
            rows.project(home.user_id)
    crowd.store(rows.tables)
    crowd.count()
    return few, many


def ask(home: Home) -> None:
    _turn, job = turns.begin(home.user_id, home.project_id, home.chat_id, "Next")
    assert job
    records.finish(
        [records.Outcome(job.message_id, job.run_id, content="", status="failed", error="")]
    )


def ask_again(home: Home) -> None:
    leaf = chats.open_page(home.user_id, home.project_id, home.chat_id, limit=1).messages[0]
    _turn, job = turns.retry(home.user_id, leaf.id)
    assert job
    records.finish(
        [records.Outcome(job.message_id, job.run_id, content="Half", status="stopped", error="")]
    )
    turns.resume(home.user_id, str(job.message_id))


PATHS: dict[str, Callable[[Home], object]] = {
    "all projects": lambda home: projects.list_for(home.user_id),
    "the rail": lambda home: chats.list_page(home.user_id, home.project_id, limit=500).chats,
    "a chat": lambda home: chats.open_page(
        home.user_id, home.project_id, home.chat_id, limit=chats.LONGEST_PAGE
    ),
    "where to land": lambda home: accounts.landing(home.user_id),
    "a question": ask,
    "a question again and on": lambda home: (ask(home), ask_again(home)),
    "a chat's end": lambda home: chats.delete(home.user_id, home.chat_id),
    "a project's end": lambda home: projects.delete(home.user_id, home.project_id),
    "an account's end": lambda home: accounts.delete(home.user_id),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_thousand_take_no_more_statements_than_ten(
    homes: tuple[Home, Home], path: str, settings: Callable[..., None]
):
    settings(CONTEXT_TOKENS=512, PROMPT_MAX_CHARS=1000)  # six of these messages

    counts: list[int] = []
    for home in homes:
        with noted() as said:
            PATHS[path](home)
        counts.append(len(said))

    few, many = counts
    assert 0 < many <= few  # the ten are seen up to the first, which has versions of its own


def test_filling_the_context_with_a_thousand_short_messages_takes_a_dozen_statements(
    database: str,
):
    few, many = neighbours("Hm?")
    with noted() as for_few:
        ask(few)
    with noted() as for_many:
        ask(many)

    assert len(for_many) <= len(for_few) + 12


def test_a_list_of_projects_costs_what_is_in_it(homes: tuple[Home, Home]):
    costs: list[int] = []
    for home in homes:
        with noted() as said:
            projects.list_for(home.user_id)
        costs.append(cost_of_queries(said))

    few, many = costs
    assert many < 2 * MANY / FEW * few


def test_chats_that_were_put_away_cost_the_list_nothing(sqlite: str):
    rows = crowd.Rows()
    few, many = (rows.home(chats=number, longest=2) for number in (60, 3060))
    for number, chat in enumerate(reversed(rows.tables["chat"])):
        is_away = number < 3000  # the last to be written in
        chat["archived_at"] = crowd.BEGAN if is_away and number % 2 else None
        chat["deleted_at"] = crowd.BEGAN if is_away and not number % 2 else None
    crowd.store(rows.tables)
    crowd.count()

    costs: list[int] = []
    for home in (few, many):
        with noted() as said:
            assert len(chats.list_page(home.user_id, home.project_id, limit=50).chats) == 50
            projects.list_for(home.user_id)
            accounts.landing(home.user_id)
        costs.append(cost_of_queries(said))

    little, much = costs
    assert much < 1.2 * little
