"""How Alembic reaches the database: always through `migrations.changing()`, never by itself.

`migrations.migrate()` hands its open transaction over; the `alembic` command opens one here.
"""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from chatbot_app import migrations
from chatbot_app import models as models  # importing it fills the metadata


def run(connection: Connection) -> None:
    """Run the steps that were asked for, all of them in the transaction that is open."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=migrations.is_modelled,
        render_as_batch=True,  # SQLite changes a table by rebuilding it
        transactional_ddl=True,  # SQLite can, once the driver leaves transactions alone (db.create)
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit(
        "Migrations run on a database, not as a script (--sql): SQLite rebuilds tables."
    )

if connection := context.config.attributes.get("connection"):
    run(connection)
else:
    with migrations.changing() as connection:
        run(connection)
