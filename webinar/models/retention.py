"""What goes on schedule: the terms that an administrator chose, and how much of which kind went
when. It names nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webinar.clock import now
from webinar.models.base import NOTHING, Model, Timestamped, Utc


class RetentionTerm(Timestamped, Model):
    """A term written at the desk; a kind without a row has the term of the settings."""

    __tablename__ = "retention_terms"
    __table_args__ = (CheckConstraint("days > 0", name="days_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), unique=True, info=NOTHING)
    """A name of `domain.retention.KINDS`, or `domain.retention_terms.GENERAL`."""
    days: Mapped[int]


class RetentionCount(Model):
    """How much of one kind of data went in one run."""

    __tablename__ = "retention_counts"
    __table_args__ = (
        CheckConstraint("count > 0", name="count_positive"),
        Index("ix_retention_counts_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc, default=now)
    kind: Mapped[str] = mapped_column(String(40), info=NOTHING)
    """A name of `domain.retention.KINDS`."""
    count: Mapped[int]
