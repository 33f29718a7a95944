"""What administrators do to accounts. They see who there is, and nothing of what anybody wrote.

Every act stands in the audit with its transaction. The site never stays without an administrator:
nobody takes the role or the account from themselves here, and the last one can't be taken it from.
"""

import uuid
from collections.abc import Generator
from contextlib import contextmanager

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, InvalidInput
from chatbot_app.models import User, now
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.repositories import two_factor, users
from chatbot_app.schemas import UserList, UserRow, Viewer
from chatbot_app.services import accounts, audit, sessions, text, views

LISTED = 50
ROLES = ("user", "admin")


def list_users(*, search: str = "", after: str = "", limit: int = LISTED) -> UserList:
    """List accounts by their e-mails, from the one behind `after` on; those whose name or e-mail
    has `search` in it.

    Raises: InvalidInput.
    """
    longest = get_settings().email_max_chars
    words = text.line(search, "The search", limit=longest, required=False)
    behind = text.line(after, "The address", limit=longest, required=False)
    with db.session() as session:
        found = users.list_page(session, search=words, after=behind, limit=limit + 1)
    rows = [_row(*facts) for facts in found[:limit]]
    return UserList(rows, after=rows[-1].email if len(found) > limit else "")


def disable(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Shut somebody's account: its sign-ins end now, and no new one is given; what it owns stays.

    Raises: NotFound, Conflict for oneself and for the last administrator.
    """
    accounts.disable(_other(by, user_id), by=by.user_id)


def enable(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Open somebody's account again.

    Raises: NotFound.
    """
    with _changing(user_id) as (session, user):
        if user.disabled_at is not None:
            user.disabled_at = None
            audit.record(session, "enable", actor=by.user_id, target=user.id)


def set_role(by: Viewer, user_id: uuid.UUID | str, role: str) -> None:
    """Make somebody an administrator or a user; it counts from their next event on.

    Raises: NotFound, InvalidInput, Conflict for oneself and for the last administrator.
    """
    if role not in ROLES:
        raise InvalidInput("There is no such role.")
    with _changing(_other(by, user_id), may_be_last=role == "admin") as (session, user):
        if user.role != role:
            user.role = role
            audit.record(session, "role", actor=by.user_id, target=user.id, detail=role)


def reset_two_factor(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Ask somebody who lost phone and recovery codes for no more codes, and end their sign-ins.

    Raises: NotFound, Conflict if there is nothing to reset.
    """
    with _changing(user_id) as (session, user):
        if not two_factor.delete_with_codes(session, user.id):
            raise Conflict("This account has no two-factor authentication.")
        sign_ins.revoke_all(session, user.id, now())
        audit.record(session, "two-factor-reset", actor=by.user_id, target=user.id)


def sign_out(by: Viewer, user_id: uuid.UUID | str) -> None:
    """End every sign-in of somebody.

    Raises: NotFound.
    """
    with _changing(user_id) as (session, user):
        sign_ins.revoke_all(session, user.id, now())
        detail = "all devices"
        audit.record(session, "session-end", actor=by.user_id, target=user.id, detail=detail)


def require_deletable(by: Viewer, user_id: uuid.UUID | str, typed_email: str) -> uuid.UUID:
    """Make sure that this account is meant and may go; gives its id for `answers.delete_account`.

    Raises: NotFound, InvalidInput for another e-mail, Conflict for oneself and for the last
    administrator.
    """
    target = _other(by, user_id)
    with db.session() as session:
        if typed_email.strip().lower() != users.get(session, target).email:
            raise InvalidInput("That is not the email of this account.")
    accounts.require_deletable(target)
    return target


@contextmanager
def _changing(
    user_id: uuid.UUID | str, *, may_be_last: bool = True
) -> Generator[tuple[Session, User]]:
    """Change an account, alone; everybody is looked at anew afterwards."""
    target = text.identifier(user_id)
    with db.session(write=True) as session:
        if not may_be_last:
            accounts.keep_an_admin(session, target, lock=True)
        yield session, users.get(session, target, lock=True)
    sessions.forget()


def _other(by: Viewer, user_id: uuid.UUID | str) -> uuid.UUID:
    target = text.identifier(user_id)
    if target == by.user_id:
        raise Conflict("This is your own account: another administrator has to do that.")
    return target


def _row(user: User, facts: users.Facts) -> UserRow:
    return UserRow(
        id=str(user.id),
        name=user.name,
        email=user.email,
        role=user.role,
        is_disabled=user.disabled_at is not None,
        is_verified=user.email_verified_at is not None,
        has_two_factor=facts.has_two_factor,
        created_at=views.moment(user.created_at),
        last_seen_at=views.moment(facts.last_seen_at) if facts.last_seen_at else "",
        chats=facts.chats,
    )
