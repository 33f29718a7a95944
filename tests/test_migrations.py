"""The schema: up and down with what is kept, once however many begin, and equal to the models."""

import multiprocessing
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel, select, text

from chatbot_app import db, migrations
from chatbot_app.errors import Unavailable
from chatbot_app.models import Message
from tests import conftest

TABLES = {
    "user_account",
    "user_session",
    "project",
    "chat",
    "message",
    "answer_run",
    "message_chunk",
    "two_factor",
    "recovery_code",
    "identity",
    "mailed_link",
    "invitation",
    "audit_entry",
    "shared_chat",
    "message_search",
}


def tables() -> set[str]:
    with db.connections().reading.connect() as connection:
        found = sa.inspect(connection).get_table_names()
    return {
        name
        for name in found
        if name != "alembic_version" and migrations.is_modelled(name, "table", {})
    }


def go(revision: str) -> None:
    """Migrate up or down as the command does."""
    config = migrations._config()
    with migrations.changing() as connection:
        config.attributes["connection"] = connection
        if revision == "head" or revision.startswith("+"):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)


def migrate_elsewhere(url: str, start: Any, results: Any) -> None:
    """Migrate in a process of its own, at the same moment as the others."""
    db.configure(url)
    migrations.newest()  # what takes long is read already
    start.wait()
    results.put(migrations.migrate())


def test_the_newest_schema_is_known_by_its_file_as_alembic_knows_it():
    steps = ScriptDirectory.from_config(migrations._config())
    assert migrations.newest() == steps.get_current_head()


def test_an_empty_database_gets_every_table(empty_database: str):
    assert not migrations.is_ready()

    assert migrations.migrate() == ("", migrations.newest())
    assert tables() == TABLES
    assert migrations.is_ready()


def test_migrating_again_changes_nothing(database: str):
    assert migrations.migrate() == (migrations.newest(), migrations.newest())
    assert migrations.is_ready()


def test_models_and_migrations_agree(database: str):
    with db.connections().reading.connect() as connection:
        options = {"compare_type": True, "include_name": migrations.is_modelled}
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, SQLModel.metadata) == []


def test_models_and_migrations_name_their_constraints_alike(database: str):
    with db.connections().reading.connect() as connection:
        found = sa.inspect(connection)
        for table in SQLModel.metadata.sorted_tables:
            stored = {key["name"] for key in found.get_foreign_keys(table.name)}
            stored |= {unique["name"] for unique in found.get_unique_constraints(table.name)}
            stored |= {found.get_pk_constraint(table.name)["name"]}
            assert stored == {constraint.name for constraint in table.constraints}


def test_down_and_up_again_leaves_an_empty_database_as_new(empty_database: str):
    migrations.migrate()
    go("base")

    assert tables() == set()
    assert migrations.migrate() == ("", migrations.newest())
    assert tables() == TABLES


def test_four_processes_at_once_migrate_once(empty_database: str):
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(4), spawn.Queue()
    arguments = (empty_database, start, results)
    workers = [spawn.Process(target=migrate_elsewhere, args=arguments) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    befores = sorted(results.get(timeout=1)[0] for _ in workers)

    newest = migrations.newest()
    assert befores == ["", newest, newest, newest]
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert migrations.is_ready()


def test_whoever_comes_second_waits_for_a_long_migration(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(db, "SQLITE_WAIT", 0.01)  # far less than the migration takes

    with ThreadPoolExecutor(1) as elsewhere:
        with migrations.changing() as connection:
            connection.execute(text("CREATE TABLE early (id INTEGER)"))
            second = elsewhere.submit(migrations.migrate)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        assert second.result(timeout=30) == ("", migrations.newest())

    assert tables() == TABLES | {"early"}


def fail_half_way() -> None:
    with migrations.changing() as connection:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError("half-way")


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database: str):
    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()

    assert tables() == set()
    assert migrations.migrate()[0] == ""


def test_rebuilding_tables_on_sqlite_loses_no_row(sqlite: str):
    alice = conftest.person("Alice")
    for number in range(50):
        conftest.say(alice, f"Question {number}")
    before = stored_messages()

    with migrations.changing() as connection:
        for table in ("user_account", "project", "chat", "message"):
            rebuild(connection, table)

    assert len(before) == 100
    assert stored_messages() == before
    test_models_and_migrations_agree(sqlite)


def stored_messages() -> dict[uuid.UUID, str]:
    with db.session() as session:
        return {message.id: message.content for message in session.exec(select(Message))}


def rebuild(connection: sa.Connection, table: str) -> None:
    """Do what a batch migration does on SQLite: fill a new table and drop the old one."""
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table(table, recreate="always"):
        pass


def test_rows_that_would_lose_their_parent_stop_a_migration(sqlite: str):
    alice = conftest.person("Alice")

    no_parent = pytest.raises(RuntimeError, match="without their parent")
    with no_parent, migrations.changing() as connection:
        connection.execute(text("DELETE FROM user_account"))

    with db.session() as session:
        assert conftest.users.find_by_email(session, alice.email) is not None


def test_a_database_from_a_newer_version_is_refused_in_plain_words(database: str):
    with migrations.changing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert not migrations.is_ready()
        with pytest.raises(Unavailable, match="newer"):
            migrations.migrate()
    finally:
        with migrations.changing() as connection:
            connection.execute(
                text(f"UPDATE alembic_version SET version_num = '{migrations.newest()}'")
            )


def test_the_alembic_command_works_from_any_directory(
    empty_database: str, tmp_path: Path, settings: conftest.Callable[..., None]
):
    settings(DATABASE_URL=empty_database)
    ini = str(migrations.HOME / "alembic.ini")
    alembic = [str(Path(sys.executable).with_name("alembic")), "-c", ini]
    for arguments in (["upgrade", "head"], ["downgrade", "base"], ["upgrade", "head"], ["check"]):
        done = subprocess.run(
            [*alembic, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    assert tables() == TABLES
