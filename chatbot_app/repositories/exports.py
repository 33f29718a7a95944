"""All that one person owns, in pages: each begins behind the place where the last one ended."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import literal, tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Identity, Message, Project, SharedChat, UserSession
from chatbot_app.words import t

Row = TypeVar("Row", Project, Chat, SharedChat)


class Place(NamedTuple):
    """Where a row stands, oldest first: no two stand at the same place."""

    created_at: datetime
    id: uuid.UUID


def list_sign_ins(session: Session, user_id: uuid.UUID) -> Sequence[UserSession]:
    """List a person's sign-ins, ended ones too as long as they are kept."""
    statement = select(UserSession).where(col(UserSession.user_id) == user_id)
    return session.exec(statement.order_by(col(UserSession.created_at))).all()


def list_identities(session: Session, user_id: uuid.UUID) -> Sequence[Identity]:
    """List who a person is elsewhere."""
    statement = select(Identity).where(col(Identity.user_id) == user_id)
    return session.exec(statement.order_by(col(Identity.created_at))).all()


def list_projects(
    session: Session, user_id: uuid.UUID, *, after: Place | None, limit: int
) -> Sequence[Project]:
    """List a person's projects behind this place."""
    statement = select(Project).where(col(Project.user_id) == user_id)
    return session.exec(_behind(statement, Project, after).limit(limit)).all()


def list_chats(
    session: Session,
    user_id: uuid.UUID,
    project_id: uuid.UUID,
    *,
    after: Place | None,
    limit: int,
) -> Sequence[Chat]:
    """List the chats of a person's project behind this place."""
    statement = select(Chat).join(Project)
    statement = statement.where(col(Chat.project_id) == project_id, *_is_kept_for(user_id))
    return session.exec(_behind(statement, Chat, after).limit(limit)).all()


def list_places(
    session: Session, user_id: uuid.UUID, chat_id: uuid.UUID, *, after: Place | None, limit: int
) -> list[Place]:
    """List where the messages of a person's chat stand behind this place, without their texts: many
    at once, for each page goes through the chat.
    """
    order = tuple_(col(Message.created_at), col(Message.id))
    statement = select(Message.created_at, Message.id).join(Chat).join(Project)
    statement = statement.where(col(Message.chat_id) == chat_id, *_is_kept_for(user_id))
    if after is not None:
        statement = statement.where(order > after)
    return [Place(*row) for row in session.exec(statement.order_by(*order.clauses).limit(limit))]


def list_messages(
    session: Session, user_id: uuid.UUID, message_ids: Collection[uuid.UUID]
) -> Sequence[Message]:
    """List these messages, as far as they are in a person's chats, oldest first."""
    statement = select(Message).join(Chat).join(Project)
    statement = statement.where(col(Message.id).in_(message_ids), *_is_kept_for(user_id))
    return session.exec(statement.order_by(col(Message.created_at), col(Message.id))).all()


def list_shared(
    session: Session, user_id: uuid.UUID, *, after: Place | None, limit: int
) -> Sequence[SharedChat]:
    """List a person's shared snapshots behind this place, of chats that are still there."""
    # Asked of each, so that no planner begins with all chats that are not deleted.
    deleted_at = select(Chat.deleted_at).where(col(Chat.id) == col(SharedChat.chat_id))
    is_there = deleted_at.correlate(SharedChat).scalar_subquery().is_(None)
    statement = select(SharedChat).where(col(SharedChat.user_id) == user_id, is_there)
    return session.exec(_behind(statement, SharedChat, after).limit(limit)).all()


def get_chat(session: Session, user_id: uuid.UUID, chat_id: uuid.UUID) -> tuple[Chat, Project]:
    """Get a person's chat with its project.

    Raises: NotFound, also when it is somebody else's or deleted.
    """
    statement = select(Chat, Project).join(Project)
    statement = statement.where(col(Chat.id) == chat_id, *_is_kept_for(user_id))
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(t("This chat doesn't exist, or was deleted."))
    return found


def list_branch_places(
    session: Session, user_id: uuid.UUID, newest_id: uuid.UUID, *, limit: int
) -> list[tuple[uuid.UUID, uuid.UUID | None]]:
    """List the ids of a message and of those above it with their parents', newest first, `limit` at
    most: without their texts, so that thousands may be held.
    """
    start = select(col(Message.id), col(Message.parent_id), literal(1).label("step"))
    start = start.join(Chat).join(Project)
    start = start.where(col(Message.id) == newest_id, *_is_kept_for(user_id))
    branch = start.cte("branch", recursive=True)
    above = (
        select(col(Message.id), col(Message.parent_id), branch.c.step + 1)
        .join(branch, col(Message.id) == branch.c.parent_id)
        .where(branch.c.step < limit)
    )
    branch = branch.union_all(above)
    statement = select(branch.c.id, branch.c.parent_id).order_by(branch.c.step)
    return [(row[0], row[1]) for row in session.exec(statement)]


def _is_kept_for(user_id: uuid.UUID) -> tuple[Any, ...]:
    return col(Project.user_id) == user_id, col(Chat.deleted_at).is_(None)


def _behind(
    statement: SelectOfScalar[Row], table: type[Row], after: Place | None
) -> SelectOfScalar[Row]:
    order = tuple_(col(table.created_at), col(table.id))
    if after is not None:
        statement = statement.where(order > after)
    return statement.order_by(*order.clauses)
