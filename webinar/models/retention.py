"""What went on schedule: how much of which kind, and when. It names nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webinar.clock import now
from webinar.models.base import NOTHING, Model, Utc


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
