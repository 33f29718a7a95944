"""Projects, always those of one person."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, delete, func, select
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Project
from chatbot_app.repositories import answer_runs
from chatbot_app.words import t

PROMPT_HEAD = 400  # characters of a system prompt that a list needs of it


def _readable_by(user_id: uuid.UUID) -> SelectOfScalar[Project]:
    return select(Project).where(col(Project.user_id) == user_id)


def list_with_activity(
    session: Session, user_id: uuid.UUID
) -> Sequence[tuple[Project, str, datetime, int]]:
    """List each project with its prompt's head, latest activity and number of chats, latest first.

    Archived chats don't count. One query; the projects come without their system prompts, which may be long.
    """
    # Asked of each project, for which the index has the answer. Grouped in a subquery of their own,
    # PostgreSQL may count all chats again for each project.
    here = and_(
        col(Chat.project_id) == col(Project.id),
        col(Chat.archived_at).is_(None),
        col(Chat.deleted_at).is_(None),
    )
    latest_message = select(func.max(col(Chat.last_message_at))).where(here).correlate(Project)
    number = select(func.count()).select_from(Chat).where(here).correlate(Project)
    latest: ColumnElement[datetime] = func.coalesce(
        latest_message.scalar_subquery(), col(Project.updated_at)
    )
    statement = (
        select(
            Project,
            func.substr(col(Project.system_prompt), 1, PROMPT_HEAD),
            latest,
            number.scalar_subquery(),
        )
        .where(col(Project.user_id) == user_id)
        .options(defer(cast("Any", Project.system_prompt)))
        .order_by(latest.desc(), col(Project.id))
    )
    return session.exec(statement).all()


def get(
    session: Session, user_id: uuid.UUID, project_id: uuid.UUID, *, lock: bool = False
) -> Project:
    """Get a person's project; with `lock` whoever else wants it so waits for this transaction.

    Raises: NotFound, also when it is somebody else's.
    """
    statement = _readable_by(user_id).where(col(Project.id) == project_id)
    if lock:
        # Not so strict that other chats of the project could not begin a message.
        statement = statement.with_for_update(key_share=True)
    project = session.exec(statement).first()
    if project is None:
        raise NotFound(t("This project doesn't exist, or was deleted."))
    return project


def find_first(session: Session, user_id: uuid.UUID) -> Project | None:
    """Find the oldest project of a person."""
    oldest = (col(Project.created_at), col(Project.id))
    return session.exec(_readable_by(user_id).order_by(*oldest).limit(1)).first()


def add(session: Session, project: Project) -> None:
    """Store a new project."""
    session.add(project)
    session.flush()


def delete_with_chats(session: Session, project: Project) -> None:
    """Delete a project that the person was shown to own and, by cascade, its chats."""
    answer_runs.drop_in(session, select(Chat.id).where(col(Chat.project_id) == project.id))
    db.plan_anew(session)
    session.exec(delete(Project).where(col(Project.id) == project.id))
