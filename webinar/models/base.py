"""What all tables share: the base class, UTC moments, wall-clock times, and the privacy of columns.

Every column that can hold text says whether it can hold personal data (`Privacy`); a test over the
metadata refuses a column that does not. Erasure, retention and export follow from it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, DateTime, Dialect, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from webinar.clock import now
from webinar.extensions import Base, db

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class Privacy(StrEnum):
    """What a column may hold of a person; the reason for erasing or keeping it."""

    NONE = "none"
    DIRECT = "direct"
    """Names, addresses, and whatever identifies by itself."""
    FREE = "free"
    """Written by people: may contain anything about anybody."""


def holds(privacy: Privacy) -> dict[str, Any]:
    """The `info` of a column that holds text, JSON or bytes."""
    return {"privacy": privacy}


NOTHING = holds(Privacy.NONE)
PERSONAL = holds(Privacy.DIRECT)
FREE = holds(Privacy.FREE)
DELETED_BY_EITHER: dict[str, Any] = {"confirm_deleted_rows": False}
"""The mapper of rows that two people may delete at the same moment: whoever comes second finds
nothing left to delete, and that is what was wanted."""


class Utc(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class WallClock(TypeDecorator[datetime]):
    """What the clock on the wall shows: a date and time without a zone, the zone stands beside it.

    The only naive datetimes of the program; `domain.times` turns them into moments.
    """

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("a wall clock shows no zone")
        return value


def sorted_text(length: int) -> String:
    """A text to sort by, byte by byte: PostgreSQL's own German order would skip hyphens and blanks
    where `text.sort_key` has decided already, and SQLite would order differently."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def public_id() -> str:
    """A random name for the outside world: 16 URL-safe characters, 96 bits."""
    return secrets.token_urlsafe(12)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that a state column holds one of the enum's values."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


class Timestamped:
    """When the row was written first and last."""

    created_at: Mapped[datetime] = mapped_column(Utc, default=now)
    changed_at: Mapped[datetime] = mapped_column(Utc, default=now, onupdate=now)
