"""Slides, recordings, handouts and links of a talk, their pages, and who may open them.

Chapters and cuts of a recording are `models.films`'.
"""

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


class Step(StrEnum):
    """What is read of a file, or made of it, after it came in; in this order."""

    TEXT = "text"
    PICTURES = "pictures"
    LENGTH = "length"
    ORDER = "order"
    """The index of an MP4 moved to its front, so that it plays while it loads."""
    POSTER = "poster"


class StepState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not possible on this server; the note says why."""


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
    sent_sha256: Mapped[str | None] = mapped_column(String(64), info=NOTHING)
    """Of the bytes that came in, where they were put in another order or cut since."""
    recording_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), index=True
    )
    """The recording that these subtitles belong to; None for every other kind."""
    language: Mapped[str] = mapped_column(String(2), default="", info=NOTHING)
    """Of subtitles: a language code (ISO 639-1)."""
    poster_key: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    """Of a recording: the picture that stands there before it plays."""
    page_count: Mapped[int | None]
    duration_seconds: Mapped[int | None]
    processing: Mapped[str] = mapped_column(String(8), default=Processing.WAITING, info=NOTHING)
    """All steps together (`domain.processing`)."""
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
    steps: Mapped[list[ProcessingStep]] = relationship(
        back_populates="material", order_by="ProcessingStep.id", cascade="all, delete-orphan"
    )
    grants: Mapped[list[Grant]] = relationship(
        back_populates="material", cascade="all, delete-orphan"
    )


class ProcessingStep(Timestamped, Model):
    """How it stands with one step of reading a file; done ones are not done again."""

    __tablename__ = "processing_steps"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        one_of("step", Step),
        one_of("state", StepState),
        UniqueConstraint("material_id", "step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(8), info=NOTHING)
    state: Mapped[str] = mapped_column(String(8), default=StepState.WAITING, info=NOTHING)
    note: Mapped[str] = mapped_column(String(40), default="", info=NOTHING)
    """A code that the desk translates."""

    material: Mapped[Material] = relationship(back_populates="steps")


class MaterialPage(Model):
    """One page of a deck: its text for readers and search, its pictures, its time."""

    __tablename__ = "material_pages"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (
        UniqueConstraint("material_id", "number"),
        CheckConstraint("starts_at_ms IS NULL OR starts_at_ms >= 0", name="time_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    thumbnail_key: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    picture_key: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    """Large enough to be read beside the recording."""
    starts_at_ms: Mapped[int | None]
    """When the page appears in the talk's recording; None where nobody has said."""

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
