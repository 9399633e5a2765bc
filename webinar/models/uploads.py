"""Files on their way in from a browser, until they are a material or were refused."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, Model, Timestamped, Utc, one_of, public_id
from webinar.models.materials import MaterialKind
from webinar.models.talks import Talk


class UploadState(StrEnum):
    RECEIVING = "receiving"
    """Bytes are missing."""
    COMPLETE = "complete"
    """All bytes are there; a job checks what they are."""
    STORED = "stored"
    """A material of its talk."""
    REFUSED = "refused"
    """Not taken; `reason` says why."""


class Upload(Timestamped, Model):
    """One file. Its bytes wait in `adapters.incoming` under `public_id`."""

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("kind", MaterialKind),
        one_of("state", UploadState),
        CheckConstraint("received >= 0 AND received <= size", name="received"),
        Index("ix_uploads_talk_id_state", "talk_id", "state"),
        Index("ix_uploads_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), info=NOTHING)
    title: Mapped[str] = mapped_column(String(200), default="", info=FREE)
    file_name: Mapped[str] = mapped_column(String(255), info=FREE)
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes that stay, whatever happens to the process that took them."""
    state: Mapped[str] = mapped_column(String(12), default=UploadState.RECEIVING, info=NOTHING)
    reason: Mapped[str] = mapped_column(String(40), default="", info=NOTHING)
    """The code of why it was refused."""
    about: Mapped[str] = mapped_column(String(200), default="", info=FREE)
    """What the sentence of that code names: another material, or what the scanner found."""
    writer: Mapped[str | None] = mapped_column(String(32), info=NOTHING)
    """The request that writes at the moment; nobody else may before `writer_until`."""
    writer_until: Mapped[datetime | None] = mapped_column(Utc)
    storage_key: Mapped[str | None] = mapped_column(String(80), unique=True, info=NOTHING)
    """Where its bytes will go, made before they do: a job that dies in between finds them there."""
    expires_at: Mapped[datetime] = mapped_column(Utc)

    talk: Mapped[Talk] = relationship()
    account: Mapped[Account] = relationship()
