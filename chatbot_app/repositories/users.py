"""Accounts, found by their id or e-mail. What a person may do with them is not decided here."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app import db
from chatbot_app.errors import Conflict, NotFound
from chatbot_app.models import Chat, Project, TwoFactor, User, UserSession
from chatbot_app.repositories import answer_runs
from chatbot_app.words import t


def find_by_email(session: Session, email: str) -> User | None:
    """Find the account with this e-mail, which is in lower case."""
    return session.exec(select(User).where(col(User.email) == email)).first()


def find(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> User | None:
    """Find an account; with `lock` nobody else changes it before this transaction ends."""
    return session.get(User, user_id, with_for_update=True if lock else None)


def get(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> User:
    """Get an account, locked if wished as in `find`.

    Raises: NotFound.
    """
    user = find(session, user_id, lock=lock)
    if user is None:
        raise NotFound(t("This account doesn't exist any more."))
    return user


def has_admin(session: Session) -> bool:
    """Whether somebody looks after the site: an administrator whose account is not disabled."""
    statement = select(User.id).where(col(User.role) == "admin", col(User.disabled_at).is_(None))
    return session.exec(statement.limit(1)).first() is not None


def add(session: Session, user: User) -> None:
    """Store a new account.

    Raises: Conflict when the e-mail was taken a moment ago by somebody else.
    """
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(t("There is already an account with this email.")) from error


def is_only_admin(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> bool:
    """Whether nobody but this person could look after the site; with `lock` none of those who can
    is changed by anybody else before this transaction ends.
    """
    statement = select(User.id).where(col(User.role) == "admin", col(User.disabled_at).is_(None))
    if lock:
        # Always in one order, or two who leave at once would wait for each other.
        statement = statement.order_by(col(User.id)).with_for_update()
    return list(session.exec(statement)) == [user_id]


@dataclass(frozen=True)
class Facts:
    """What a list of accounts says of each besides."""

    has_two_factor: bool
    last_seen_at: datetime | None
    chats: int


def list_page(
    session: Session, *, search: str, after: str, limit: int
) -> Sequence[tuple[User, Facts]]:
    """List accounts by e-mail, behind the one with the e-mail `after`; one query. A search looks at
    every account until there are enough.
    """
    seen = select(func.max(col(UserSession.last_seen_at))).where(
        col(UserSession.user_id) == col(User.id)
    )
    chats = (
        select(func.count())
        .select_from(Chat)
        .join(Project)
        .where(col(Project.user_id) == col(User.id), col(Chat.deleted_at).is_(None))
    )
    factor = select(col(TwoFactor.confirmed_at)).where(col(TwoFactor.user_id) == col(User.id))
    statement = (
        select(
            User,
            factor.correlate(User).scalar_subquery(),
            seen.correlate(User).scalar_subquery(),
            chats.correlate(User).scalar_subquery(),
        )
        .where(col(User.email) > after)
        .order_by(col(User.email))
        .limit(limit)
    )
    if search:
        found = (col(User.name), col(User.email))
        statement = statement.where(or_(*(c.icontains(search, autoescape=True) for c in found)))
    return [
        (user, Facts(confirmed is not None, last_seen, count))
        for user, confirmed, last_seen, count in session.exec(statement)
    ]


def names_of(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Find the e-mails of these accounts; of those that are gone there is none."""
    statement = select(User.id, User.email).where(col(User.id).in_(user_ids))
    return dict(session.exec(statement).all())


def lock_all(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, User]:
    """Get these accounts, those that are still there; nobody else changes them before this
    transaction ends.
    """
    statement = select(User).where(col(User.id).in_(user_ids))
    # In the order of `is_only_admin`.
    rows = session.exec(statement.order_by(col(User.id)).with_for_update())
    return {user.id: user for user in rows}


def list_chat_ids(session: Session, user_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of all chats of a person."""
    return session.exec(_chat_ids(user_id)).all()


def _chat_ids(user_id: uuid.UUID) -> SelectOfScalar[uuid.UUID]:
    return select(Chat.id).join(Project).where(col(Project.user_id) == user_id)


def delete_with_all(session: Session, user_id: uuid.UUID) -> None:
    """Delete an account and, by the tables' cascades, all it owns."""
    answer_runs.drop_in(session, _chat_ids(user_id))
    db.plan_anew(session)
    session.exec(delete(User).where(col(User.id) == user_id))
