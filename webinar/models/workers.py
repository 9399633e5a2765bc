"""Which worker processes are at work; a row lives as long as its process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webinar.clock import now
from webinar.models.base import NOTHING, Model, Utc


class WorkerBeat(Model):
    """A sign of life, renewed once a minute. `name` is the machine's and the process's number."""

    __tablename__ = "worker_beats"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True, info=NOTHING)
    started_at: Mapped[datetime] = mapped_column(Utc, default=now)
    beat_at: Mapped[datetime] = mapped_column(Utc, default=now)
