"""Background work: rows that a worker claims under a lease."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webinar.clock import now
from webinar.models.base import FREE, NOTHING, Model, Timestamped, Utc, one_of


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Timestamped, Model):
    """`key` makes work unique: a second request for the same work finds the row.

    `fence` rises with every claim; a worker whose lease ran out can no longer finish the job.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", JobState),
        Index("ix_jobs_state_run_at", "state", "run_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), info=NOTHING)
    key: Mapped[str] = mapped_column(String(200), unique=True, info=NOTHING)
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=NOTHING)
    """Ids and numbers only."""
    state: Mapped[str] = mapped_column(String(8), default=JobState.QUEUED, info=NOTHING)
    run_at: Mapped[datetime] = mapped_column(Utc, default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    lease_owner: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    fence: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="", info=FREE)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
