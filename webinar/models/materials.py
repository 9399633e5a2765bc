"""Slides, recordings, handouts and links of a talk, their pages, and who may open them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.base import (
    DELETED_BY_EITHER,
    FREE,
    NOTHING,
    Model,
    Timestamped,
    Utc,
    one_of,
    public_id,
)
from webinar.models.talks import Speaker, Talk


class MaterialKind(StrEnum):
    SLIDES = "slides"
    RECORDING = "recording"
    HANDOUT = "handout"
    LINK = "link"
    SUBTITLES = "subtitles"


class Processing(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Material(Timestamped, Model):
    """A file behind `adapters.storage`, or a link. Unpublished until released."""

    __tablename__ = "materials"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        one_of("kind", MaterialKind),
        one_of("processing", Processing),
        CheckConstraint("(url IS NULL) <> (storage_key IS NULL)", name="file_or_link"),
        CheckConstraint("size IS NULL OR size >= 0", name="size_not_negative"),
        Index("ix_materials_talk_id_position", "talk_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    kind: Mapped[str] = mapped_column(String(16), info=NOTHING)
    title: Mapped[str] = mapped_column(String(200), info=FREE)
    position: Mapped[int] = mapped_column(default=0)
    url: Mapped[str | None] = mapped_column(String(2000), info=FREE)
    storage_key: Mapped[str | None] = mapped_column(String(80), unique=True, info=NOTHING)
    file_name: Mapped[str] = mapped_column(String(255), default="", info=FREE)
    """As the person named it: shown and offered for download, never a path."""
    media_type: Mapped[str] = mapped_column(String(120), default="", info=NOTHING)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64), info=NOTHING)
    recording_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), index=True
    )
    """The recording that these subtitles belong to; None for every other kind."""
    language: Mapped[str] = mapped_column(String(2), default="", info=NOTHING)
    """Of subtitles: a language code (ISO 639-1)."""
    page_count: Mapped[int | None]
    duration_seconds: Mapped[int | None]
    processing: Mapped[str] = mapped_column(String(8), default=Processing.WAITING, info=NOTHING)
    processing_note: Mapped[str] = mapped_column(String(200), default="", info=NOTHING)
    """A code that the desk translates; empty when all went well."""
    released_at: Mapped[datetime | None] = mapped_column(Utc)
    closes_on: Mapped[date | None]
    """The release ends: from this day on nobody can open it. It stays at the desk."""
    delete_on: Mapped[date | None]
    deletion_told: Mapped[date | None]
    """The deletion date that the office was warned of."""
    speaker_id: Mapped[int | None] = mapped_column(
        ForeignKey("speakers.id", ondelete="SET NULL"), index=True
    )
    """Whose it is, where several speak."""
    refused_at: Mapped[datetime | None] = mapped_column(Utc)
    """The speaker took it out of the archive; until that is lifted it is not released again."""

    talk: Mapped[Talk] = relationship()
    speaker: Mapped[Speaker | None] = relationship()
    pages: Mapped[list[MaterialPage]] = relationship(
        back_populates="material", order_by="MaterialPage.number", cascade="all, delete-orphan"
    )
    grants: Mapped[list[Grant]] = relationship(
        back_populates="material", cascade="all, delete-orphan"
    )


class MaterialPage(Model):
    """One page of a deck: its text for readers and search, and its thumbnail."""

    __tablename__ = "material_pages"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (UniqueConstraint("material_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    thumbnail_key: Mapped[str | None] = mapped_column(String(80), info=NOTHING)

    material: Mapped[Material] = relationship(back_populates="pages")


class SubtitleCue(Model):
    """One line of subtitles: what is said from one moment of the recording to another."""

    __tablename__ = "subtitle_cues"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        UniqueConstraint("material_id", "number"),
        CheckConstraint("start_ms >= 0 AND end_ms > start_ms", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    number: Mapped[int]
    """From 1, in the order of the file."""
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text, info=FREE)


class Grantee(StrEnum):
    INVITED = "invited"
    REGISTERED = "registered"
    CONTACT = "contact"
    AUDIENCE = "audience"
    EVERYONE = "everyone"


class Grant(Timestamped, Model):
    """Who may open a material. `invited` and `registered` mean those of its talk."""

    __tablename__ = "grants"
    __table_args__ = (
        one_of("grantee", Grantee),
        CheckConstraint(
            "(grantee = 'contact') = (contact_id IS NOT NULL) "
            "AND (grantee = 'audience') = (audience_id IS NOT NULL)",
            name="grantee_named",
        ),
        UniqueConstraint("material_id", "grantee", "contact_id", "audience_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    grantee: Mapped[str] = mapped_column(String(16), info=NOTHING)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    audience_id: Mapped[int | None] = mapped_column(
        ForeignKey("audiences.id", ondelete="CASCADE"), index=True
    )

    material: Mapped[Material] = relationship(back_populates="grants")
