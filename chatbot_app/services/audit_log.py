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
from chatbot_app.words import mark, t

LISTED = 50

WORDS: dict[audit.Action, str] = {
    "register": mark("Registration"),
    "sign-in": mark("Sign-in"),
    "sign-out": mark("Sign-out"),
    "password-change": mark("Password changed"),
    "password-reset": mark("Password reset by a link"),
    "email-verify": mark("Email confirmed"),
    "session-end": mark("Sign-ins ended"),
    "refresh-reuse": mark("Refresh token used twice"),
    "two-factor-on": mark("Two-factor on"),
    "two-factor-off": mark("Two-factor off"),
    "recovery-code": mark("Recovery code"),
    "identity-connect": mark("Account connected"),
    "identity-disconnect": mark("Account disconnected"),
    "export": mark("Data downloaded"),
    "import": mark("Chats imported"),
    "delete": mark("Account deleted"),
    "invite": mark("Invitation"),
    "invitation-withdraw": mark("Invitation withdrawn"),
    "disable": mark("Account disabled"),
    "enable": mark("Account enabled"),
    "role": mark("Role changed"),
    "two-factor-reset": mark("Two-factor reset"),
    "admin-access": mark("Administration"),
}
"""Each action as a person reads it; the list is also what one can choose from."""

GONE = mark("a deleted account")
NOBODY = mark("somebody unknown")


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
        raise InvalidInput(t("There is no such action."))
    if outcome and outcome not in get_args(audit.Outcome):
        raise InvalidInput(t("There is no such outcome."))
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
        return otherwise if user_id is None else emails.get(user_id) or t(GONE)

    return AuditRow(
        id=str(entry.id),
        at=views.moment(entry.created_at),
        action=next(
            (t(words) for key, words in WORDS.items() if key == entry.action), entry.action
        ),
        outcome=entry.outcome,
        actor=named(entry.actor_id, t(NOBODY)),
        target=named(entry.target_id, ""),
        address=entry.address,
        detail=entry.detail,
    )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidInput(t("A day is written like 2026-01-31.")) from None


def _start(day: date | None, zone: tzinfo | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone or UTC)


def _number(value: str) -> int | None:
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise InvalidInput(t("There is nothing at this place of the list."))
    return int(value)
