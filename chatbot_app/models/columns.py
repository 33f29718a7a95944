"""What columns of all tables are made of, and how constraints are named."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, ForeignKey, Uuid
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

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


def moment(*, nullable: bool = False) -> Any:
    """Make a column for a moment."""
    return Column(UtcDateTime(), nullable=nullable)


def owner(target: str, *, unique: bool = False) -> Any:
    """Make a column for the row that owns this one, and takes it along when it is deleted."""
    key = ForeignKey(target, ondelete="CASCADE")
    return Column(Uuid(), key, nullable=False, unique=unique or None)
