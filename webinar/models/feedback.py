"""What people thought of an evening, without saying who they are."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webinar.models.base import FREE, NOTHING, Model


class Feedback(Model):
    """A mark and words. Nothing leads to the person: no link, no registration, and of the time only
    the day, since the moment of leaving the room stands in the attendance."""

    __tablename__ = "feedbacks"
    __table_args__ = (CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"), index=True)
    ticket: Mapped[str] = mapped_column(String(32), unique=True, info=NOTHING)
    """Drawn at the click into the room and kept nowhere else: one feedback for each click."""
    given_on: Mapped[date]
    rating: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
