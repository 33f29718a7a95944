"""Chats, always those in one person's projects, and never one that was deleted; what looks after
the chats of everybody says so.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, func, select, update

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import answer_runs
from chatbot_app.words import mark, t

_GONE = mark("This chat doesn't exist, or was deleted.")
_IS_THERE = col(Chat.deleted_at).is_(None)
_IS_SHOWN = and_(col(Chat.archived_at).is_(None), _IS_THERE)
_IS_PINNED = and_(col(Chat.pinned_at).is_not(None), _IS_SHOWN)


class Place(NamedTuple):
    """Where a chat stands in a list, latest first: no two stand at the same place."""

    moment: datetime
    id: uuid.UUID


def _owned_by(user_id: uuid.UUID, project_id: uuid.UUID | None = None) -> ColumnElement[bool]:
    """Whether the chat at hand, or any of this project, is in one of a person's projects.

    A subquery and no join, so that planners begin at the chat that is asked for; see `messages`.
    """
    home = col(Chat.project_id) if project_id is None else project_id
    owner = select(Project.user_id).where(col(Project.id) == home)
    return owner.correlate(Chat).scalar_subquery() == user_id


def _readable_by(user_id: uuid.UUID, project_id: uuid.UUID | None = None) -> ColumnElement[bool]:
    return and_(_owned_by(user_id, project_id), _IS_THERE)


def list_latest(
    session: Session,
    user_id: uuid.UUID,
    project_id: uuid.UUID,
    *,
    before: Place | None = None,
    limit: int,
) -> Sequence[Chat]:
    """List a project's chats, latest activity first, without the pinned and the archived ones; with
    `before` those that come behind it.

    The place need not be taken any more: its chat may have been deleted, or written in since.
    """
    order = tuple_(col(Chat.last_message_at), col(Chat.id))
    statement = select(Chat).where(
        col(Chat.project_id) == project_id,
        _owned_by(user_id, project_id),
        _IS_SHOWN,
        col(Chat.pinned_at).is_(None),
    )
    if before is not None:
        statement = statement.where(order < before)
    latest_first = (column.desc() for column in order.clauses)
    return session.exec(statement.order_by(*latest_first).limit(limit)).all()


def list_pinned(
    session: Session, user_id: uuid.UUID, project_id: uuid.UUID, *, limit: int
) -> Sequence[Chat]:
    """List a project's pinned chats, the last to be pinned first."""
    statement = select(Chat).where(
        col(Chat.project_id) == project_id, _owned_by(user_id, project_id), _IS_PINNED
    )
    latest_first = (col(Chat.pinned_at).desc(), col(Chat.id).desc())
    return session.exec(statement.order_by(*latest_first).limit(limit)).all()


def count_pinned(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> int:
    """Count a project's pinned chats."""
    statement = (
        select(func.count())
        .select_from(Chat)
        .where(col(Chat.project_id) == project_id, _owned_by(user_id, project_id), _IS_PINNED)
    )
    return session.exec(statement).one()


def list_archived(
    session: Session, user_id: uuid.UUID, *, before: Place | None = None, limit: int
) -> Sequence[tuple[Chat, str]]:
    """List a person's archived chats over all projects, each with its project's name, the last to be
    archived first; with `before` those that come behind it.
    """
    # First the projects, and not joined: where few archive anything, a planner takes all archived
    # chats of everybody for no more than hers.
    mine = session.exec(select(Project.id, Project.name).where(col(Project.user_id) == user_id))
    names = dict(mine.all())
    order = tuple_(col(Chat.archived_at), col(Chat.id))
    statement = select(Chat).where(
        col(Chat.project_id).in_(names), col(Chat.archived_at).is_not(None), _IS_THERE
    )
    if before is not None:
        statement = statement.where(order < before)
    latest_first = (column.desc() for column in order.clauses)
    rows = session.exec(statement.order_by(*latest_first).limit(limit))
    return [(chat, names[chat.project_id]) for chat in rows]


def list_ids(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of all of a project's chats."""
    statement = select(Chat.id).where(
        col(Chat.project_id) == project_id, _readable_by(user_id, project_id)
    )
    return session.exec(statement).all()


def get(
    session: Session,
    user_id: uuid.UUID,
    chat_id: uuid.UUID,
    *,
    lock: bool = False,
    or_deleted: bool = False,
) -> Chat:
    """Get a person's chat; with `lock` nobody else changes it before this transaction ends, and
    with `or_deleted` it may be one whose row still waits to go.

    On SQLite the one writer holds that lock anyway, and the words for it are left out.

    Raises: NotFound, also when it is somebody else's.
    """
    mine = _owned_by(user_id) if or_deleted else _readable_by(user_id)
    statement = select(Chat).where(col(Chat.id) == chat_id, mine)
    if lock:
        statement = statement.with_for_update(of=Chat)
    chat = session.exec(statement).first()
    if chat is None:
        raise NotFound(t(_GONE))
    return chat


def find_latest(session: Session, user_id: uuid.UUID) -> Chat | None:
    """Find the chat in which a person wrote last, over all projects; an archived one is none."""
    latest_first = col(Chat.last_message_at).desc()
    # One look into the index for each project, instead of going through all their chats.
    latest_there = select(Chat.id).where(col(Chat.project_id) == col(Project.id), _IS_SHOWN)
    latest_there = latest_there.order_by(latest_first).limit(1).correlate(Project)
    latest = select(latest_there.scalar_subquery()).where(col(Project.user_id) == user_id)
    statement = select(Chat).where(col(Chat.id).in_(latest))
    return session.exec(statement.order_by(latest_first).limit(1)).first()


def add(session: Session, chat: Chat) -> None:
    """Store a new chat."""
    session.add(chat)
    session.flush()


class FirstExchange(NamedTuple):
    """What a chat began with, as far as a title needs it, and the model that answers there."""

    question: str
    answer: str
    model: str


def find_untitled(
    session: Session, answer_id: uuid.UUID, *, characters: int
) -> FirstExchange | None:
    """Find the first exchange of a chat that still goes by its first words, if this is the answer in
    it: the beginnings of both, so many characters long.

    Not scoped to a reader: whoever calls this has just ended that answer.
    """
    answer, question = aliased(Message), aliased(Message)
    statement = (
        select(
            func.substr(col(question.content), 1, characters),
            func.substr(col(answer.content), 1, characters),
            func.coalesce(func.nullif(col(Chat.model), ""), col(Project.model)),
        )
        .select_from(answer)
        .join(question, col(question.id) == col(answer.parent_id))
        .join(Chat, col(Chat.id) == col(answer.chat_id))
        .join(Project, col(Project.id) == col(Chat.project_id))
        .where(
            col(answer.id) == answer_id,
            col(question.parent_id).is_(None),
            col(Chat.titled_by) == "words",
            _IS_THERE,
        )
    )
    row = session.exec(statement).first()
    return row and FirstExchange(*row)


def set_models_title(session: Session, chat_id: uuid.UUID, title: str) -> bool:
    """Give a chat the title that a model thought of, unless it has another than its first words by
    now; tells whether it was taken.

    Not scoped to a reader, like `find_untitled`.
    """
    statement = update(Chat).where(
        col(Chat.id) == chat_id, col(Chat.titled_by) == "words", _IS_THERE
    )
    return session.exec(statement.values(title=title, titled_by="model")).rowcount == 1


def drop(session: Session, chat: Chat) -> None:
    """Let a chat go for good, with all its messages."""
    session.delete(chat)


def drop_deleted(session: Session, before: datetime, *, limit: int) -> int:
    """Let chats go for good that were deleted before this moment, with their messages, so many at
    most; tells how many. Those that another worker is at are left to it.

    Not scoped to a reader: it looks after everybody's.
    """
    statement = select(Chat.id).where(
        col(Chat.deleted_at).is_not(None), col(Chat.deleted_at) < before
    )
    statement = statement.order_by(col(Chat.deleted_at)).limit(limit)
    ids = session.exec(statement.with_for_update(skip_locked=True)).all()
    if ids:
        answer_runs.drop_in(session, select(Chat.id).where(col(Chat.id).in_(ids)))
        db.plan_anew(session)
        session.exec(delete(Chat).where(col(Chat.id).in_(ids)))
    return len(ids)
