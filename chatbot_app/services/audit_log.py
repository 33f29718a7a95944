"""Reading the audit: for administrators, in words. Writing it is `audit`'s."""

import uuid
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import get_args

from chatbot_app import db
from chatbot_app.errors import InvalidInput
from chatbot_app.models import AuditEntry
from chatbot_app.repositories import audit_entries, users
from chatbot_app.schemas import AuditPage, AuditRow
from chatbot_app.services import audit, text, views

LISTED = 50

WORDS: dict[audit.Action, str] = {
    "register": "Registration",
    "sign-in": "Sign-in",
    "sign-out": "Sign-out",
    "password-change": "Password changed",
    "password-reset": "Password reset by a link",
    "email-verify": "Email confirmed",
    "session-end": "Sign-ins ended",
    "refresh-reuse": "Refresh token used twice",
    "two-factor-on": "Two-factor on",
    "two-factor-off": "Two-factor off",
    "recovery-code": "Recovery code",
    "identity-connect": "Account connected",
    "identity-disconnect": "Account disconnected",
    "export": "Data downloaded",
    "delete": "Account deleted",
    "invite": "Invitation",
    "invitation-withdraw": "Invitation withdrawn",
    "disable": "Account disabled",
    "enable": "Account enabled",
    "role": "Role changed",
    "two-factor-reset": "Two-factor reset",
    "admin-access": "Administration",
}
"""Each action as a person reads it; the list is also what one can choose from."""

GONE = "a deleted account"
NOBODY = "somebody unknown"


def list_page(
    *,
    action: str = "",
    outcome: str = "",
    email: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
    zone: tzinfo | None = None,
    limit: int = LISTED,
) -> AuditPage:
    """List entries, newest first. What is empty does not matter; `since` and `until` are days
    (ISO 8601) in `zone`, both counted in, and an `email` that nobody has fits no entry.

    Raises: InvalidInput.
    """
    if action and action not in get_args(audit.Action):
        raise InvalidInput("There is no such action.")
    if outcome and outcome not in get_args(audit.Outcome):
        raise InvalidInput("There is no such outcome.")
    first, last = _day(since), _day(until)
    with db.session() as session:
        person = None
        if email:
            user = users.find_by_email(session, text.email(email))
            if user is None:
                return AuditPage([])
            person = user.id
        wanted = audit_entries.Filters(
            action=action or None,
            outcome=outcome or None,
            person=person,
            since=_start(first, zone),
            until=_start(last + timedelta(days=1) if last else None, zone),
        )
        found = audit_entries.list_page(session, wanted, before=_number(before), limit=limit + 1)
        entries = found[:limit]
        ids = {i for entry in entries for i in (entry.actor_id, entry.target_id) if i is not None}
        emails = users.names_of(session, ids)
    rows = [_row(entry, emails) for entry in entries]
    return AuditPage(rows, before=rows[-1].id if len(found) > limit else "")


def _row(entry: AuditEntry, emails: dict[uuid.UUID, str]) -> AuditRow:
    def named(user_id: uuid.UUID | None, otherwise: str) -> str:
        return otherwise if user_id is None else emails.get(user_id, GONE)

    return AuditRow(
        id=str(entry.id),
        at=views.moment(entry.created_at),
        action=next((words for key, words in WORDS.items() if key == entry.action), entry.action),
        outcome=entry.outcome,
        actor=named(entry.actor_id, NOBODY),
        target=named(entry.target_id, ""),
        address=entry.address,
        detail=entry.detail,
    )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidInput("A day is written like 2026-01-31.") from None


def _start(day: date | None, zone: tzinfo | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone or UTC)


def _number(value: str) -> int | None:
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise InvalidInput("There is nothing at this place of the list.")
    return int(value)
