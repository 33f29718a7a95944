"""${message}.

Revises: ${down_revision | comma,n}
"""

import sqlalchemy as sa
${imports if imports else ""}
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step up, keeping every row."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Go one step down, keeping what the older schema can hold."""
    ${downgrades if downgrades else "pass"}
