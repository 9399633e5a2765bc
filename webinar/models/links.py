"""Personal links: a purpose, a random public id, a version. The row alone opens nothing: a valid
link also carries a signature over the three, made with a key that is not in the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.base import NOTHING, Model, Timestamped, Utc, one_of, public_id
from webinar.models.contacts import Contact
from webinar.models.talks import Speaker, Talk


class Purpose(StrEnum):
    ANSWER = "answer"
    ENTER = "enter"
    ARCHIVE = "archive"
    FEED = "feed"
    PREFERENCES = "preferences"
    SPEAKER = "speaker"
    UNSUBSCRIBE = "unsubscribe"


def _unique(name: str, *columns: str, where: str) -> Index:
    return Index(
        name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where)
    )


class Link(Timestamped, Model):
    """Raising `version` revokes what was sent; `revoked_at` closes it for good."""

    __tablename__ = "links"
    __table_args__ = (
        one_of("purpose", Purpose),
        CheckConstraint("(contact_id IS NULL) <> (speaker_id IS NULL)", name="one_holder"),
        _unique(
            "uq_links_contact_talk",
            "purpose",
            "contact_id",
            "talk_id",
            where="contact_id IS NOT NULL AND talk_id IS NOT NULL",
        ),
        _unique(
            "uq_links_contact",
            "purpose",
            "contact_id",
            where="contact_id IS NOT NULL AND talk_id IS NULL",
        ),
        _unique(
            "uq_links_speaker_talk",
            "purpose",
            "speaker_id",
            "talk_id",
            where="speaker_id IS NOT NULL",
        ),
        Index("ix_links_talk_id", "talk_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    purpose: Mapped[str] = mapped_column(String(16), info=NOTHING)
    version: Mapped[int] = mapped_column(default=1)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id"))
    talk_id: Mapped[int | None] = mapped_column(ForeignKey("talks.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)

    contact: Mapped[Contact | None] = relationship()
    speaker: Mapped[Speaker | None] = relationship()
    talk: Mapped[Talk | None] = relationship()
