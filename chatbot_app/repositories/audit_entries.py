"""The audit's entries, which are added and read. Not scoped to a reader: only administrators are
let at them, by the gate.
"""

from sqlmodel import Session

from chatbot_app.models import AuditEntry


def add(session: Session, entry: AuditEntry) -> None:
    """Add an entry, with the caller's transaction or not at all."""
    session.add(entry)
