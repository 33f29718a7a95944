"""Chats, always those in one person's projects."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, delete, select

from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Project
from chatbot_app.repositories import answer_runs
from chatbot_app.words import t


class Place(NamedTuple):
    """Where a chat stands in its project's list, latest first: no two stand at the same place."""

    last_message_at: datetime
    id: uuid.UUID


def _readable_by(user_id: uuid.UUID, project_id: uuid.UUID | None = None) -> ColumnElement[bool]:
    """Whether the chat at hand, or any of this project, is in one of a person's projects.

    A subquery and no join, so that planners begin at the chat that is asked for; see `messages`.
    """
    home = col(Chat.project_id) if project_id is None else project_id
    owner = select(Project.user_id).where(col(Project.id) == home)
    return owner.correlate(Chat).scalar_subquery() == user_id


def list_latest(
    session: Session,
    user_id: uuid.UUID,
    project_id: uuid.UUID,
    *,
    before: Place | None = None,
    limit: int,
) -> Sequence[Chat]:
    """List a project's chats, latest activity first; with `before` those that come behind it.

    The place need not be taken any more: its chat may have been deleted, or written in since.
    """
    order = tuple_(col(Chat.last_message_at), col(Chat.id))
    statement = select(Chat).where(
        col(Chat.project_id) == project_id, _readable_by(user_id, project_id)
    )
    if before is not None:
        statement = statement.where(order < before)
    latest_first = (column.desc() for column in order.clauses)
    return session.exec(statement.order_by(*latest_first).limit(limit)).all()


def list_ids(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of all of a project's chats."""
    statement = select(Chat.id).where(
        col(Chat.project_id) == project_id, _readable_by(user_id, project_id)
    )
    return session.exec(statement).all()


def get(session: Session, user_id: uuid.UUID, chat_id: uuid.UUID, *, lock: bool = False) -> Chat:
    """Get a person's chat; with `lock` nobody else changes it before this transaction ends.

    On SQLite the one writer holds that lock anyway, and the words for it are left out.

    Raises: NotFound, also when it is somebody else's.
    """
    statement = select(Chat).where(col(Chat.id) == chat_id, _readable_by(user_id))
    if lock:
        statement = statement.with_for_update(of=Chat)
    chat = session.exec(statement).first()
    if chat is None:
        raise NotFound(t("This chat doesn't exist, or was deleted."))
    return chat


def find_latest(session: Session, user_id: uuid.UUID) -> Chat | None:
    """Find the chat in which a person wrote last, over all projects."""
    latest_first = col(Chat.last_message_at).desc()
    # One look into the index for each project, instead of going through all their chats.
    latest_there = select(Chat.id).where(col(Chat.project_id) == col(Project.id))
    latest_there = latest_there.order_by(latest_first).limit(1).correlate(Project)
    latest = select(latest_there.scalar_subquery()).where(col(Project.user_id) == user_id)
    statement = select(Chat).where(col(Chat.id).in_(latest))
    return session.exec(statement.order_by(latest_first).limit(1)).first()


def add(session: Session, chat: Chat) -> None:
    """Store a new chat."""
    session.add(chat)
    session.flush()


def delete_with_messages(session: Session, chat: Chat) -> None:
    """Delete a chat that the person was shown to own and, by cascade, its messages."""
    answer_runs.drop_in(session, select(Chat.id).where(col(Chat.id) == chat.id))
    session.exec(delete(Chat).where(col(Chat.id) == chat.id))
