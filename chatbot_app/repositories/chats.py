"""Chats, always those in one person's projects."""

import uuid
from collections.abc import Sequence

from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Project
from chatbot_app.repositories import answer_runs


def _readable_by(user_id: uuid.UUID) -> SelectOfScalar[Chat]:
    return select(Chat).join(Project).where(col(Project.user_id) == user_id)


def list_latest(
    session: Session, user_id: uuid.UUID, project_id: uuid.UUID, *, limit: int
) -> Sequence[Chat]:
    """List a project's chats, latest activity first."""
    latest_first = (col(Chat.last_message_at).desc(), col(Chat.id))
    statement = _readable_by(user_id).where(col(Chat.project_id) == project_id)
    return session.exec(statement.order_by(*latest_first).limit(limit)).all()


def list_ids(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of all of a project's chats."""
    mine = _readable_by(user_id).where(col(Chat.project_id) == project_id)
    return [chat.id for chat in session.exec(mine)]


def get(session: Session, user_id: uuid.UUID, chat_id: uuid.UUID, *, lock: bool = False) -> Chat:
    """Get a person's chat; with `lock` nobody else changes it before this transaction ends.

    On SQLite the one writer holds that lock anyway, and the words for it are left out.

    Raises: NotFound, also when it is somebody else's.
    """
    statement = _readable_by(user_id).where(col(Chat.id) == chat_id)
    if lock:
        statement = statement.with_for_update(of=Chat)
    chat = session.exec(statement).first()
    if chat is None:
        raise NotFound("This chat doesn't exist, or was deleted.")
    return chat


def find_latest(session: Session, user_id: uuid.UUID) -> Chat | None:
    """Find the chat in which a person wrote last, over all projects."""
    latest_first = col(Chat.last_message_at).desc()
    return session.exec(_readable_by(user_id).order_by(latest_first).limit(1)).first()


def add(session: Session, chat: Chat) -> None:
    """Store a new chat."""
    session.add(chat)
    session.flush()


def delete_with_messages(session: Session, chat: Chat) -> None:
    """Delete a chat that the person was shown to own and, by cascade, its messages."""
    answer_runs.drop_in(session, select(Chat.id).where(col(Chat.id) == chat.id))
    session.exec(delete(Chat).where(col(Chat.id) == chat.id))
