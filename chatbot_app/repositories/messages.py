"""Messages: walks along a branch for one person, its end, and what the engine needs to end an answer.

A branch is read from its newest message towards the root by following `parent_id`, so that a
page costs what the page holds, however long the chat is. It lies in one chat, so whoever may read
its newest message may read it all.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, exists, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, literal, select, update

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.repositories import answer_runs
from chatbot_app.schemas import Status
from chatbot_app.words import mark, t

WALK = 20  # messages that a walk up a branch reads first
LONGEST_STRIDE = 160  # messages that it reads at a time later on

_NO_MESSAGE = mark("This message doesn't exist, or was deleted.")
_OLDEST_FIRST = (col(Message.created_at), col(Message.id))
_NEWEST_FIRST = tuple(column.desc() for column in _OLDEST_FIRST)


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
    session: Session, user_id: uuid.UUID, shown: Collection[Message]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """List for each of these messages the ids of all that stand in its place, oldest first, itself
    among them. The first questions of a chat are versions of each other.
    """
    parents = {message.parent_id for message in shown if message.parent_id is not None}
    chats = {message.chat_id for message in shown if message.parent_id is None}
    beside = select(Message.parent_id, Message.id).where(col(Message.parent_id).in_(parents))
    first = select(Message.chat_id, Message.id).where(col(Message.chat_id).in_(chats))
    first = first.where(col(Message.parent_id).is_(None))
    places: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    # Two statements, for each has an index of its own; most pages need the one.
    for there in ([beside] if parents else []) + ([first] if chats else []):
        versions = there.where(_readable_by(user_id)).order_by(*_OLDEST_FIRST)
        for place, message_id in session.exec(versions):
            places.setdefault(place, []).append(message_id)
    return {message.id: places.get(message.parent_id or message.chat_id, []) for message in shown}


def find_newest_below(session: Session, user_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """Find the end of the branch through this message that was written in last.

    Raises: NotFound.
    """
    below = _below(session, user_id, message_id)
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


def delete_branch(session: Session, user_id: uuid.UUID, message: Message) -> uuid.UUID | None:
    """Delete a message and all below it, in every version, and end the answer that is being written
    there, if one is; gives that one's run.

    One statement for all of them: the database looks at its end whether a message has lost its
    parent. To end the run before keeps a tick from waiting for this while this waits for the tick.
    """
    below = _below(session, user_id, message.id)
    ids = select(below.c.id)
    run_id = answer_runs.drop_among(session, message.chat_id, ids)
    db.plan_anew(session)
    session.exec(
        delete(Message).where(col(Message.id).in_(ids)).execution_options(synchronize_session=False)
    )
    return run_id


def _below(session: Session, user_id: uuid.UUID, message_id: uuid.UUID) -> CTE:
    """A message and all below it, in every version.

    Its children are asked for message by message, by the index. PostgreSQL needs that said (LATERAL,
    with an OFFSET that keeps it so): until it has counted its rows, which takes it a while after an
    import, it would read the whole table for each step down.
    """
    start = select(col(Message.id))
    start = start.where(col(Message.id) == message_id, _readable_by(user_id))
    below = start.cte("below", recursive=True)
    child = col(Message.parent_id) == below.c.id
    if session.get_bind().dialect.name == "sqlite":
        return below.union_all(select(col(Message.id)).join(below, child))
    children = select(col(Message.id)).where(child).correlate(below).offset(0).lateral("children")
    return below.union_all(select(children.c.id).join_from(below, children, true()))


@dataclass(frozen=True)
class Took:
    """What an answer took: times in milliseconds; None is what nobody took or counted."""

    reasoning_ms: int | None = None
    duration_ms: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


UNKNOWN = Took()


class Begun(NamedTuple):
    """What a message held before its present run: the text, and the thoughts before it."""

    content: str
    reasoning: str


def set_outcome(
    session: Session,
    message_id: uuid.UUID,
    *,
    content: str,
    reasoning: str = "",
    status: Status,
    error: str = "",
    took: Took | None = None,
) -> None:
    """Write down how an answer ended; without `took` it stays as it is.

    Not scoped to a reader: whoever calls this has just ended the answer's run, which happens once.
    """
    statement = update(Message).where(col(Message.id) == message_id)
    taken: dict[str, Any] = {} if took is None else vars(took)
    session.exec(
        statement.values(
            content=db.storable(content),
            reasoning=db.storable(reasoning),
            status=status,
            error=db.storable(error),
            ended_at=now(),
            **taken,
        )
    )


def read_begun(session: Session, message_id: uuid.UUID) -> Begun:
    """Read what a message held before its present run; for those who end it or mirror it."""
    columns = select(Message.content, Message.reasoning).where(col(Message.id) == message_id)
    row = session.exec(columns).first()
    return Begun(*row) if row else Begun("", "")
