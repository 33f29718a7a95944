"""What administrators do to accounts. They see who there is, and nothing of what anybody wrote.

Every act stands in the audit with its transaction. Nobody does any of it to themselves: their own
sign-ins, second factor and account are in the settings.
"""

import uuid
from collections.abc import Generator
from contextlib import contextmanager

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, InvalidInput, NotFound
from chatbot_app.models import User, now
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.repositories import two_factor, users
from chatbot_app.schemas import UserList, UserRow, Viewer
from chatbot_app.services import audit, invitations, sessions, text, views
from chatbot_app.words import t

LISTED = 50
ROLES = ("user", "admin")


def list_users(*, search: str = "", after: str = "", limit: int = LISTED) -> UserList:
    """List accounts by their e-mails, from the one behind `after` on; those whose name or e-mail
    has `search` in it.

    Raises: InvalidInput.
    """
    longest = get_settings().email_max_chars
    words = text.line(search, t("The search"), limit=longest, required=False)
    behind = text.line(after, t("The address"), limit=longest, required=False)
    with db.session() as session:
        found = users.list_page(session, search=words, after=behind, limit=limit + 1)
    rows = [_row(*facts) for facts in found[:limit]]
    return UserList(rows, after=rows[-1].email if len(found) > limit else "")


def disable(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Shut somebody's account: its sign-ins end now, and no new one is given; what it owns stays.

    Raises: NotFound, Forbidden, Conflict for oneself.
    """
    with _changing(by, user_id) as (session, user):
        if user.disabled_at is None:
            user.disabled_at = now()
            sign_ins.revoke_all(session, user.id, now())
            invitations.take_back_of(session, user.id)
            audit.record(session, "disable", actor=by.user_id, target=user.id)


def enable(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Open somebody's account again.

    Raises: NotFound, Forbidden, Conflict for oneself.
    """
    with _changing(by, user_id) as (session, user):
        if user.disabled_at is not None:
            user.disabled_at = None
            audit.record(session, "enable", actor=by.user_id, target=user.id)


def set_role(by: Viewer, user_id: uuid.UUID | str, role: str) -> None:
    """Make somebody an administrator or a user; it counts from their next event on.

    Raises: NotFound, Forbidden, InvalidInput, Conflict for oneself.
    """
    if role not in ROLES:
        raise InvalidInput(t("There is no such role."))
    with _changing(by, user_id) as (session, user):
        if user.role != role:
            user.role = role
            if role != "admin":
                invitations.take_back_of(session, user.id)
            audit.record(session, "role", actor=by.user_id, target=user.id, detail=role)


def reset_two_factor(by: Viewer, user_id: uuid.UUID | str) -> None:
    """Ask somebody who lost phone and recovery codes for no more codes, and end their sign-ins.

    Raises: NotFound, Forbidden, Conflict for oneself and if there is nothing to reset.
    """
    with _changing(by, user_id) as (session, user):
        if not two_factor.delete_with_codes(session, user.id):
            raise Conflict(t("This account has no two-factor authentication."))
        sign_ins.revoke_all(session, user.id, now())
        audit.record(session, "two-factor-reset", actor=by.user_id, target=user.id)


def sign_out(by: Viewer, user_id: uuid.UUID | str) -> None:
    """End every sign-in of somebody.

    Raises: NotFound, Forbidden, Conflict for oneself.
    """
    with _changing(by, user_id) as (session, user):
        sign_ins.revoke_all(session, user.id, now())
        detail = "all devices"
        audit.record(session, "session-end", actor=by.user_id, target=user.id, detail=detail)


def require_deletable(by: Viewer, user_id: uuid.UUID | str, typed_email: str) -> uuid.UUID:
    """Make sure that this account is meant and may go; gives its id for `answers.delete_account`.

    Raises: NotFound, Forbidden, InvalidInput for another e-mail, Conflict for oneself.
    """
    with _changing(by, user_id) as (_session, user):
        if typed_email.strip().lower() != user.email:
            raise InvalidInput(t("That is not the email of this account."))
        return user.id


@contextmanager
def _changing(by: Viewer, user_id: uuid.UUID | str) -> Generator[tuple[Session, User]]:
    """Change somebody else's account, in one transaction; everybody is looked at anew afterwards.

    Whoever does it is looked at once more and held: of two administrators who turn on each other at
    the same moment, one comes too late. So there is always one left.
    """
    target = text.identifier(user_id)
    with db.session(write=True) as session:
        found = users.lock_all(session, {by.user_id, target})
        actor, user = found.get(by.user_id), found.get(target)
        if actor is None or actor.role != "admin" or actor.disabled_at is not None:
            raise sessions.not_admin()
        if target == by.user_id:
            raise Conflict(t("This is your own account: another administrator has to do that."))
        if user is None:
            raise NotFound(t("This account doesn't exist any more."))
        yield session, user
    sessions.forget()


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
