"""Links that were mailed: found by the hash of their token, which stands for the reader."""

import uuid
from datetime import datetime

from sqlmodel import Session, col, delete, select

from chatbot_app.models import MailedLink


def replace(session: Session, link: MailedLink) -> None:
    """Store a link in place of an older one of the same person for the same purpose."""
    drop(session, link.user_id, link.purpose)
    session.add(link)
    session.flush()


def drop(session: Session, user_id: uuid.UUID, purpose: str) -> None:
    """Delete the link that a person has for this purpose."""
    session.exec(
        delete(MailedLink).where(
            col(MailedLink.user_id) == user_id, col(MailedLink.purpose) == purpose
        )
    )


def find_owner(
    session: Session, token_hash: str, purpose: str, moment: datetime
) -> uuid.UUID | None:
    """Find whose link this is, if it is still good."""
    statement = select(MailedLink.user_id).where(
        col(MailedLink.token_hash) == token_hash,
        col(MailedLink.purpose) == purpose,
        col(MailedLink.expires_at) > moment,
    )
    return session.exec(statement).first()


def take(session: Session, token_hash: str, purpose: str, moment: datetime) -> bool:
    """Use a link up; False if it is not good, or somebody else did so first."""
    statement = delete(MailedLink).where(
        col(MailedLink.token_hash) == token_hash,
        col(MailedLink.purpose) == purpose,
        col(MailedLink.expires_at) > moment,
    )
    return session.exec(statement).rowcount == 1
