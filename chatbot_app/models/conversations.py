"""Projects, their chats, what is said in them, and what is kept beside it."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from chatbot_app.models.columns import moment, now, owner


class Project(SQLModel, table=True):
    """An agent: a name, a system prompt, how to call the model. An empty `model`: the default.

    `starters` are questions that a new chat suggests, one a line; empty: those of every project.
    """

    __tablename__: ClassVar[Any] = "project"
    __table_args__: ClassVar[Any] = (Index("ix_project_user_id", "user_id"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=owner("user_account.id"))
    name: str = Field(max_length=120)
    description: str = Field(default="", sa_column=Column(Text(), nullable=False))
    system_prompt: str = Field(default="", sa_column=Column(Text(), nullable=False))
    model: str = Field(default="", max_length=200)
    temperature: float | None = Field(default=None)
    starters: str = Field(default="", sa_column=Column(Text(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    updated_at: datetime = Field(default_factory=now, sa_column=moment())


class Chat(SQLModel, table=True):
    """A conversation within a project; a row from its first message on, not before.

    `active_leaf_id` is the last message of the branch that is shown. It is no foreign key, for
    chat and message would then each need the other first. `titled_by` is words (the first of the
    first question), model or person. An empty `model`: the project's. `deleted_at` set: gone for
    everybody, and the row follows as soon as nobody may change their mind any more.
    """

    __tablename__: ClassVar[Any] = "chat"
    __table_args__: ClassVar[Any] = (
        Index("ix_chat_project_id_last_message_at", "project_id", "last_message_at"),
        # Lists walk along these: what does not belong there is not in them.
        Index(
            "ix_chat_shown",
            "project_id",
            "last_message_at",
            sqlite_where=text("archived_at IS NULL AND deleted_at IS NULL"),
            postgresql_where=text("archived_at IS NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_chat_pinned",
            "project_id",
            "pinned_at",
            sqlite_where=text("pinned_at IS NOT NULL"),
            postgresql_where=text("pinned_at IS NOT NULL"),
        ),
        Index(
            "ix_chat_archived",
            "project_id",
            "archived_at",
            sqlite_where=text("archived_at IS NOT NULL"),
            postgresql_where=text("archived_at IS NOT NULL"),
        ),
        Index(
            "ix_chat_deleted_at",
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    project_id: uuid.UUID = Field(sa_column=owner("project.id"))
    title: str = Field(max_length=120)
    titled_by: str = Field(default="words", max_length=16)
    model: str = Field(default="", max_length=200)
    pinned_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    archived_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    deleted_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    active_leaf_id: uuid.UUID | None = Field(default=None)
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    last_message_at: datetime = Field(default_factory=now, sa_column=moment())


class Message(SQLModel, table=True):
    """One turn's half: what a person asked, or what the model answered.

    `role` is user or assistant; `status` is complete for a user's message and, for an answer,
    generating, complete, stopped, interrupted or failed. `error` is the readable reason of a
    failed or interrupted answer.

    `reasoning` is what the model thought before it answered, as far as it says so, within
    `reasoning_ms`; `duration_ms` is how long the answer took in all. The provider counts the tokens:
    None where it did not.
    """

    __tablename__: ClassVar[Any] = "message"
    __table_args__: ClassVar[Any] = (
        Index("ix_message_chat_id", "chat_id"),
        Index("ix_message_parent_id", "parent_id"),
        # The few that stand in the first place of their chat.
        Index(
            "ix_message_chat_id_root",
            "chat_id",
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    chat_id: uuid.UUID = Field(sa_column=owner("chat.id"))
    parent_id: uuid.UUID | None = Field(
        default=None, sa_column=Column(Uuid(), ForeignKey("message.id"), nullable=True)
    )
    role: str = Field(max_length=16)
    status: str = Field(max_length=16)
    content: str = Field(default="", sa_column=Column(Text(), nullable=False))
    error: str = Field(default="", sa_column=Column(Text(), nullable=False))
    model: str = Field(default="", max_length=200)
    reasoning: str = Field(default="", sa_column=Column(Text(), nullable=False))
    reasoning_ms: int | None = Field(default=None)
    duration_ms: int | None = Field(default=None)
    prompt_tokens: int | None = Field(default=None)
    completion_tokens: int | None = Field(default=None)
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class AnswerRun(SQLModel, table=True):
    """An answer that is being written, for as long as it is: `generating` is the status of exactly
    those messages that have a run.

    Whoever deletes this row ends the answer, so only one ever does. `run_id` tells this writing
    from a later one of the same message; `heartbeat` is when its worker last said that it lives, in
    seconds since 1970 by the database's clock. A chat has one run at most.
    """

    __tablename__: ClassVar[Any] = "answer_run"

    message_id: uuid.UUID = Field(
        sa_column=Column(Uuid(), ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    )
    chat_id: uuid.UUID = Field(
        sa_column=Column(
            Uuid(), ForeignKey("chat.id", ondelete="CASCADE"), nullable=False, unique=True
        )
    )
    run_id: uuid.UUID
    heartbeat: float
    stop_requested: bool = Field(default=False)


class MessageChunk(SQLModel, table=True):
    """A stretch of a running answer, or of the thoughts before it (`is_reasoning`), behind what its
    message holds already and in order of `seq`.

    Written once, read by those who follow from another worker or come after a crash, and gone when
    the answer ends: the message has the whole text then.
    """

    __tablename__: ClassVar[Any] = "message_chunk"
    # One tree instead of two: each commit writes whole pages.
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    message_id: uuid.UUID = Field(
        sa_column=Column(Uuid(), ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    )
    seq: int = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text(), nullable=False))
    is_reasoning: bool = Field(default=False)


class SharedChat(SQLModel, table=True):
    """A snapshot of a chat for whoever has the link: what its owner saw at that moment, and nothing
    that came later.

    `content` is the messages as JSON. The link goes with the chat, and with its owner.
    """

    __tablename__: ClassVar[Any] = "shared_chat"
    __table_args__: ClassVar[Any] = (
        Index("ix_shared_chat_user_id", "user_id"),
        Index("ix_shared_chat_chat_id", "chat_id"),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=owner("user_account.id"))
    chat_id: uuid.UUID = Field(sa_column=owner("chat.id"))
    token: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=120)
    content: str = Field(sa_column=Column(Text(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=moment())


class MessageSearch(SQLModel, table=True):
    """The place of a message that has a text in the search index, in order of their coming.

    Kept by triggers on `message`, like the words beside it, which no model holds: see
    `migrations.is_modelled`. Written by nobody else.
    """

    __tablename__: ClassVar[Any] = "message_search"
    __table_args__: ClassVar[Any] = (Index("ix_message_search_user_id_id", "user_id", "id"),)

    id: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
    )
    message_id: uuid.UUID = Field(sa_column=owner("message.id", unique=True))
    user_id: uuid.UUID
