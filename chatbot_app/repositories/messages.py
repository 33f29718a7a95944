"""Messages: walks along a branch for one person, and what the engine needs to end an answer.

A branch is read from its newest message towards the root by following `parent_id`, so that a
page costs what the page holds, however long the chat is. It lies in one chat, so whoever may read
its newest message may read it all.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, literal, select, update

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.schemas import Status
from chatbot_app.words import mark, t

WALK = 20  # messages that a walk up a branch reads first
LONGEST_STRIDE = 160  # messages that it reads at a time later on

_NO_MESSAGE = mark("This message doesn't exist, or was deleted.")
_NEWEST_FIRST = (col(Message.created_at).desc(), col(Message.id).desc())


def _readable_by(user_id: uuid.UUID, *, or_deleted: bool = False) -> ColumnElement[bool]:
    """Whether the message at hand is in one of a person's chats, and not in a deleted one.

    A subquery that is asked of each message, and no join: that is turned around by a planner which
    takes everybody for average, and goes through all that a person ever wrote to find one page.
    """
    owner = select(Project.user_id).join(Chat).where(col(Chat.id) == col(Message.chat_id))
    if not or_deleted:
        owner = owner.where(col(Chat.deleted_at).is_(None))
    return owner.correlate(Message).scalar_subquery() == user_id


def find(
    session: Session, user_id: uuid.UUID, message_id: uuid.UUID, *, or_deleted: bool = False
) -> Message | None:
    """Find a message in one of a person's chats; with `or_deleted` also in one whose row still waits
    to go.
    """
    mine = _readable_by(user_id, or_deleted=or_deleted)
    statement = select(Message).where(col(Message.id) == message_id, mine)
    return session.exec(statement).first()


def get(session: Session, user_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """Get a message in one of a person's chats.

    Raises: NotFound, also when it is somebody else's.
    """
    message = find(session, user_id, message_id)
    if message is None:
        raise NotFound(t(_NO_MESSAGE))
    return message


def list_branch(
    session: Session, user_id: uuid.UUID, newest_id: uuid.UUID, *, limit: int
) -> Sequence[Message]:
    """List a message and those above it, newest first, `limit` at most."""
    step = literal(1).label("step")
    start = select(col(Message.id), col(Message.parent_id), step)
    start = start.where(col(Message.id) == newest_id, _readable_by(user_id))
    branch = start.cte("branch", recursive=True)
    above = (
        select(col(Message.id), col(Message.parent_id), branch.c.step + 1)
        .join(branch, col(Message.id) == branch.c.parent_id)
        .where(branch.c.step < limit)
    )
    branch = branch.union_all(above)
    statement = select(Message).join(branch, col(Message.id) == branch.c.id)
    return session.exec(statement.order_by(branch.c.step)).all()


def walk_up(session: Session, user_id: uuid.UUID, newest_id: uuid.UUID | None) -> Iterator[Message]:
    """Go from a message up to the first one, reading no further ahead than a few messages or as
    many as were gone through already.
    """
    stride = WALK
    while newest_id is not None:
        page = list_branch(session, user_id, newest_id, limit=stride)
        yield from page
        newest_id = page[-1].parent_id if page else None
        stride = min(2 * stride, LONGEST_STRIDE)


def add(session: Session, *messages: Message) -> None:
    """Store new messages in this order, so that each one's parent is there before it."""
    for message in messages:
        session.add(message)
        session.flush()


def get_newest_answer(session: Session, user_id: uuid.UUID, question_id: uuid.UUID) -> Message:
    """Get the answer to this question that was begun last.

    Raises: NotFound.
    """
    answers = select(Message).where(col(Message.parent_id) == question_id, _readable_by(user_id))
    newest = session.exec(answers.order_by(*_NEWEST_FIRST).limit(1)).first()
    if newest is None:
        raise NotFound(t(_NO_MESSAGE))
    return newest


def list_versions(
    session: Session, user_id: uuid.UUID, parent_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """List under each of these messages the ids of its children, oldest first."""
    statement = (
        select(Message.parent_id, Message.id)
        .where(col(Message.parent_id).in_(parent_ids), _readable_by(user_id))
        .order_by(col(Message.created_at), col(Message.id))
    )
    versions: dict[uuid.UUID, list[uuid.UUID]] = {}
    for parent_id, message_id in session.exec(statement):
        if parent_id is not None:
            versions.setdefault(parent_id, []).append(message_id)
    return versions


def find_newest_below(session: Session, user_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """Find the end of the branch through this message that was written in last.

    Raises: NotFound.
    """
    start = select(col(Message.id))
    start = start.where(col(Message.id) == message_id, _readable_by(user_id))
    below = start.cte("below", recursive=True)
    below = below.union_all(
        select(col(Message.id)).join(below, col(Message.parent_id) == below.c.id)
    )
    child = aliased(Message)
    has_child = exists().where(col(child.parent_id) == col(Message.id))
    statement = select(Message).join(below, col(Message.id) == below.c.id).where(~has_child)
    newest = session.exec(statement.order_by(*_NEWEST_FIRST).limit(1)).first()
    if newest is None:
        raise NotFound(t(_NO_MESSAGE))
    return newest


def list_down(
    session: Session,
    user_id: uuid.UUID,
    message_id: uuid.UUID,
    leaf_id: uuid.UUID,
    *,
    limit: int,
) -> list[uuid.UUID]:
    """List the ids of a message and those below it on the branch that ends at `leaf_id`, `limit` at
    most; none if the message is not on that branch.

    The branch is gone up from its end, for a message does not know which of those below it is on it.
    """
    step = literal(1).label("step")
    start = select(col(Message.id), col(Message.parent_id), step)
    start = start.where(col(Message.id) == leaf_id, _readable_by(user_id))
    path = start.cte("path", recursive=True)
    above = (
        select(col(Message.id), col(Message.parent_id), path.c.step + 1)
        .join(path, col(Message.id) == path.c.parent_id)
        .where(path.c.id != message_id)
    )
    path = path.union_all(above)
    lowest_last = select(path.c.id).order_by(path.c.step.desc()).limit(limit)
    found = list(session.exec(lowest_last))
    return found if found[:1] == [message_id] else []


def set_outcome(
    session: Session, message_id: uuid.UUID, *, content: str, status: Status, error: str = ""
) -> None:
    """Write down how an answer ended.

    Not scoped to a reader: whoever calls this has just ended the answer's run, which happens once.
    """
    statement = update(Message).where(col(Message.id) == message_id)
    session.exec(
        statement.values(
            content=db.storable(content),
            status=status,
            error=db.storable(error),
            ended_at=now(),
        )
    )


def read_content(session: Session, message_id: uuid.UUID) -> str:
    """Read what a message held before its present run; for those who end it or mirror it."""
    return session.exec(select(Message.content).where(col(Message.id) == message_id)).first() or ""
