"""What the code says to the database: noted as it is said, how the database goes about it, and
what that costs. Costs are counted, not timed, so that a busy machine changes nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from chatbot_app import db

# A table that is joined with itself goes by another name: message_1.
_SCANNED = re.compile(r"SCAN (\w+?)(?:_\d+)?\b")
_STEPS = 20  # how exactly SQLite's steps are counted

SLACK = 200
"""Steps or pages more that mean nothing: a deeper index, a few more projects."""


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent, with the parameters of its first row."""

    text: str
    parameters: Any

    def tables_read_whole(self) -> set[str]:
        """Name the tables that the planner would read from end to end, be it by an index."""
        with db.connections().reading.connect() as connection:
            if connection.dialect.name == "sqlite":
                plan = self._run(connection, "EXPLAIN QUERY PLAN ")
                found = {match[1] for row in plan if (match := _SCANNED.match(row[3]))}
            else:
                plan = self._run(connection, "EXPLAIN (FORMAT JSON) ")
                found = set(_scanned(_postgresql_plan(plan)))
        return found & set(SQLModel.metadata.tables)

    def cost(self) -> int:
        """Run a query again and count what the database does for it: steps of SQLite's machine,
        or the pages that PostgreSQL looks into.
        """
        with db.connections().writing.connect() as connection:
            if connection.dialect.name != "sqlite":
                plan = _postgresql_plan(
                    self._run(connection, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ")
                )
                return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            steps = 0

            def count() -> None:
                nonlocal steps
                steps += _STEPS

            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(count, _STEPS)
            try:
                self._run(connection)
            finally:
                driver.set_progress_handler(None, 0)
            return steps

    def _run(self, connection: sa.Connection, how: str = "") -> list[Any]:
        return list(connection.exec_driver_sql(how + self.text, self.parameters))


@contextmanager
def noted() -> Iterator[list[Statement]]:
    """Note every statement while the block lasts, whichever thread says it; not what only opens a
    transaction or prepares for it.
    """
    statements: list[Statement] = []

    def note(_c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not text.startswith(("PRAGMA", "BEGIN", "DISCARD")):
            # Of many rows at once some databases are told one by one, some all in one statement.
            is_many = isinstance(parameters, list)
            statements.append(Statement(text, parameters[0] if is_many else parameters))

    engine = db.connections().writing
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counted(session: Session) -> Iterator[Callable[[], int]]:
    """Count what the database does in a transaction, also by itself for foreign keys: steps of
    SQLite's machine, or the rows that PostgreSQL comes upon without an index.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        read = "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables"
        before = connection.exec_driver_sql(read).scalar_one()
        yield lambda: connection.exec_driver_sql(read).scalar_one() - before
        return
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += _STEPS

    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(count, _STEPS)
    try:
        yield lambda: steps
    finally:
        driver.set_progress_handler(None, 0)


def cost_of_queries(statements: Iterable[Statement]) -> int:
    """Add up what all that only reads costs."""
    return sum(s.cost() for s in statements if s.text.startswith(("SELECT", "WITH")))


def _postgresql_plan(rows: list[Any]) -> dict[str, Any]:
    plan = rows[0][0]
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan")
    if node["Node Type"] == "Seq Scan" or (by_index and "Index Cond" not in node):
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _scanned(child)
