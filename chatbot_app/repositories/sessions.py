"""Sign-ins. They are found by the id in a signed token, so the token stands for the reader."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, or_, select, update

from chatbot_app.models import User, UserSession


def find_with_user(session: Session, session_id: uuid.UUID) -> tuple[UserSession, User] | None:
    """Find a sign-in and whose it is, in one query; whether it still stands is for the caller."""
    statement = select(UserSession, User).join(User).where(col(UserSession.id) == session_id)
    return session.exec(statement).first()


def touch(session: Session, session_id: uuid.UUID, moment: datetime) -> None:
    """Note that a sign-in was used."""
    statement = update(UserSession).where(col(UserSession.id) == session_id)
    session.exec(statement.values(last_seen_at=moment))


def revoke(session: Session, user_id: uuid.UUID, session_id: uuid.UUID, moment: datetime) -> bool:
    """End one sign-in of this person for good; tells whether it was not over yet."""
    statement = update(UserSession).where(
        col(UserSession.id) == session_id,
        col(UserSession.user_id) == user_id,
        col(UserSession.revoked_at).is_(None),
    )
    return session.exec(statement.values(revoked_at=moment)).rowcount == 1


def count_up(session: Session, session_id: uuid.UUID, number: int) -> bool:
    """Take the refresh token with this number; False if one that came after it was made already."""
    statement = update(UserSession).where(
        col(UserSession.id) == session_id, col(UserSession.refresh_number) == number
    )
    return session.exec(statement.values(refresh_number=number + 1)).rowcount == 1


def revoke_all(
    session: Session, user_id: uuid.UUID, moment: datetime, *, but: uuid.UUID | None = None
) -> bool:
    """End every sign-in of a person, save perhaps the one at hand; tells whether there was any."""
    statement = update(UserSession).where(
        col(UserSession.user_id) == user_id, col(UserSession.revoked_at).is_(None)
    )
    if but is not None:
        statement = statement.where(col(UserSession.id) != but)
    return session.exec(statement.values(revoked_at=moment)).rowcount > 0


def list_live(session: Session, user_id: uuid.UUID, moment: datetime) -> Sequence[UserSession]:
    """List a person's sign-ins that are not over by themselves, the one used last first."""
    statement = select(UserSession).where(
        col(UserSession.user_id) == user_id,
        col(UserSession.expires_at) > moment,
        col(UserSession.revoked_at).is_(None),
    )
    return session.exec(statement.order_by(col(UserSession.last_seen_at).desc())).all()


def delete_ended(session: Session, user_id: uuid.UUID, moment: datetime) -> None:
    """Drop a person's sign-ins that can't come back, so that they don't pile up."""
    statement = delete(UserSession).where(
        col(UserSession.user_id) == user_id,
        or_(col(UserSession.expires_at) <= moment, col(UserSession.revoked_at).is_not(None)),
    )
    session.exec(statement)
