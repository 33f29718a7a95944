"""Links that prove who opens them: made here, kept as a hash, and good once.

Two purposes, `reset` and `verify`. A new link takes the older one's place. What using it does is
for `password_reset` and `verification`.
"""

import uuid
from datetime import timedelta
from typing import Literal

from sqlmodel import Session

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.models import MailedLink, User, now
from chatbot_app.repositories import links, users
from chatbot_app.words import mark, t

Purpose = Literal["reset", "verify"]

TOKEN_MAX_CHARS = 100

_INCOMPLETE = mark("This address is not complete. Please open the whole link once more.")
_GONE = mark("This link was used already, or is too old. Please ask for a new one.")


def make(session: Session, user_id: uuid.UUID, purpose: Purpose) -> str:
    """Make a link's token within the caller's transaction; it is in none of our tables.

    Raises: NotFound when the account is gone.
    """
    users.get(session, user_id, lock=True)  # of two at once, one takes the other's place
    settings = get_settings()
    seconds = (
        settings.reset_link_seconds if purpose == "reset" else settings.verification_link_seconds
    )
    token, moment = security.new_link_token(), now()
    links.replace(
        session,
        MailedLink(
            token_hash=security.door_hash(token),
            user_id=user_id,
            purpose=purpose,
            created_at=moment,
            expires_at=moment + timedelta(seconds=seconds),
        ),
    )
    return token


def owner(session: Session, token: str, purpose: Purpose) -> User:
    """Say whose link this is, and leave it as it is.

    Raises: InvalidInput when there is none; NotFound when it is not good (any more), or its owner
    may not sign in.
    """
    if not token:
        raise InvalidInput(t(_INCOMPLETE))
    user_id = None
    if len(token) <= TOKEN_MAX_CHARS and db.is_storable(token):
        user_id = links.find_owner(session, security.door_hash(token), purpose, now())
    user = None if user_id is None else users.find(session, user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound(t(_GONE))
    return user


def redeem(session: Session, token: str, purpose: Purpose) -> User:
    """Use a link up within the caller's transaction; gives its owner, locked.

    Raises: InvalidInput, NotFound.
    """
    found = owner(session, token, purpose)
    user = users.get(session, found.id, lock=True)
    if user.disabled_at is not None or not links.take(
        session, security.door_hash(token), purpose, now()
    ):
        raise NotFound(t(_GONE))
    return user
