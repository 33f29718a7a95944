"""People, how they come in, and what is noted about it."""

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
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field, SQLModel

from chatbot_app.models.columns import moment, now, owner


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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    disabled_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    role: str = Field(default="user", max_length=16)
    email_verified_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class UserSession(SQLModel, table=True):
    """One sign-in, of a browser or of a program: a JWT names it; gone or revoked, it is over.

    `kind` is browser or program, `device` says which for people, and `address` is where it was
    begun from. A program's refresh token carries `refresh_number`: one with another number was used
    before.
    """

    __tablename__: ClassVar[Any] = "user_session"
    __table_args__: ClassVar[Any] = (Index("ix_user_session_user_id", "user_id"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=owner("user_account.id"))
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    last_seen_at: datetime = Field(default_factory=now, sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    confirmed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
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
    user_id: uuid.UUID = Field(sa_column=owner("user_account.id"))
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    email: str = Field(max_length=254)
    created_at: datetime = Field(default_factory=now, sa_column=moment())


class MailedLink(SQLModel, table=True):
    """A link that proves whoever opens it reads the account's mail; good once.

    `purpose` is reset or verify. Only a hash of what stands in the link is kept.
    """

    __tablename__: ClassVar[Any] = "mailed_link"
    __table_args__: ClassVar[Any] = (Index("ix_mailed_link_user_id", "user_id"),)

    token_hash: str = Field(max_length=64, primary_key=True)
    user_id: uuid.UUID = Field(sa_column=owner("user_account.id"))
    purpose: str = Field(max_length=16)
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())


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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())


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
    created_at: datetime = Field(default_factory=now, sa_column=moment())
    action: str = Field(max_length=40)
    outcome: str = Field(max_length=16)
    actor_id: uuid.UUID | None = Field(default=None)
    target_id: uuid.UUID | None = Field(default=None)
    address: str = Field(default="", max_length=64)
    request_id: str = Field(default="", max_length=32)
    detail: str = Field(default="", sa_column=Column(Text(), nullable=False))
