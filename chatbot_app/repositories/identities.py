"""Who people are at identity providers. Found by issuer and subject, which only the provider can
prove, or among a person's own.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from chatbot_app.errors import Conflict, NotFound
from chatbot_app.models import Identity, User
from chatbot_app.words import t


def find_user(session: Session, issuer: str, subject: str) -> User | None:
    """Find whose account is connected to this identity."""
    statement = (
        select(User)
        .join(Identity)
        .where(col(Identity.issuer) == issuer, col(Identity.subject) == subject)
    )
    return session.exec(statement).first()


def list_for(session: Session, user_id: uuid.UUID) -> Sequence[Identity]:
    """List a person's identities, the one connected first in front."""
    statement = select(Identity).where(col(Identity.user_id) == user_id)
    return session.exec(statement.order_by(col(Identity.created_at), col(Identity.id))).all()


def get(session: Session, user_id: uuid.UUID, identity_id: uuid.UUID) -> Identity:
    """Get one of a person's identities.

    Raises: NotFound.
    """
    statement = select(Identity).where(
        col(Identity.id) == identity_id, col(Identity.user_id) == user_id
    )
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(t("This is not connected any more."))
    return found


def add(session: Session, identity: Identity) -> None:
    """Store a new identity.

    Raises: Conflict when it was connected a moment ago, to this account or to another.
    """
    session.add(identity)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(t("This is connected already.")) from error


def delete(session: Session, identity: Identity) -> None:
    """Forget an identity."""
    session.delete(identity)
