"""Recordings on their way in: from the recorder or a link, until a person or a rule has decided.

What was decided for becomes a `Material`; what cannot be decided by itself waits for a person.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, Model, Timestamped, Utc, one_of, public_id
from webinar.models.materials import Material
from webinar.models.talks import Talk


class RecordingSource(StrEnum):
    JIBRI = "jibri"
    JAAS = "jaas"


class RecordingState(StrEnum):
    RECEIVING = "receiving"
    """Bytes are missing."""
    COMPLETE = "complete"
    """All bytes are there; a job compares their checksum."""
    STORED = "stored"
    """A material of its talk."""
    ASIDE = "aside"
    """Whole, and waiting for a person; `reason` says why."""
    DISCARDED = "discarded"
    FAILED = "failed"
    """Never came in; `reason` says why."""


class Aside(StrEnum):
    """Why a person has to decide, or why nothing came."""

    NONE = ""
    ROOM_UNKNOWN = "room_unknown"
    NO_CONSENT = "no_consent"
    """The talk is not recorded, or a speaker has not consented."""
    NO_VIDEO = "no_video"
    """The file is no recording that the archive takes."""
    LINK = "link"
    """The address may not be fetched from, or gave nothing."""
    TOO_LARGE = "too_large"


class Recording(Timestamped, Model):
    """One file. `key` names the upload: the same file announced twice is one row."""

    __tablename__ = "recordings"
    __table_args__ = (
        one_of("source", RecordingSource),
        one_of("state", RecordingState),
        one_of("reason", Aside),
        CheckConstraint("received >= 0 AND (size IS NULL OR received <= size)", name="received"),
        Index("ix_recordings_state_created_at", "state", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    key: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    source: Mapped[str] = mapped_column(String(8), info=NOTHING)
    state: Mapped[str] = mapped_column(String(12), default=RecordingState.RECEIVING, info=NOTHING)
    reason: Mapped[str] = mapped_column(String(16), default=Aside.NONE, info=NOTHING)
    room_name: Mapped[str] = mapped_column(String(200), info=FREE)
    """As the recorder named it: whoever can open a room of its own there can write anything."""
    link: Mapped[str] = mapped_column(String(2000), default="", info=FREE)
    """Where to fetch it from; opens the file without a password, so it goes once it was fetched."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes that lie on the disk, checked and synced."""
    sha256: Mapped[str | None] = mapped_column(String(64), info=NOTHING)
    media_type: Mapped[str] = mapped_column(String(120), default="", info=NOTHING)
    storage_key: Mapped[str | None] = mapped_column(String(80), unique=True, info=NOTHING)
    """While it waits for a person; afterwards the material has the bytes."""
    talk_id: Mapped[int | None] = mapped_column(ForeignKey("talks.id"), index=True)
    material_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="SET NULL"), index=True
    )
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Utc)

    talk: Mapped[Talk | None] = relationship()
    material: Mapped[Material | None] = relationship()
    account: Mapped[Account | None] = relationship()
