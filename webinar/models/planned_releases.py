"""Releases that an organiser has decided on and that happen at their time."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, Model, Timestamped, Utc, one_of
from webinar.models.talks import Talk


class PlanState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    CALLED_OFF = "called_off"
    FAILED = "failed"
    """Something stood in the way when the time came; `problem` says what."""


class PlannedRelease(Timestamped, Model):
    """What is released to whom at `due_at`. Without subject and text nobody is told."""

    __tablename__ = "planned_releases"
    __table_args__ = (
        one_of("state", PlanState),
        CheckConstraint("(subject = '') = (text = '')", name="words_together"),
        Index("ix_planned_releases_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(12), default=PlanState.WAITING, info=NOTHING)
    problem: Mapped[str] = mapped_column(String(40), default="", info=NOTHING)
    """The code of what stood in the way."""
    material_ids: Mapped[list[Any]] = mapped_column(JSON, default=list, info=NOTHING)
    groups: Mapped[list[Any]] = mapped_column(JSON, default=list, info=NOTHING)
    """Groups of the talk, as in `Grant.grantee`."""
    audience_ids: Mapped[list[Any]] = mapped_column(JSON, default=list, info=NOTHING)
    closes_on: Mapped[date | None]
    """From this day on nobody can open them any more."""
    subject: Mapped[str] = mapped_column(String(300), default="", info=FREE)
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    talk: Mapped[Talk] = relationship()
    account: Mapped[Account | None] = relationship()
