"""Snapshots of chats: their owner's, and the one that a link leads to."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy.orm import defer
from sqlmodel import Session, col, delete, select

from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, SharedChat, User
from chatbot_app.words import t

LISTED = 200  # links of one person that are shown at once


def add(session: Session, shared: SharedChat) -> None:
    """Store a new snapshot."""
    session.add(shared)
    session.flush()


def list_latest(
    session: Session, user_id: uuid.UUID, chat_id: uuid.UUID | None = None
) -> Sequence[SharedChat]:
    """List a person's snapshots, of one chat or of all, latest first and without what is in them."""
    statement = (
        select(SharedChat)
        .join(Chat, col(Chat.id) == col(SharedChat.chat_id))
        .where(col(SharedChat.user_id) == user_id, col(Chat.deleted_at).is_(None))
        .options(defer(cast("Any", SharedChat.content)))
    )
    if chat_id is not None:
        statement = statement.where(col(SharedChat.chat_id) == chat_id)
    latest_first = (col(SharedChat.created_at).desc(), col(SharedChat.id))
    return session.exec(statement.order_by(*latest_first).limit(LISTED)).all()


def find_by_token(session: Session, token: str) -> SharedChat | None:
    """Find the snapshot that a link leads to: none while its chat is deleted, or its owner may not
    sign in. Whoever has the link may: it is not scoped to a reader.
    """
    statement = (
        select(SharedChat)
        .join(Chat, col(Chat.id) == col(SharedChat.chat_id))
        .join(User, col(User.id) == col(SharedChat.user_id))
        .where(
            col(SharedChat.token) == token,
            col(Chat.deleted_at).is_(None),
            col(User.disabled_at).is_(None),
        )
    )
    return session.exec(statement).first()


def remove(session: Session, user_id: uuid.UUID, shared_id: uuid.UUID) -> None:
    """Remove a person's snapshot: its link leads nowhere from now on.

    Raises: NotFound, also when it is somebody else's.
    """
    statement = delete(SharedChat).where(
        col(SharedChat.id) == shared_id, col(SharedChat.user_id) == user_id
    )
    if not session.exec(statement).rowcount:
        raise NotFound(t("This link doesn't exist, or was withdrawn already."))
