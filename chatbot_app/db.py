"""The database: its connections, its transactions and its threads.

`session()` is one transaction and the only place that commits or rolls back; `in_thread` keeps
queries off the event loop. A driver's error becomes an `Unavailable` here and nowhere else. No
query lives here (those are in `repositories`), and no schema (that is `migrations`).
"""

import asyncio
import contextvars
import functools
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput, Unavailable
from chatbot_app.words import mark, t

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

THREADS = 32  # writers that wait for SQLite must not hold up those who read
KEPT_CONNECTIONS = 8
SQLITE_WAIT = 30  # seconds a writer waits for its turn, where one write takes milliseconds

# NUL, which PostgreSQL can't hold, and lone surrogates, which have no UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="db")


@dataclass(frozen=True)
class Engines:
    """One pool of connections, seen in two ways."""

    reading: Engine
    writing: Engine


_url: str | None = None
_engines: Engines | None = None
_is_alone = False
_setup = threading.Lock()


def configure(address: str | None) -> None:
    """Use this database from now on, or with None the settings' one; nothing is opened yet."""
    global _url
    dispose()
    _url = address


def claim() -> None:
    """Note that no other process uses the database; the caller holds a lock that makes sure of it."""
    global _is_alone
    _is_alone = True


def is_alone() -> bool:
    """Whether it is certain that no other process uses the database."""
    return _is_alone


def dispose() -> None:
    """Close every connection; the next `session()` opens new ones."""
    global _engines
    with _setup:
        engines, _engines = _engines, None
    if engines is not None:
        engines.writing.dispose()


def is_storable(value: str) -> bool:
    """Whether both databases can hold this text."""
    return _UNSTORABLE.search(value) is None


def storable(value: str) -> str:
    """Put U+FFFD for what no database can hold: for a model's text, which nobody can correct."""
    return _UNSTORABLE.sub("\ufffd", value)


@contextmanager
def session(*, write: bool = False) -> Generator[Session]:
    """Open one transaction: committed when the block ends, rolled back when it raises.

    Without `write` the database refuses to change anything. Keep it short and call nothing slow
    inside, for on SQLite one writer at a time is all there is.

    Raises: Unavailable when the database can't be reached, is full, or was busy for too long.
    """
    engines = connections()
    bind = engines.writing if write else engines.reading
    with readable_errors(), Session(bind, expire_on_commit=False) as current, current.begin():
        yield current


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in the database's own threads, off the event loop.

    Cancelling the wait does not stop the function: what it began to write is written.
    """
    context = contextvars.copy_context()
    call = functools.partial(context.run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def plan_anew(session: Session) -> None:
    """Prepare for many rows that come or go and, by foreign keys, are each looked for in some table.

    PostgreSQL keeps the plans for that with the connection, until it counts a table's rows anew. One
    from when the table had a single page reads it from end to end for each of them, however long it
    has become since: in an import, or just after one.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.connection().exec_driver_sql("DISCARD PLANS")


def url() -> str:
    """Say which database is meant, as SQLAlchemy writes it; it may hold a password."""
    return _url or get_settings().database_url


def connections() -> Engines:
    """Give the pool in use, opening it at the first call."""
    global _engines
    with _setup:
        if _engines is None:
            engine = create(url())
            reading = engine.execution_options(postgresql_readonly=True, writes=False)
            _engines = Engines(reading=reading, writing=engine)
        return _engines


def create(address: str, *, migrating: bool = False) -> Engine:
    """Make an engine; one for migrations keeps no connection and enforces no foreign keys."""
    options: dict[str, Any] = {
        "pool_size": KEPT_CONNECTIONS,
        "max_overflow": THREADS,
        "pool_timeout": 10,
    }
    if migrating:
        options = {"poolclass": NullPool}
    # A statement's parameters are people's words and hashes: none of them belongs in a log.
    options["hide_parameters"] = True
    if address.startswith("sqlite"):
        # The module's own transaction handling is off: `BEGIN` is said below, and DDL obeys it.
        options["connect_args"] = {"timeout": SQLITE_WAIT, "isolation_level": None}
        engine = create_engine(address, **options)
        event.listen(engine, "connect", _prepare_migration if migrating else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        options["pool_pre_ping"] = True  # after a restart of the server no request meets a dead one
        options["connect_args"] = {"connect_timeout": 5, "tcp_user_timeout": 15_000}
        engine = create_engine(address, **options)
    event.listen(engine, "before_cursor_execute", _refuse_unstorable)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # FULL: a commit that was answered is on the disk. With NORMAL a crash of the process loses
    # nothing either, but a power cut takes every commit since the last checkpoint: messages, and
    # sign-outs. It costs one fsync a commit, and people commit a few times a second at most.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_migration(connection: sqlite3.Connection, _record: object) -> None:
    # A property of the file, set once: processes that switch it at the same time get "locked".
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = OFF")
    # While a table is rebuilt it is not there for a moment, and triggers elsewhere name it.
    connection.execute("PRAGMA legacy_alter_table = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql(f"PRAGMA query_only = {0 if writes else 1}")
    # A read that turns into a write gets "database is locked" at once, whatever the timeout.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_unstorable(
    _connection: Connection, _cursor: Any, _statement: str, parameters: Any, *_: object
) -> None:
    # The last line, the same on both databases; the services refuse it with the field's name.
    rows = cast("list[Any]", parameters) if isinstance(parameters, list) else [parameters]
    for row in rows:
        values = cast("Iterable[object]", row.values() if hasattr(row, "values") else row)
        if any(isinstance(value, str) and not is_storable(value) for value in values):
            raise InvalidInput(t("This text holds a character that can't be stored."))


@contextmanager
def readable_errors() -> Generator[None]:
    """Let a driver's error that is nobody's bug out as an `Unavailable` with a plain sentence."""
    try:
        yield
    except PoolTimeout as error:
        log.warning("No database connection was free in time.")
        raise Unavailable(t(_BUSY)) from error
    except DBAPIError as error:
        message = _message(error)
        if message is None:
            raise
        log.warning("The database failed: %s", error.orig)
        raise Unavailable(t(message)) from error


_BUSY = mark("The database is busy right now. Please try again in a moment.")
_FULL = mark("The server's disk is full, so this wasn't saved. Please make room and try again.")
_AWAY = mark("The database can't be reached right now. Please try again in a moment.")

_SQLITE_MESSAGES = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _AWAY,
    sqlite3.SQLITE_CANTOPEN: _AWAY,
}
_POSTGRES_MESSAGES = {
    "40001": _BUSY,  # serialization failure
    "40P01": _BUSY,  # deadlock
    "55P03": _BUSY,  # lock not available
    "53100": _FULL,
}


def _message(error: DBAPIError) -> str | None:
    """Say what happened, or None where it is a bug; SQLite's codes tell, its classes don't."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF  # without its extended part
        return _SQLITE_MESSAGES.get(code)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return _POSTGRES_MESSAGES.get(getattr(original, "pgcode", None) or "", _AWAY)
    return None
