"""What every test can ask for: settings of its own, a real database of either kind, and people.

Alice owns what the tests are about; Charlie is a stranger to it.
"""

import dataclasses
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from sqlmodel import delete, select, text

from chatbot_app import config, db, migrations, security
from chatbot_app.generation import records
from chatbot_app.models import AuditEntry, Invitation, Project, User
from chatbot_app.repositories import answer_runs, projects, users
from chatbot_app.schemas import Status, Turn, Viewer
from chatbot_app.services import chats, purge, rates, sessions, throttle, turns
from tests import postgres as postgres_server

PASSWORD = "a horse reads the paper"
PASSWORD_HASH = security.hash_password(PASSWORD, cost=4)


# How long one example takes says something of the machine, and of what else runs on it.
hypothesis.settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared machine")

LONGEST = (
    "tests/test_serving.py",
    "tests/faults/",
    "tests/e2e/",
    "tests/repositories/test_query_plans.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: of tests side by side none is left over for the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the fault tests take the time that they take."""
    parser.addoption(
        "--long", action="store_true", help="repetitions and periods of the fault tests in full"
    )


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Tell whether this is the long run: then counts and periods are those that are promised."""
    return bool(request.config.getoption("--long"))


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in, with one project."""

    id: uuid.UUID
    email: str
    viewer: Viewer
    token: str
    project_id: uuid.UUID


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Give each test its own settings; calling the fixture changes some: `settings(NAME="…")`."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))
        config.get_settings.cache_clear()

    monkeypatch.chdir(tmp_path)
    change(
        DATA_DIR=tmp_path / "data", JWT_SECRET="for tests only " * 3, BCRYPT_COST=4, TESTING=True
    )
    throttle.forget()
    rates.forget()
    sessions.forget()
    yield change
    config.get_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """Run one PostgreSQL for all tests; gives the directory of its socket."""
    with postgres_server.running() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database without a single table, of either kind, and use it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        socket, name = request.getfixturevalue("postgres"), f"empty_{uuid.uuid4().hex}"
        postgres_server.execute(socket, f"CREATE DATABASE {name}")
        url = postgres_server.url(socket, name)
    db.configure(url)
    yield url
    db.configure(None)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an SQLite file with every table, for each test to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    db.configure(f"sqlite:///{path}")
    migrations.migrate()
    db.configure(None)
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Path) -> str:
    """Make a PostgreSQL database with every table, for each test to empty."""
    url = postgres_server.url(postgres, "postgres")
    db.configure(url)
    migrations.migrate()
    db.configure(None)
    return url


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[str]:
    """Use an SQLite database with every table and no row."""
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'test.db')}"
    db.configure(url)
    yield url
    db.configure(None)


@pytest.fixture
def postgresql(migrated_postgres: str) -> Iterator[str]:
    """Use a PostgreSQL database with every table and no row."""
    db.configure(migrated_postgres)
    with db.session(write=True) as session:
        for user in session.exec(select(User)):
            users.delete_with_all(session, user.id)
        session.exec(delete(Invitation))  # which outlive those who invited
        # As the database's owner may: the application can't.
        session.connection().execute(text("SET LOCAL session_replication_role = replica"))
        session.exec(delete(AuditEntry))
    yield migrated_postgres
    db.configure(None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Use a database with every table and no row, once of either kind."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def alice(database: str) -> Person:
    """Bring the owner in."""
    return person("Alice")


@pytest.fixture
def charlie(database: str) -> Person:
    """Bring a stranger in."""
    return person("Charlie")


def person(name: str, *, role: str = "user") -> Person:
    """Open an account with one project and a live sign-in, whose password is PASSWORD."""
    email = f"{name.lower()}@example.org"
    user = User(name=name, email=email, password_hash=PASSWORD_HASH, role=role)
    project = Project(user_id=user.id, name=f"{name}'s project", system_prompt="Be brief.")
    with db.session(write=True) as session:
        users.add(session, user)
        projects.add(session, project)
        grant = sessions.begin(session, user, "/")
    viewer = sessions.resolve(grant.token)
    return Person(user.id, email, viewer, grant.token, project.id)


def make_admin(who: Person) -> Person:
    """Let somebody look after the site, as an operator's command does."""
    with db.session(write=True) as session:
        users.get(session, who.id).role = "admin"
    sessions.forget()
    return who


def say(
    owner: Person,
    question: str,
    answer: str = "An answer.",
    *,
    status: Status = "complete",
    chat_id: str | None = None,
    model: str = "",
) -> Turn:
    """Have one turn, in a new chat unless one is named, and end its answer."""
    turn, _job = turns.begin(owner.id, owner.project_id, chat_id, question, model=model)
    end(turn, answer, status=status)
    return turn


def erase(owner: Person, chat_id: str) -> None:
    """Delete a chat, and let so much time pass that it is gone for good."""
    chats.delete(owner.id, chat_id)
    purge.purge(timedelta(0))


def end(turn: Turn, answer: str, *, status: Status = "complete") -> None:
    """End a turn's answer as the engine does."""
    with db.session() as session:
        run = answer_runs.find_in_chat(session, uuid.UUID(turn.chat.id))
    assert run
    assert str(run.message_id) == turn.answer.id
    assert records.finish(
        [records.Outcome(run.message_id, run.run_id, content=answer, status=status, error="")]
    )
