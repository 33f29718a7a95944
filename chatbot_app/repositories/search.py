"""Looking for words in all that one person said and was told, newest first.

The databases keep the index themselves (migration 0005): on SQLite an FTS5 table, on PostgreSQL
vectors with a GIN index. In both the owner is a term of it, so that what others wrote is not even
looked at; that what was found is the person's own is asked again of the messages themselves.
Nothing is ranked: to weigh a hundred thousand hits takes longer than to read the newest twenty.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from chatbot_app.models import Chat, Message, MessageSearch, Project

RECENT = 1000
"""So many of a person's newest messages PostgreSQL goes through one by one. What occurs often is
found there twenty times soon; what is not, is rare enough to be gathered by the index.
"""

TITLES = 2000
"""So many of a person's chats, latest activity first, are looked through for a title."""

_BEHIND_ALL = 2**63 - 1
_LONGEST_STRIDE = 1000  # hits that are looked at together, where many are in deleted chats

_TitleRow = sa.Row[str, str, str, bool]

_ids = sa.table("message_words", sa.column("rowid"), sa.column("message_words"))
_vectors = sa.table(
    "message_search", sa.column("id"), sa.column("user_id", sa.Uuid()), sa.column("words")
)


class Words(NamedTuple):
    """Words that have to stand side by side; of the last one with `is_prefix` the beginning is
    enough. At least one letter or digit is in them.
    """

    text: str
    is_prefix: bool = False


class Hit(NamedTuple):
    """A message that was found. `number` says where it stands among all: the newest is the highest."""

    number: int
    message_id: uuid.UUID
    role: str
    content: str
    created_at: datetime
    chat_id: uuid.UUID
    project_id: uuid.UUID
    chat_title: str
    is_archived: bool


class Title(NamedTuple):
    """A chat by its title."""

    chat_id: uuid.UUID
    project_id: uuid.UUID
    title: str
    is_archived: bool


def find_messages(
    session: Session,
    user_id: uuid.UUID,
    wanted: Sequence[Words],
    *,
    before: int | None = None,
    limit: int,
) -> list[Hit]:
    """Find a person's messages in which all that is wanted occurs, newest first; with `before` those
    behind that number. What is in deleted chats is not found.
    """
    found: list[Hit] = []
    stride = limit
    while wanted and len(found) < limit:
        numbers = _numbers(session, user_id, wanted, before, stride)
        if numbers:
            found += _read(session, user_id, numbers)
        if len(numbers) < stride:
            break
        before, stride = numbers[-1], min(2 * stride, _LONGEST_STRIDE)
    return found[:limit]


def list_titles(session: Session, user_id: uuid.UUID, *, limit: int) -> list[Title]:
    """List a person's chats over all projects by their titles, latest activity first."""
    return [_title(row) for row in _rows_of_titles(session, user_id, limit)]


def find_titles(
    session: Session, user_id: uuid.UUID, is_meant: Callable[[str], bool], *, limit: int
) -> list[Title]:
    """List those of a person's chats whose title is meant, so many at most, latest activity first."""
    meant = (row for row in _rows_of_titles(session, user_id, TITLES) if is_meant(row.title))
    return [_title(row) for row in islice(meant, limit)]


def _rows_of_titles(session: Session, user_id: uuid.UUID, limit: int) -> Sequence[_TitleRow]:
    statement = (
        # As text: to make ids of all takes longer than to read them, and most are not wanted.
        sa.select(
            sa.cast(Chat.id, sa.Text),
            sa.cast(Chat.project_id, sa.Text),
            col(Chat.title),
            col(Chat.archived_at).is_not(None),
        )
        .join(Project)
        .where(col(Project.user_id) == user_id, col(Chat.deleted_at).is_(None))
        .order_by(col(Chat.last_message_at).desc())
        .limit(limit)
    )
    return session.connection().execute(statement).all()


def _title(row: _TitleRow) -> Title:
    chat_id, project_id, title, is_archived = row
    return Title(uuid.UUID(chat_id), uuid.UUID(project_id), title, is_archived)


def _numbers(
    session: Session, user_id: uuid.UUID, wanted: Sequence[Words], before: int | None, limit: int
) -> list[int]:
    if session.get_bind().dialect.name == "sqlite":
        return _numbers_in_sqlite(session, user_id, wanted, before, limit)
    return _numbers_in_postgresql(session, user_id, wanted, before, limit)


def _numbers_in_sqlite(
    session: Session, user_id: uuid.UUID, wanted: Sequence[Words], before: int | None, limit: int
) -> list[int]:
    # Within quotes nothing is an operator, and FTS5 cuts what it finds there into words itself.
    every = " AND ".join(
        '"{}"{}'.format(words.text.replace('"', '""'), " *" if words.is_prefix else "")
        for words in wanted
    )
    query = f'owner : "{user_id.hex}" AND words : ({every})'
    statement = sa.select(_ids.c.rowid).where(_ids.c.message_words.op("MATCH")(query))
    if before is not None:
        statement = statement.where(_ids.c.rowid < before)
    rows = session.connection().execute(statement.order_by(_ids.c.rowid.desc()).limit(limit))
    return [number for (number,) in rows]


def _numbers_in_postgresql(
    session: Session, user_id: uuid.UUID, wanted: Sequence[Words], before: int | None, limit: int
) -> list[int]:
    connection = session.connection()
    every = _tsquery(wanted)
    # Compared by both at once, or the planner might go back through what others wrote.
    place = sa.tuple_(_vectors.c.user_id, _vectors.c.id)
    end = _BEHIND_ALL if before is None else before
    own = sa.select(_vectors).where(place < (user_id, end), place > (user_id, 0))
    own = own.order_by(_vectors.c.user_id.desc(), _vectors.c.id.desc())
    recent = own.limit(RECENT).subquery("recent")
    newest = sa.select(recent.c.id).where(recent.c.words.op("@@")(every))
    newest = newest.order_by(recent.c.id.desc()).limit(limit)
    numbers = [number for (number,) in connection.execute(newest)]
    if len(numbers) == limit:
        return numbers
    size = sa.func.numnode(every)
    last = own.with_only_columns(_vectors.c.id, size).offset(RECENT - 1).limit(1)
    floor, words_asked = connection.execute(last).first() or (None, 0)
    # Signs that are no words to PostgreSQL ask for nothing, and with the owner for all that is hers.
    if floor is None or not words_asked:
        return numbers
    # Apart (OFFSET), or the planner might go through all that is older one by one, hoping for a hit;
    # and asked for by a subquery, or where it knows the words to be common it might read the table.
    owner = sa.cast(sa.literal(f"'@{user_id}'"), _TsQuery())
    query = sa.select(owner.op("&&")(every)).scalar_subquery()
    hits = sa.select(_vectors.c.id).where(_vectors.c.words.op("@@")(query), _vectors.c.id < floor)
    gathered = hits.offset(0).subquery("gathered")
    older = sa.select(gathered.c.id).order_by(gathered.c.id.desc()).limit(limit - len(numbers))
    return numbers + [number for (number,) in connection.execute(older)]


class _TsQuery(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


def _tsquery(wanted: Sequence[Words]) -> Any:
    every: Any = None
    for words in wanted:
        plain = sa.func.plain_words(words.text)
        one: Any = sa.func.phraseto_tsquery(sa.text("'simple'"), plain)
        if words.is_prefix:
            text = sa.func.nullif(sa.cast(one, sa.Text()), "")
            one = sa.cast(sa.func.coalesce(text.op("||")(":*"), ""), _TsQuery())
        every = one if every is None else every.op("&&")(one)
    return every


def _owner_of_chat() -> Any:
    # A subquery and no join, so that planners begin at what was found; see `messages`.
    owner = select(Project.user_id).where(col(Project.id) == col(Chat.project_id))
    return owner.correlate(Chat).scalar_subquery()


def _read(session: Session, user_id: uuid.UUID, numbers: Sequence[int]) -> list[Hit]:
    statement = (
        sa.select(
            col(MessageSearch.id),
            col(Message.id),
            col(Message.role),
            col(Message.content),
            col(Message.created_at),
            col(Chat.id),
            col(Chat.project_id),
            col(Chat.title),
            col(Chat.archived_at).is_not(None),
        )
        .select_from(MessageSearch)
        .join(Message, col(Message.id) == col(MessageSearch.message_id))
        .join(Chat, col(Chat.id) == col(Message.chat_id))
        .where(
            col(MessageSearch.id).in_(numbers),
            _owner_of_chat() == user_id,
            col(Chat.deleted_at).is_(None),
        )
        .order_by(col(MessageSearch.id).desc())
    )
    return [Hit(*row) for row in session.connection().execute(statement)]
