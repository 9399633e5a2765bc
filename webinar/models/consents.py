"""Whether speakers let their talk be recorded: what each said, when, and who wrote it down."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.accounts import Account
from webinar.models.base import NOTHING, Model, Timestamped, Utc, one_of


class ConsentAnswer(StrEnum):
    YES = "yes"
    NO = "no"


class RecordingConsent(Timestamped, Model):
    """One answer of one speaker. A later one ends it; what was said before stays as evidence.

    The account is empty where the speaker answered on the personal page.
    """

    __tablename__ = "recording_consents"
    __table_args__ = (
        one_of("answer", ConsentAnswer),
        CheckConstraint("revoked_at IS NULL OR revoked_at >= given_at", name="revoked_after_given"),
        CheckConstraint("revoked_by_id IS NULL OR revoked_at IS NOT NULL", name="revoked_by_whom"),
        Index(
            "uq_recording_consents_talk_id_speaker_id_active",
            "talk_id",
            "speaker_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id", ondelete="CASCADE"), index=True)
    speaker_id: Mapped[int] = mapped_column(
        ForeignKey("speakers.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[str] = mapped_column(String(8), info=NOTHING)
    given_at: Mapped[datetime] = mapped_column(Utc, default=now)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    given_by: Mapped[Account | None] = relationship(foreign_keys=[given_by_id])
