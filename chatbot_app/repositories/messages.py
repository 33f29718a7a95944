"""Messages: walks along a branch for one person, and the two updates that the engine needs.

A branch is read from its newest message towards the root by following `parent_id`, so that a
page costs what the page holds, however long the chat is.
"""

import uuid
from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, literal, select, update
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Message, Project, now
from chatbot_app.schemas import Status

WALK = 20  # messages read at a time when walking up a branch


def _readable_by(user_id: uuid.UUID) -> SelectOfScalar[Message]:
    return select(Message).join(Chat).join(Project).where(col(Project.user_id) == user_id)


def get(session: Session, user_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """Get a message in one of a person's chats.

    Raises: NotFound, also when it is somebody else's.
    """
    message = session.exec(_readable_by(user_id).where(col(Message.id) == message_id)).first()
    if message is None:
        raise NotFound("This message doesn't exist, or was deleted.")
    return message


def list_branch(
    session: Session, user_id: uuid.UUID, newest_id: uuid.UUID, *, limit: int
) -> Sequence[Message]:
    """List a message and those above it, newest first, `limit` at most."""
    step = literal(1).label("step")
    start = select(col(Message.id), col(Message.parent_id), step)
    branch = start.where(col(Message.id) == newest_id).cte("branch", recursive=True)
    above = (
        select(col(Message.id), col(Message.parent_id), branch.c.step + 1)
        .join(branch, col(Message.id) == branch.c.parent_id)
        .where(branch.c.step < limit)
    )
    branch = branch.union_all(above)
    statement = _readable_by(user_id).join(branch, col(Message.id) == branch.c.id)
    return session.exec(statement.order_by(branch.c.step)).all()


def walk_up(session: Session, user_id: uuid.UUID, newest_id: uuid.UUID | None) -> Iterator[Message]:
    """Go from a message up to the first one, reading no further ahead than a few messages."""
    while newest_id is not None:
        page = list_branch(session, user_id, newest_id, limit=WALK)
        yield from page
        newest_id = page[-1].parent_id if page else None


def add(session: Session, *messages: Message) -> None:
    """Store new messages in this order, so that each one's parent is there before it."""
    for message in messages:
        session.add(message)
        session.flush()


def finish(
    session: Session, message_id: uuid.UUID, *, content: str, status: Status, error: str = ""
) -> bool:
    """End an answer that is being written, and tell whether it still was.

    Not scoped to a reader: an answer outlives the tab, the session and the request that began it,
    and the engine that calls this was given the id by a turn that had been authorised. The
    condition keeps what somebody else wrote first: a reaped or deleted answer stays as it is.
    """
    statement = update(Message).where(
        col(Message.id) == message_id, col(Message.status) == "generating"
    )
    ended = session.exec(
        statement.values(
            content=db.storable(content),
            status=status,
            error=db.storable(error),
            ended_at=now(),
        )
    )
    return ended.rowcount == 1


def interrupt_orphans(session: Session) -> int:
    """End every answer that is said to be in writing, and tell how many there were.

    Not scoped to a reader: this is for the start of the one process that writes answers, when all
    of them were left behind by one that died.
    """
    statement = update(Message).where(col(Message.status) == "generating")
    ended = session.exec(
        statement.values(
            status="interrupted",
            error="The server stopped before this answer was finished.",
            ended_at=now(),
        )
    )
    return ended.rowcount
