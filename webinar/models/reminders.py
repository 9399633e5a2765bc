"""When a talk reminds whom. Which mails come of it follows from `domain.reminders`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.base import NOTHING, Model, Timestamped, Utc, one_of
from webinar.models.talks import Talk


class Reminded(StrEnum):
    """Whom a reminder goes to."""

    UNANSWERED = "unanswered"
    """The invited who have not answered; counted back from the closing time."""
    COMING = "coming"
    """Who has a place; counted back from the start."""
    SPEAKERS = "speakers"
    """Counted back from the start."""


class Reminder(Timestamped, Model):
    """One step of a talk: so many days (the same wall clock) or minutes before.

    `done_for` is the due moment that was worked off: a talk that moves has another, and is worked
    off again for it.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        one_of("reminded", Reminded),
        UniqueConstraint("talk_id", "reminded", "days", "minutes"),
        CheckConstraint("(days > 0 AND minutes = 0) OR (days = 0 AND minutes > 0)", name="before"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    reminded: Mapped[str] = mapped_column(String(12), info=NOTHING)
    days: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int] = mapped_column(default=0)
    done_for: Mapped[datetime | None] = mapped_column(Utc)

    talk: Mapped[Talk] = relationship()
