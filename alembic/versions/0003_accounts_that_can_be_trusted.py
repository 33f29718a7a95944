"""Accounts that can be trusted: roles, second factor, other sign-ins, links, invitations, audit.

Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED = {
    "user_account": {
        "role": (sa.String(16), "user"),
        "email_verified_at": (sa.DateTime(timezone=True), None),
    },
    "user_session": {
        "kind": (sa.String(16), "browser"),
        "device": (sa.String(120), ""),
        "address": (sa.String(64), ""),
        "refresh_number": (sa.Integer(), "0"),
    },
}
"""Each column with what the rows that are there get; None: it may be empty."""


def upgrade() -> None:
    """Add to accounts and sign-ins, and make the new tables; everybody is a user."""
    for table, columns in ADDED.items():
        for name, (kind, filled) in columns.items():
            op.add_column(
                table, sa.Column(name, kind, nullable=filled is None, server_default=filled)
            )
    op.create_table(
        "two_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_two_factor"),
        _owner("two_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_code"),
        _owner("recovery_code"),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identity_issuer_subject"),
        _owner("identity"),
    )
    op.create_index("ix_identity_user_id", "identity", ["user_id"])
    _create_links()
    _create_audit()


def _create_links() -> None:
    op.create_table(
        "mailed_link",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_mailed_link"),
        _owner("mailed_link"),
    )
    op.create_index("ix_mailed_link_user_id", "mailed_link", ["user_id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("invited_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["user_account.id"],
            name="fk_invitation_invited_by_user_account",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_invitation_invited_by", "invitation", ["invited_by"])


def _create_audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("target_id", sa.Uuid()),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    for column in ("actor_id", "target_id", "action", "outcome"):
        op.create_index(f"ix_audit_entry_{column}_id", "audit_entry", [column, "id"])
    op.create_index("ix_audit_entry_created_at", "audit_entry", ["created_at"])
    # Append-only: whoever gets to write through the application can't cover the tracks.
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE deletes without a word to a trigger of deletions.
        is_there = "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)"
        for change, condition in (("UPDATE", ""), ("DELETE", ""), ("INSERT", is_there)):
            op.execute(
                f"CREATE TRIGGER audit_entry_keeps_{change.lower()} BEFORE {change} ON audit_entry"
                f" {condition} BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_entry_keeps() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_keeps()"
    )


def downgrade() -> None:
    """Drop what was added. Accounts that were disabled stay so; roles and second factors go."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in (
        "audit_entry",
        "invitation",
        "mailed_link",
        "identity",
        "recovery_code",
        "two_factor",
    ):
        op.drop_table(table)
    if not is_sqlite:
        op.execute("DROP FUNCTION audit_entry_keeps()")
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_user_account"
    return sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=name, ondelete="CASCADE")
