"""Invitations: found by the hash of the token in their link, which stands for the reader, or listed
for administrators.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select

from chatbot_app.models import Invitation, User


def add(session: Session, invitation: Invitation, moment: datetime) -> None:
    """Store an invitation in place of an older one for the same address; drop those that are over."""
    session.exec(delete(Invitation).where(col(Invitation.expires_at) <= moment))
    if invitation.email:
        session.exec(delete(Invitation).where(col(Invitation.email) == invitation.email))
    session.add(invitation)
    session.flush()


def find(session: Session, token_hash: str, moment: datetime) -> Invitation | None:
    """Find an invitation that is still good."""
    statement = select(Invitation).where(
        col(Invitation.token_hash) == token_hash, col(Invitation.expires_at) > moment
    )
    return session.exec(statement).first()


def list_good(session: Session, moment: datetime) -> Sequence[tuple[Invitation, str | None]]:
    """List the invitations that are still good with their inviter's e-mail, the latest first."""
    statement = (
        select(Invitation, User.email)
        .join(User, col(User.id) == col(Invitation.invited_by), isouter=True)
        .where(col(Invitation.expires_at) > moment)
        .order_by(col(Invitation.created_at).desc())
    )
    return session.exec(statement).all()


def drop_of(session: Session, inviter_id: uuid.UUID) -> None:
    """Delete every invitation that this person made."""
    session.exec(delete(Invitation).where(col(Invitation.invited_by) == inviter_id))


def drop(session: Session, invitation_id: uuid.UUID) -> bool:
    """Delete an invitation; False if somebody else did so first."""
    statement = delete(Invitation).where(col(Invitation.id) == invitation_id)
    return session.exec(statement).rowcount == 1
