"""The whole conversation: what a chat can be put to, what an answer took, and shared snapshots.

Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

ADDED = {
    "project": {"starters": (sa.Text(), "")},
    "chat": {
        "titled_by": (sa.String(16), "words"),
        "model": (sa.String(200), ""),
        "pinned_at": (MOMENT, None),
        "archived_at": (MOMENT, None),
        "deleted_at": (MOMENT, None),
    },
    "message": {
        "reasoning": (sa.Text(), ""),
        "reasoning_ms": (sa.Integer(), None),
        "duration_ms": (sa.Integer(), None),
        "prompt_tokens": (sa.Integer(), None),
        "completion_tokens": (sa.Integer(), None),
    },
    "message_chunk": {"is_reasoning": (sa.Boolean(), sa.false())},
}
"""Each column with what the rows that are there get; None: it may be empty."""


INDEXES = {
    "ix_chat_shown": (
        "chat",
        ["project_id", "last_message_at"],
        "archived_at IS NULL AND deleted_at IS NULL",
    ),
    "ix_chat_pinned": ("chat", ["project_id", "pinned_at"], "pinned_at IS NOT NULL"),
    "ix_chat_archived": ("chat", ["project_id", "archived_at"], "archived_at IS NOT NULL"),
    "ix_chat_deleted_at": ("chat", ["deleted_at"], "deleted_at IS NOT NULL"),
    "ix_message_chat_id_root": ("message", ["chat_id"], "parent_id IS NULL"),
}
"""What a list of chats shows, in its order; the few chats that are to be gone for good; and first
questions that were edited: all that stand in the first place of a chat.
"""


def upgrade() -> None:
    """Add to projects, chats, messages and the journal; nothing that is there changes."""
    for table, columns in ADDED.items():
        for name, (kind, filled) in columns.items():
            op.add_column(
                table, sa.Column(name, kind, nullable=filled is None, server_default=filled)
            )
    for name, (table, columns, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "shared_chat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shared_chat"),
        sa.UniqueConstraint("token", name="uq_shared_chat_token"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name="fk_shared_chat_user_id_user_account",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chat.id"], name="fk_shared_chat_chat_id_chat", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_shared_chat_user_id", "shared_chat", ["user_id"])
    op.create_index("ix_shared_chat_chat_id", "shared_chat", ["chat_id"])


def downgrade() -> None:
    """Drop what was added. Chats that were about to be deleted are, as the person wanted; thoughts of
    answers, pins and links go, archived chats are among the others again.
    """
    op.drop_table("shared_chat")
    _delete_deleted_chats()
    for name, (table, *_) in INDEXES.items():
        op.drop_index(name, table)
    op.execute("DELETE FROM message_chunk WHERE is_reasoning")
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)


def _delete_deleted_chats() -> None:
    # One by one, for nothing cascades on SQLite while it is migrated.
    chats = "(SELECT id FROM chat WHERE deleted_at IS NOT NULL)"
    messages = f"(SELECT id FROM message WHERE chat_id IN {chats})"  # noqa: S608 (constants)
    for statement in (
        f"DELETE FROM message_chunk WHERE message_id IN {messages}",  # noqa: S608
        f"DELETE FROM answer_run WHERE chat_id IN {chats}",  # noqa: S608
        f"DELETE FROM message WHERE chat_id IN {chats}",  # noqa: S608
        "DELETE FROM chat WHERE deleted_at IS NOT NULL",
    ):
        op.execute(statement)
