"""What an organiser makes of a recording: its chapters, and a cut at start and end.

The recording itself is a `Material`; its subtitles are one too, with their lines beside them.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.base import DELETED_BY_EITHER, FREE, NOTHING, Model, Timestamped, one_of
from webinar.models.materials import Material


class Chapter(Model):
    """A part of a recording that begins at a moment."""

    __tablename__ = "chapters"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        UniqueConstraint("material_id", "start_ms"),
        CheckConstraint("start_ms >= 0", name="time_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    start_ms: Mapped[int]
    title: Mapped[str] = mapped_column(String(200), info=FREE)


class CutState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    """Made and lying beside the original until somebody decides."""
    FAILED = "failed"


class RecordingCut(Timestamped, Model):
    """A shorter version of a recording beside its original; at most one."""

    __tablename__ = "recording_cuts"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        one_of("state", CutState),
        CheckConstraint("start_ms >= 0 AND end_ms > start_ms", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), unique=True
    )
    source_key: Mapped[str] = mapped_column(String(80), info=NOTHING)
    """The bytes that it was asked of: a cut of others is not used."""
    start_ms: Mapped[int]
    """As asked. Once ready: where it really begins, at the picture in front that stands alone."""
    end_ms: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default=CutState.WAITING, info=NOTHING)
    note: Mapped[str] = mapped_column(String(40), default="", info=NOTHING)
    """A code that the desk translates."""
    storage_key: Mapped[str | None] = mapped_column(String(80), unique=True, info=NOTHING)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64), info=NOTHING)
    duration_ms: Mapped[int | None]

    material: Mapped[Material] = relationship()
