"""The audit's entries, which are added and read. Not scoped to a reader: only administrators are
let at them, by the gate.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from chatbot_app.models import AuditEntry

LAST = 2**63 - 1


@dataclass(frozen=True)
class Filters:
    """What entries are wanted; what is None does not matter. `person` acted, or it was done to
    them; `since` counts in, `until` does not.
    """

    action: str | None = None
    outcome: str | None = None
    person: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def add(session: Session, entry: AuditEntry) -> None:
    """Add an entry, with the caller's transaction or not at all."""
    session.add(entry)


def list_page(
    session: Session, wanted: Filters, *, before: int | None, limit: int
) -> Sequence[AuditEntry]:
    """List entries, newest first, older than the one with the id `before`.

    Ids rise with time, so that days become a stretch of ids and nothing has to be sorted.
    """
    # Said in any case, so that planners go down the ids, of which they need but a few.
    behind = col(AuditEntry.id) < (LAST if before is None else before)
    statement = select(AuditEntry).where(behind).order_by(col(AuditEntry.id).desc()).limit(limit)
    if wanted.action is not None:
        statement = statement.where(col(AuditEntry.action) == wanted.action)
    if wanted.outcome is not None:
        statement = statement.where(col(AuditEntry.outcome) == wanted.outcome)
    if wanted.person is not None:
        persons = (col(AuditEntry.actor_id), col(AuditEntry.target_id))
        statement = statement.where(or_(*(column == wanted.person for column in persons)))
    if wanted.since is not None:
        first = _first_id(session, wanted.since)
        if first is None:
            return []
        statement = statement.where(col(AuditEntry.id) >= first)
    if wanted.until is not None and (end := _first_id(session, wanted.until)) is not None:
        statement = statement.where(col(AuditEntry.id) < end)
    return session.exec(statement).all()


def _first_id(session: Session, moment: datetime) -> int | None:
    at = col(AuditEntry.created_at)
    statement = select(AuditEntry.id).where(at >= moment).order_by(at, col(AuditEntry.id))
    return session.exec(statement.limit(1)).first()
