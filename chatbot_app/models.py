"""Every table. No queries here, and no `State` ever holds a row: `schemas` cross to the page.

Keys are UUIDs, times are UTC. A user owns projects, a project owns chats, a chat owns messages;
deleting one deletes what it owns. A message's `parent_id` makes the conversation a tree: an edit
or another answer is a sibling, so nothing ever rewrites a chat. `parent_id` does not cascade, for
SQLite gives up on chains of about a thousand.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

# Every constraint has a name that a later migration can drop it by; SQLite gives none of its own.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """Give the present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment that goes in with a timezone and comes back in UTC, SQLite's as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a timezone (ValueError): nobody can say which moment it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a timezone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(*, nullable: bool = False) -> Any:
    return Column(UtcDateTime(), nullable=nullable)


def _owner(target: str, *, unique: bool = False) -> Any:
    key = ForeignKey(target, ondelete="CASCADE")
    return Column(Uuid(), key, nullable=False, unique=unique or None)


class User(SQLModel, table=True):
    """A person with an account. `email` is in lower case; `disabled_at` set: may not sign in.

    `role` is user or admin. An empty `password_hash`: this person signs in elsewhere, and no
    password fits. `email_verified_at` set: somebody who reads that mailbox has said so.
    """

    __tablename__: ClassVar[Any] = "user_account"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    name: str = Field(max_length=120)
    password_hash: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    disabled_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    role: str = Field(default="user", max_length=16)
    email_verified_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class UserSession(SQLModel, table=True):
    """One sign-in, of a browser or of a program: a JWT names it; gone or revoked, it is over.

    `kind` is browser or program, `device` says which for people, and `address` is where it was
    begun from. A program's refresh token carries `refresh_number`: one with another number was used
    before.
    """

    __tablename__: ClassVar[Any] = "user_session"
    __table_args__: ClassVar[Any] = (Index("ix_user_session_user_id", "user_id"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=_owner("user_account.id"))
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    last_seen_at: datetime = Field(default_factory=now, sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    kind: str = Field(default="browser", max_length=16)
    device: str = Field(default="", max_length=120)
    address: str = Field(default="", max_length=64)
    refresh_number: int = Field(default=0)


class TwoFactor(SQLModel, table=True):
    """A person's authenticator app. Until `confirmed_at` is set it is not asked for.

    `secret` is encrypted. `last_step` is the time step (RFC 6238) of the last code that was taken,
    so that none is taken twice.
    """

    __tablename__: ClassVar[Any] = "two_factor"

    user_id: uuid.UUID = Field(
        sa_column=Column(
            Uuid(), ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
        )
    )
    secret: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    confirmed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    last_step: int = Field(default=0)


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for the authenticator once: used, its row is gone."""

    __tablename__: ClassVar[Any] = "recovery_code"

    user_id: uuid.UUID = Field(
        sa_column=Column(
            Uuid(), ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
        )
    )
    code_hash: str = Field(max_length=64, primary_key=True)


class Identity(SQLModel, table=True):
    """Who a person is at an identity provider: `subject` never changes there, an e-mail may."""

    __tablename__: ClassVar[Any] = "identity"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("issuer", "subject"),
        Index("ix_identity_user_id", "user_id"),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=_owner("user_account.id"))
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    email: str = Field(max_length=254)
    created_at: datetime = Field(default_factory=now, sa_column=_moment())


class MailedLink(SQLModel, table=True):
    """A link that proves whoever opens it reads the account's mail; good once.

    `purpose` is reset or verify. Only a hash of what stands in the link is kept.
    """

    __tablename__: ClassVar[Any] = "mailed_link"
    __table_args__: ClassVar[Any] = (Index("ix_mailed_link_user_id", "user_id"),)

    token_hash: str = Field(max_length=64, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=_owner("user_account.id"))
    purpose: str = Field(max_length=16)
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())


class Invitation(SQLModel, table=True):
    """A link that lets somebody register: for one address if `email` is set. Taken or withdrawn,
    its row is gone. `invited_by` is nobody for the first administrator's.
    """

    __tablename__: ClassVar[Any] = "invitation"
    __table_args__: ClassVar[Any] = (Index("ix_invitation_invited_by", "invited_by"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    email: str = Field(default="", max_length=254)
    role: str = Field(default="user", max_length=16)
    invited_by: uuid.UUID | None = Field(
        default=None,
        sa_column=Column(Uuid(), ForeignKey("user_account.id", ondelete="SET NULL"), nullable=True),
    )
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())


class AuditEntry(SQLModel, table=True):
    """What happened to accounts, for whoever looks after the site. The database itself refuses to
    change or delete a row.

    It holds ids in place of names and e-mails, so that a deleted account leaves none behind: who
    acted, whom or what it was done to. `outcome` is done or refused; `detail` is a few plain words.
    """

    __tablename__: ClassVar[Any] = "audit_entry"
    __table_args__: ClassVar[Any] = (
        Index("ix_audit_entry_actor_id_id", "actor_id", "id"),
        Index("ix_audit_entry_target_id_id", "target_id", "id"),
        Index("ix_audit_entry_action_id", "action", "id"),
        Index("ix_audit_entry_outcome_id", "outcome", "id"),
        Index("ix_audit_entry_created_at", "created_at"),
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
    )
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    action: str = Field(max_length=40)
    outcome: str = Field(max_length=16)
    actor_id: uuid.UUID | None = Field(default=None)
    target_id: uuid.UUID | None = Field(default=None)
    address: str = Field(default="", max_length=64)
    request_id: str = Field(default="", max_length=32)
    detail: str = Field(default="", sa_column=Column(Text(), nullable=False))


class Project(SQLModel, table=True):
    """An agent: a name, a system prompt, how to call the model. An empty `model`: the default.

    `starters` are questions that a new chat suggests, one a line; empty: those of every project.
    """

    __tablename__: ClassVar[Any] = "project"
    __table_args__: ClassVar[Any] = (Index("ix_project_user_id", "user_id"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=_owner("user_account.id"))
    name: str = Field(max_length=120)
    description: str = Field(default="", sa_column=Column(Text(), nullable=False))
    system_prompt: str = Field(default="", sa_column=Column(Text(), nullable=False))
    model: str = Field(default="", max_length=200)
    temperature: float | None = Field(default=None)
    starters: str = Field(default="", sa_column=Column(Text(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    updated_at: datetime = Field(default_factory=now, sa_column=_moment())


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
    project_id: uuid.UUID = Field(sa_column=_owner("project.id"))
    title: str = Field(max_length=120)
    titled_by: str = Field(default="words", max_length=16)
    model: str = Field(default="", max_length=200)
    pinned_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    archived_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    deleted_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    active_leaf_id: uuid.UUID | None = Field(default=None)
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    last_message_at: datetime = Field(default_factory=now, sa_column=_moment())


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
    chat_id: uuid.UUID = Field(sa_column=_owner("chat.id"))
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
    created_at: datetime = Field(default_factory=now, sa_column=_moment())
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


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
    user_id: uuid.UUID = Field(sa_column=_owner("user_account.id"))
    chat_id: uuid.UUID = Field(sa_column=_owner("chat.id"))
    token: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=120)
    content: str = Field(sa_column=Column(Text(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=_moment())


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
    message_id: uuid.UUID = Field(sa_column=_owner("message.id", unique=True))
    user_id: uuid.UUID
