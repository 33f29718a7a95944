"""Answers survive a crash: who writes which answer, and what was said so far.

Revises: 0001
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

message = sa.table(
    "message",
    sa.column("id", sa.Uuid()),
    sa.column("status", sa.String()),
    sa.column("content", sa.Text()),
    sa.column("error", sa.Text()),
    sa.column("ended_at", sa.DateTime(timezone=True)),
)
chunk = sa.table(
    "message_chunk",
    sa.column("message_id", sa.Uuid()),
    sa.column("seq", sa.Integer()),
    sa.column("text", sa.Text()),
)


def upgrade() -> None:
    """Make both tables; what a stopped server left unfinished is interrupted."""
    op.create_table(
        "answer_run",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("heartbeat", sa.Float(), nullable=False),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_answer_run"),
        sa.UniqueConstraint("chat_id", name="uq_answer_run_chat_id"),
        _owner("answer_run", "message_id", "message"),
        _owner("answer_run", "chat_id", "chat"),
    )
    op.create_table(
        "message_chunk",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "seq", name="pk_message_chunk"),
        _owner("message_chunk", "message_id", "message"),
        sqlite_with_rowid=False,
    )
    _interrupt()
    op.drop_index("ix_message_generating", "message")


def downgrade() -> None:
    """Put what was said into the messages, then drop both tables."""
    op.create_index(
        "ix_message_generating",
        "message",
        ["status"],
        sqlite_where=sa.text("status = 'generating'"),
        postgresql_where=sa.text("status = 'generating'"),
    )
    connection = op.get_bind()
    said: dict[object, list[str]] = {}
    for message_id, text in connection.execute(
        sa.select(chunk.c.message_id, chunk.c.text).order_by(chunk.c.message_id, chunk.c.seq)
    ):
        said.setdefault(message_id, []).append(text)
    for message_id, texts in said.items():
        connection.execute(
            message.update()
            .where(message.c.id == message_id)
            .values(content=message.c.content + "".join(texts))
        )
    _interrupt()
    op.drop_table("message_chunk")
    op.drop_table("answer_run")


def _interrupt() -> None:
    op.execute(
        message.update()
        .where(message.c.status == "generating")
        .values(
            status="interrupted",
            error="The server stopped before this answer was finished.",
            ended_at=datetime.now(UTC),
        )
    )


def _owner(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")
