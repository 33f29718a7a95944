"""Answers that are being written: their runs, and the journal of what was said.

Not scoped to a reader: an answer outlives the tab, the session and the request that began it, and
those who call this were given its ids by a turn that had been authorised, or look after the answers
of everybody. The one exception that a person reaches, a stop, asks `chats.get` first.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Float, and_, bindparam, or_
from sqlalchemy import select as select_columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel import Session, col, delete, insert, select, update
from sqlmodel.sql.expression import SelectOfScalar

from chatbot_app.models import AnswerRun, Chat, Message, MessageChunk


class clock(GenericFunction[float]):  # noqa: N801 (a function in SQL)
    """The database's clock in seconds since 1970: all workers judge by the same one."""

    type = Float()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(clock, "postgresql")
def _postgresql_clock(*_: Any, **__: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@dataclass(frozen=True)
class Chunk:
    """A stretch of a running answer. Once it was offered to the database it never changes, so that
    it can be offered again when nobody knows whether a commit came through.
    """

    message_id: uuid.UUID
    run_id: uuid.UUID
    seq: int
    text: str
    is_reasoning: bool = False


class Said(NamedTuple):
    """What the journal holds of an answer from some chunk on: its text and the thoughts before it,
    and the number to ask from next time.
    """

    text: str
    reasoning: str
    seq: int


class HeldRun(NamedTuple):
    """A run that still is, and whether somebody wants to end it."""

    message_id: uuid.UUID
    run_id: uuid.UUID
    stop_requested: bool


class Orphan(NamedTuple):
    """A run whose worker has not been heard of for a while."""

    message_id: uuid.UUID
    chat_id: uuid.UUID
    run_id: uuid.UUID
    heartbeat: float


class Sign(NamedTuple):
    """What tells that a chat changed: compared with an earlier one, it differs."""

    chat_id: uuid.UUID
    title: str
    project_id: uuid.UUID
    pinned_at: datetime | None
    archived_at: datetime | None
    leaf_id: uuid.UUID | None
    leaf_status: str | None
    leaf_ended_at: datetime | None
    message_id: uuid.UUID | None
    run_id: uuid.UUID | None


def add(session: Session, message_id: uuid.UUID, chat_id: uuid.UUID) -> uuid.UUID:
    """Begin a run and give its id. The database refuses a second one in the same chat."""
    run_id = uuid.uuid4()
    values = {"message_id": message_id, "chat_id": chat_id, "run_id": run_id}
    session.exec(insert(AnswerRun).values(**values, heartbeat=clock(), stop_requested=False))
    return run_id


# Said five times a second while answers run: built once, and read as rows rather than as objects.
_held = (
    select_columns(col(AnswerRun.message_id), col(AnswerRun.run_id), col(AnswerRun.stop_requested))
    .where(col(AnswerRun.message_id).in_(bindparam("message_ids", expanding=True)))
    .order_by(col(AnswerRun.message_id))
)
_held_locked = _held.with_for_update()


def list_held(session: Session, message_ids: Collection[uuid.UUID], *, lock: bool) -> list[HeldRun]:
    """List the runs of these messages that still are; with `lock` none ends in this transaction."""
    statement = _held_locked if lock else _held
    rows = session.connection().execute(statement, {"message_ids": list(message_ids)})
    return [HeldRun(*row) for row in rows]


def add_chunks(session: Session, chunks: Sequence[Chunk]) -> None:
    """Append to the journal; a chunk that is there already, from a commit whose answer was lost, is
    left as it is.
    """
    if not chunks:
        return
    dialect = session.get_bind().dialect.name
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(MessageChunk)
    rows = [
        {
            "message_id": chunk.message_id,
            "seq": chunk.seq,
            "text": chunk.text,
            "is_reasoning": chunk.is_reasoning,
        }
        for chunk in chunks
    ]
    session.connection().execute(statement.on_conflict_do_nothing(), rows)


def beat(session: Session, message_ids: Collection[uuid.UUID]) -> None:
    """Say that these are alive."""
    statement = update(AnswerRun).where(col(AnswerRun.message_id).in_(message_ids))
    session.exec(statement.values(heartbeat=clock()))


def request_stop(session: Session, chat_id: uuid.UUID) -> uuid.UUID | None:
    """Ask the worker that writes in this chat to stop; gives the run, or None if nobody writes."""
    run = find_in_chat(session, chat_id, lock=True)
    if run is None:
        return None
    run.stop_requested = True
    return run.run_id


def find_in_chat(session: Session, chat_id: uuid.UUID, *, lock: bool = False) -> AnswerRun | None:
    """Find the run of this chat, if there is one; with `lock` it does not end meanwhile."""
    statement = select(AnswerRun).where(col(AnswerRun.chat_id) == chat_id)
    return session.exec(statement.with_for_update() if lock else statement).first()


def drop_in(session: Session, chats: SelectOfScalar[uuid.UUID]) -> None:
    """End the runs in these chats, which are about to be deleted.

    A tick locks runs, in this order, and then messages; a chat that is deleted locks its messages
    first. To end the runs before keeps the two from waiting for each other.
    """
    there = col(AnswerRun.chat_id).in_(chats)
    held = select(AnswerRun).where(there).order_by(col(AnswerRun.message_id)).with_for_update()
    for run in session.exec(held).all():
        session.delete(run)
    session.flush()


def drop_among(
    session: Session, chat_id: uuid.UUID, messages: SelectOfScalar[uuid.UUID]
) -> uuid.UUID | None:
    """End the run of this chat, and give it, if it writes one of these messages, which are about to
    be deleted.
    """
    there = col(AnswerRun.chat_id) == chat_id, col(AnswerRun.message_id).in_(messages)
    return session.exec(delete(AnswerRun).where(*there).returning(col(AnswerRun.run_id))).scalar()


def list_orphans(session: Session, seconds: float) -> list[Orphan]:
    """List the runs that were not heard of for so many seconds, by the database's clock."""
    columns = (AnswerRun.message_id, AnswerRun.chat_id, AnswerRun.run_id, AnswerRun.heartbeat)
    quiet = col(AnswerRun.heartbeat) <= clock() - seconds
    return [Orphan(*row) for row in session.exec(select(*columns).where(quiet))]


def end(
    session: Session, message_id: uuid.UUID, run_id: uuid.UUID, *, heartbeat: float | None = None
) -> bool:
    """End this very run, and tell whether it still was: whoever gets True writes the outcome.

    With `heartbeat` only if its worker has not been heard of since.
    """
    statement = delete(AnswerRun).where(
        col(AnswerRun.message_id) == message_id, col(AnswerRun.run_id) == run_id
    )
    if heartbeat is not None:
        statement = statement.where(col(AnswerRun.heartbeat) == heartbeat)
    return session.exec(statement).rowcount == 1


def drop_text(session: Session, message_id: uuid.UUID) -> None:
    """Let go of what the journal holds of this message: the message has it all."""
    session.exec(delete(MessageChunk).where(col(MessageChunk.message_id) == message_id))


def read_text(session: Session, message_id: uuid.UUID, seq: int = 0) -> Said:
    """Read what the journal holds from chunk `seq` on."""
    return read_texts(session, {message_id: seq})[message_id]


def read_texts(session: Session, read_from: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Said]:
    """Read what the journal holds of several messages, each from a chunk on; see `read_text`."""
    if not read_from:
        return {}
    new = [
        and_(col(MessageChunk.message_id) == message_id, col(MessageChunk.seq) >= seq)
        for message_id, seq in read_from.items()
    ]
    order = (col(MessageChunk.message_id), col(MessageChunk.seq))
    texts = {message_id: Said("", "", seq) for message_id, seq in read_from.items()}
    chunks = session.exec(select(MessageChunk).where(or_(*new)).order_by(*order)).all()
    for message_id, group in groupby(chunks, key=lambda chunk: chunk.message_id):
        read = list(group)
        texts[message_id] = Said(
            "".join(chunk.text for chunk in read if not chunk.is_reasoning),
            "".join(chunk.text for chunk in read if chunk.is_reasoning),
            read[-1].seq + 1,
        )
    return texts


def list_signs(session: Session, chat_ids: Collection[uuid.UUID]) -> list[Sign]:
    """List what tells whether these chats changed; a deleted one is left out."""
    statement = (
        select_columns(
            col(Chat.id),
            col(Chat.title),
            col(Chat.project_id),
            col(Chat.pinned_at),
            col(Chat.archived_at),
            col(Chat.active_leaf_id),
            col(Message.status),
            col(Message.ended_at),
            col(AnswerRun.message_id),
            col(AnswerRun.run_id),
        )
        .select_from(Chat)
        .join(Message, col(Message.id) == col(Chat.active_leaf_id), isouter=True)
        .join(AnswerRun, col(AnswerRun.chat_id) == col(Chat.id), isouter=True)
        .where(col(Chat.id).in_(chat_ids), col(Chat.deleted_at).is_(None))
    )
    return [Sign(*row) for row in session.connection().execute(statement)]
