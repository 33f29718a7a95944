"""Chats that come whole, from a file: looked for among one person's, and stored at once."""

import uuid
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from chatbot_app import db
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import answer_runs, chats

STRETCH = 500
"""Messages that are handed to the database at a time."""

Row = dict[str, Any]


def find_chat(session: Session, user_id: uuid.UUID, chat_id: uuid.UUID) -> Chat | None:
    """Find a person's chat, a deleted one too as long as it is kept."""
    owner = select(Project.user_id).where(col(Project.id) == col(Chat.project_id))
    is_own = owner.correlate(Chat).scalar_subquery() == user_id
    return session.exec(select(Chat).where(col(Chat.id) == chat_id, is_own)).first()


def drop_deleted_chat(session: Session, chat: Chat) -> None:
    """Let a chat that was deleted, and might still be brought back, go for good: it comes anew."""
    answer_runs.drop_in(session, select(Chat.id).where(col(Chat.id) == chat.id))
    db.plan_anew(session)
    chats.drop(session, chat)
    session.flush()


def holds(session: Session, chat_id: uuid.UUID, said: dict[uuid.UUID, tuple[str, str]]) -> bool:
    """Whether a chat has all of these messages: role and text by their ids."""
    missing = dict(said)
    statement = select(Message.id, Message.role, Message.content).where(
        col(Message.chat_id) == chat_id
    )
    for message_id, *words in session.exec(statement.execution_options(yield_per=STRETCH)):
        if missing.get(message_id) == tuple(words):
            del missing[message_id]
    return not missing


def add_chat(session: Session, chat: Chat, messages: list[Row]) -> None:
    """Store a new chat in a project that the person was shown to own, with its messages in this
    order, so that each one's parent is there before it.
    """
    session.add(chat)
    session.flush()
    for start in range(0, len(messages), STRETCH):
        db.plan_anew(session)
        session.connection().execute(insert(Message), messages[start : start + STRETCH])
