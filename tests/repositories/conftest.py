"""A hundred thousand messages, for the tests that ask how the databases go about them."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot_app import db, migrations
from tests import crowd as crowds
from tests import postgres as postgres_server
from tests.crowd import Crowd


@pytest.fixture(scope="session")
def crowd_in_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Crowd]:
    """Fill an SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("crowd") / "crowd.db"
    return path, gathered_in(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def crowd_in_postgres(postgres: Path) -> tuple[str, Crowd]:
    """Fill a PostgreSQL database, to be copied."""
    name = f"crowd_{uuid.uuid4().hex}"
    postgres_server.execute(postgres, f"CREATE DATABASE {name}")
    return name, gathered_in(postgres_server.url(postgres, name))


@pytest.fixture(params=["sqlite", "sqlite after ANALYZE", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    """Use a database of a hundred thousand messages, and a copy of it for each test.

    SQLite is used twice: as it is served, where its planner knows nothing of what the tables hold,
    and after ANALYZE.
    """
    if request.param == "postgresql":
        socket: Path = request.getfixturevalue("postgres")
        template, crowd = request.getfixturevalue("crowd_in_postgres")
        name = f"{template}_{uuid.uuid4().hex[:8]}"
        postgres_server.execute(socket, f"CREATE DATABASE {name} TEMPLATE {template}")
        db.configure(postgres_server.url(socket, name))
        crowds.count()
        yield crowd
        db.configure(None)
        postgres_server.execute(socket, f"DROP DATABASE {name} WITH (FORCE)")
    else:
        path, crowd = request.getfixturevalue("crowd_in_file")
        copy = Path(shutil.copy(path, tmp_path))
        db.configure(f"sqlite:///{copy}")
        if request.param != "sqlite":
            crowds.count()
        yield crowd
        db.configure(None)
        copy.unlink()  # it is too large to be kept


def gathered_in(url: str) -> Crowd:
    db.configure(url)
    migrations.migrate()
    crowd = crowds.gather()
    db.configure(None)
    return crowd
