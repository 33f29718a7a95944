"""The audit: who did what to an account, and what was refused. Written here, never changed.

An entry goes into the transaction of what it tells of, so that there is neither without the other;
`note` is for what has no transaction of its own, such as a refusal. An entry holds ids and a few plain
words: no password, no token, no text of anybody's.
"""

import uuid
from typing import Literal

from sqlmodel import Session

from chatbot_app import callers, db
from chatbot_app.models import AuditEntry
from chatbot_app.repositories import audit_entries

Action = Literal[
    "register",
    "sign-in",
    "sign-out",
    "password-change",
    "password-reset",
    "email-verify",
    "session-end",
    "refresh-reuse",
    "two-factor-on",
    "two-factor-off",
    "recovery-code",
    "identity-connect",
    "identity-disconnect",
    "export",
    "import",
    "delete",
    "invite",
    "invitation-withdraw",
    "disable",
    "enable",
    "role",
    "two-factor-reset",
    "admin-access",
]
Outcome = Literal["done", "refused"]

DETAIL_MAX_CHARS = 200


def record(
    session: Session,
    action: Action,
    *,
    actor: uuid.UUID | None,
    target: uuid.UUID | None = None,
    outcome: Outcome = "done",
    detail: str = "",
) -> None:
    """Write down, within the caller's transaction, what is done in it.

    `actor` is who did it, nobody if that is not known; `target` the account it was done to, if that
    is another.
    """
    caller = callers.current()
    audit_entries.add(
        session,
        AuditEntry(
            action=action,
            outcome=outcome,
            actor_id=actor,
            target_id=target,
            address=caller.address[:64],
            request_id=caller.request_id[:32],
            detail=detail[:DETAIL_MAX_CHARS],
        ),
    )


def note(
    action: Action,
    *,
    actor: uuid.UUID | None,
    target: uuid.UUID | None = None,
    outcome: Outcome = "refused",
    detail: str = "",
) -> None:
    """Write down by itself what has no transaction: mostly what was refused, or else that something
    long began.
    """
    with db.session(write=True) as session:
        record(session, action, actor=actor, target=target, outcome=outcome, detail=detail)
