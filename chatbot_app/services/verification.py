"""Confirming an e-mail address: its owner opens the link that was mailed there, and says so."""

import uuid

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict
from chatbot_app.models import User, now
from chatbot_app.schemas import Viewer
from chatbot_app.services import audit, letters, links, sessions, throttle
from chatbot_app.words import t


async def ask_again(viewer: Viewer) -> None:
    """Mail another link; the one before it is worth nothing from then on.

    Raises: Conflict when the address is confirmed, TooManyAttempts, NotFound.
    """
    if viewer.is_verified:
        raise Conflict(t("Your email is confirmed already."))
    throttle.mail(viewer.email, "confirm")
    token = await db.in_thread(_make, viewer.user_id)
    letters.ask_to_confirm(viewer.email, token)


def confirm(token: str) -> None:
    """Note that whoever has this link reads the mail of its account.

    Raises: InvalidInput, NotFound when the link is not good (any more).
    """
    with db.session() as session:
        links.owner(session, token, "verify")  # or anybody could make writers wait, with any token
    with db.session(write=True) as session:
        note(session, links.redeem(session, token, "verify"))
    sessions.forget()


def note(session: Session, user: User) -> None:
    """Note within the caller's transaction that an address is confirmed; it may be already."""
    if user.email_verified_at is None:
        user.email_verified_at = now()
        session.add(user)
        audit.record(session, "email-verify", actor=user.id)


def begin(session: Session, user: User) -> str:
    """Make the first link of a new account, where mail can be sent and its address is not
    confirmed; gives its token, or nothing.
    """
    if user.email_verified_at is not None or not get_settings().has_mail:
        return ""
    return links.make(session, user.id, "verify")


def _make(user_id: uuid.UUID) -> str:
    with db.session(write=True) as session:
        return links.make(session, user_id, "verify")
