"""Upgrades lose nothing: from every released schema, up, down and up, and killed half-way."""

import hashlib
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from chatbot_app import db, migrations
from chatbot_app.config import PROJECT_ROOT
from tests.test_migrations import go
from tests.waiting import wait_until

RELEASED = [script.revision for script in migrations._script().walk_revisions()][::-1]
MESSAGES = 10_000
TEXT = "Grüße 🌊, with some text in it.\r\n\n```\ncode\n```\n"

# Columns of the first schema, which every later one keeps.
KEPT = {
    "user_account": ["id", "email", "name", "password_hash"],
    "project": ["id", "user_id", "name", "system_prompt", "temperature"],
    "chat": ["id", "project_id", "title", "active_leaf_id"],
    "message": ["id", "chat_id", "parent_id", "role", "status", "content", "error", "model"],
}

HALF_WAY = """
import sys, time
from alembic.operations import Operations
from chatbot_app import db, migrations
def stop_here(*arguments, **options):
    print("half-way", flush=True)
    time.sleep(60)
Operations.drop_index = Operations.create_index = stop_here
db.configure(sys.argv[1])
migrations.migrate()
"""


def fill(messages: int) -> None:
    """Put people, projects, chats and messages in, by SQL: models are those of the newest schema."""
    found = sa.MetaData()
    with db.session(write=True) as session:
        connection = session.connection()
        found.reflect(connection, only=list(KEPT))
        # SQLite tells that a key is a CHAR(32); both take them as they are kept.
        as_kept = (lambda u: u.hex) if connection.dialect.name == "sqlite" else (lambda u: u)
        moment = datetime(2026, 1, 1, tzinfo=UTC)

        def add(table: str, rows: list[dict[str, Any]]) -> None:
            connection.execute(found.tables[table].insert(), rows)

        user, project = as_kept(uuid.uuid4()), as_kept(uuid.uuid4())
        add(
            "user_account",
            [
                {
                    "id": user,
                    "email": "a@b.org",
                    "name": "A",
                    "password_hash": "h",
                    "created_at": moment,
                }
            ],
        )
        add(
            "project",
            [
                {
                    "id": project, "user_id": user, "name": "P", "description": "",
                    "system_prompt": TEXT, "model": "", "temperature": 0.3,
                    "created_at": moment, "updated_at": moment,
                }
            ],
        )  # fmt: skip
        chats, rows = [], []
        for number in range(messages):
            if number % 100 == 0:
                chat, parent = as_kept(uuid.uuid4()), None
                chats.append(
                    {
                        "id": chat, "project_id": project, "title": f"Chat {number}",
                        "active_leaf_id": None, "created_at": moment, "last_message_at": moment,
                    }
                )  # fmt: skip
            message = as_kept(uuid.uuid4())
            rows.append(
                {
                    "id": message, "chat_id": chat, "parent_id": parent,
                    "role": "assistant" if number % 2 else "user",
                    "status": ("complete", "stopped", "failed")[number % 3] if number % 2 else "complete",
                    "content": f"{TEXT}{number}", "error": "", "model": "m",
                    "created_at": moment + timedelta(seconds=number), "ended_at": moment,
                }
            )  # fmt: skip
            parent = message
        add("chat", chats)
        for start in range(0, len(rows), 1000):
            add("message", rows[start : start + 1000])


def digest() -> str:
    """Hash what every schema keeps."""
    whole = hashlib.sha256()
    with db.session() as session:
        for table, columns in KEPT.items():
            # Ids as text: to make a UUID of each takes most of the time.
            taken = [f"CAST({name} AS TEXT)" if name.endswith("id") else name for name in columns]
            statement = sa.text(f"SELECT {', '.join(taken)} FROM {table} ORDER BY {table}.id")
            for row in session.connection().execute(statement).all():
                whole.update(repr(tuple(row)).encode())
    return whole.hexdigest()


def count(table: str) -> int:
    with db.session() as session:
        return session.connection().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.mark.parametrize("released", RELEASED)
def test_up_down_and_up_again_keeps_every_row(empty_database: str, released: str) -> None:
    with migrations.changing() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, released)
    fill(MESSAGES)
    before = digest()

    assert migrations.migrate() == (released, migrations.newest())
    assert digest() == before
    go("base" if released == "base" else released)
    assert digest() == before
    assert migrations.migrate() == (released, migrations.newest())
    assert digest() == before
    assert count("message") == MESSAGES
    assert migrations.is_ready()


def test_going_down_in_mid_answer_keeps_what_was_said(empty_database: str) -> None:
    migrations.migrate()
    fill(2)
    with db.session(write=True) as session:
        connection = session.connection()
        message, chat = connection.execute(
            sa.text("SELECT id, chat_id FROM message WHERE role = 'assistant'")
        ).one()
        values = {"m": message, "c": chat, "r": message}
        for statement in (
            "UPDATE message SET status = 'generating', content = 'Said before, ' WHERE id = :m",
            "INSERT INTO answer_run VALUES (:m, :c, :r, 0, false)",
            "INSERT INTO message_chunk (message_id, seq, text)"
            " VALUES (:m, 1, 'last.'), (:m, 0, 'said now, ')",
        ):
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(sa.text(statement), names)
    go("0001")
    with db.session() as session:
        rows = session.connection().execute(
            sa.text("SELECT status, content FROM message WHERE role = 'assistant'")
        )
        assert rows.all() == [("interrupted", "Said before, said now, last.")]
    migrations.migrate()


def test_an_answer_that_the_first_schema_left_unfinished_is_interrupted(
    empty_database: str,
) -> None:
    with migrations.changing() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    fill(2)
    with db.session(write=True) as session:
        session.connection().execute(
            sa.text("UPDATE message SET status = 'generating' WHERE role = 'assistant'")
        )
    migrations.migrate()
    with db.session() as session:
        rows = session.connection().execute(
            sa.text("SELECT status, error FROM message WHERE role = 'assistant'")
        )
        [(status, error)] = rows.all()
    assert status == "interrupted"
    assert "server stopped" in error


def test_an_upgrade_that_is_killed_half_way_is_run_again(
    empty_database: str, tmp_path: Path
) -> None:
    with migrations.changing() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    fill(500)
    before = digest()
    db.dispose()
    script = tmp_path / "half_way.py"
    script.write_text(HALF_WAY)
    with (tmp_path / "output").open("w") as output:
        killed = subprocess.Popen(
            [sys.executable, str(script), empty_database],
            cwd=PROJECT_ROOT,
            env={"PYTHONPATH": str(PROJECT_ROOT), "DATA_DIR": str(tmp_path)},
            stdout=output,
        )
    try:
        wait_until(lambda: "half-way" in (tmp_path / "output").read_text(), "it to be half-way", 60)
    finally:
        killed.kill()
        killed.wait()
    time.sleep(0.2)  # PostgreSQL notices

    assert migrations.migrate() == ("0001", migrations.newest())
    assert digest() == before
