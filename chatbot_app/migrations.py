"""The schema's state: bringing it up to date before serving, and telling whether it is.

The steps themselves are in `alembic/versions`; both `migrate()` and the `alembic` command run
them through `changing()`, so that both have the same lock and the same checks. Alembic is imported
by who changes something: a start that finds its schema does without it, and its 9 MB.
"""

import fcntl
import functools
import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from chatbot_app import db
from chatbot_app.errors import Unavailable

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

log = logging.getLogger(__name__)

HOME = Path(__file__).resolve().parent.parent
LOCK = 4_893_110_725  # PostgreSQL's advisory locks are numbers: any will do, if always the same


def migrate() -> tuple[str, str]:
    """Bring the database to the newest schema; once, however many processes start at a time.

    Returns the revisions before and after ("" for an empty database), equal if all was current.

    Raises: Unavailable when the database can't be reached, or was made by a newer version.
    """
    with changing() as connection:
        before = _revision(connection)
        if before != newest():
            from alembic import command

            _refuse_newer(before)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            log.info("The database went from schema %s to %s.", before or "nothing", newest())
    return before, newest()


def is_modelled(name: str | None, kind: str, parents: Mapping[Any, Any]) -> bool:
    """Whether a table, column or index has its like in the models. The words of the search index
    have not: each database keeps them in a way of its own (`0005_search.py`).
    """
    if kind == "table":
        return not (name or "").startswith("message_words")
    words = {("column", "words"), ("index", "ix_message_search_words")}
    return parents.get("table_name") != "message_search" or (kind, name) not in words


def is_ready() -> bool:
    """Whether the database answers and has exactly the schema that this code was written for."""
    try:
        with db.connections().reading.connect() as connection:
            return _revision(connection) == newest()
    except SQLAlchemyError:
        return False


@functools.cache
def newest() -> str:
    """Name the schema that this code was written for: the files of the steps begin with theirs."""
    steps = (HOME / "alembic" / "versions").glob("[0-9]*_*.py")
    return max((step.name.partition("_")[0] for step in steps), default="")


@contextmanager
def changing() -> Generator[Connection]:
    """Open one transaction in which the schema may change: alone, and whole or not at all.

    On SQLite foreign keys are off (with them on, rebuilding a table empties its children, and
    within a transaction the pragma is ignored), and all of them are checked before the commit.
    The lock is the system's own, on a file beside the database or within PostgreSQL, so that it
    ends with the process that holds it.

    Raises: Unavailable as `db.session()` does; RuntimeError if rows would lose their parent.
    """
    address = make_url(db.url())
    file = address.database if address.get_backend_name() == "sqlite" else None
    with db.readable_errors(), _alone(file):
        engine = db.create(db.url(), migrating=True)
        try:
            with engine.begin() as connection:
                if file is None:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                yield connection
                if file is not None:
                    _check_foreign_keys(connection)
        finally:
            engine.dispose()


@contextmanager
def _alone(database: str | None) -> Generator[None]:
    if database is None:
        yield
        return
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{database}.migrating").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_foreign_keys(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if orphans:
        raise RuntimeError(f"The migration would leave rows without their parent: {orphans}")


def _refuse_newer(revision: str) -> None:
    known = {script.revision for script in _script().walk_revisions()}
    if revision and revision not in known:
        raise Unavailable(
            f"This database has schema {revision}, which this version doesn't know: it was made by"
            " a newer one. Start that version, or restore a backup from before the upgrade."
        )


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _config() -> "Config":
    from alembic.config import Config

    return Config(str(HOME / "alembic.ini"))


def _script() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
