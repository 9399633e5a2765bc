"""Series, talks and their speakers.

A talk's truth is its wall clock (`local_start`, `local_end`, `zone`); `starts_at` and `ends_at` are
derived by `domain.talks` and stored for queries. Upcoming, open, running and over are never stored.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.extensions import Base
from webinar.models.accounts import Account
from webinar.models.base import (
    DELETED_BY_EITHER,
    FREE,
    NOTHING,
    PERSONAL,
    Model,
    Timestamped,
    Utc,
    WallClock,
    one_of,
    sorted_text,
)


class Series(Timestamped, Model):
    """What the talks belong to; carries what all invitations of the series say."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True, info=NOTHING)
    name: Mapped[str] = mapped_column(String(200), info=NOTHING)
    description: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """Markdown, on the page about the series."""
    host: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    """Who invites, as it is read: "Landrat Johannes Weidner"."""
    signature: Mapped[str] = mapped_column(Text, default="", info=PERSONAL)
    """Name and office under the mails, one per line."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Whose series it is; empty: the whole office's."""

    talks: Mapped[list[Talk]] = relationship(back_populates="series", order_by="Talk.starts_at")

    owner: Mapped[Account | None] = relationship()
    shares: Mapped[list[SeriesShare]] = relationship(
        back_populates="series", cascade="all, delete-orphan"
    )


class SeriesShare(Model):
    """An account to which the owner of a series opened it."""

    __tablename__ = "series_shares"
    __table_args__ = (UniqueConstraint("series_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)

    series: Mapped[Series] = relationship(back_populates="shares")
    account: Mapped[Account] = relationship()


talk_topics = Table(
    "talk_topics",
    Base.metadata,
    Column("talk_id", ForeignKey("talks.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_talk_topics_topic_id", "topic_id"),
)


class Topic(Timestamped, Model):
    """A subject under which talks are found."""

    __tablename__ = "topics"
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), info=NOTHING)
    name_key: Mapped[str] = mapped_column(String(80), unique=True, info=NOTHING)
    """`text.fold` of the name: the same subject written in another case is the same subject."""
    sort_key: Mapped[str] = mapped_column(sorted_text(80), index=True, info=NOTHING)


class TalkState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Format(StrEnum):
    ONLINE = "online"
    ON_SITE = "on_site"
    HYBRID = "hybrid"


class Visibility(StrEnum):
    INVITED = "invited"
    PUBLIC = "public"


class Talk(Timestamped, Model):
    """One evening. `revision` guards against two organisers who edit the same talk."""

    __tablename__ = "talks"
    __table_args__ = (
        one_of("state", TalkState),
        one_of("format", Format),
        one_of("visibility", Visibility),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
        CheckConstraint("places_online IS NULL OR places_online >= 0", name="places_online"),
        CheckConstraint("places_hall IS NULL OR places_hall >= 0", name="places_hall"),
        CheckConstraint(
            "places_per_organisation IS NULL OR places_per_organisation > 0",
            name="places_per_organisation",
        ),
        CheckConstraint("extended_until > ends_at", name="extended_after_end"),
        CheckConstraint(
            "took_part_minutes IS NULL OR took_part_percent IS NULL", name="took_part_one_rule"
        ),
        CheckConstraint("took_part_minutes > 0", name="took_part_minutes"),
        CheckConstraint("took_part_percent BETWEEN 1 AND 100", name="took_part_percent"),
        CheckConstraint("(other_room = '') = (other_room_at IS NULL)", name="other_room_since"),
        Index("ix_talks_state_starts_at", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(160), unique=True, info=NOTHING)
    uid: Mapped[str] = mapped_column(String(120), unique=True, info=NOTHING)
    """The calendar's UID: the same in mail, download and feed, for ever."""
    sequence: Mapped[int] = mapped_column(default=0)
    """The calendar's SEQUENCE for those who were told nothing of their own: downloads and feeds.
    Rises with every change of time or place once published, and with the cancellation."""
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=TalkState.DRAFT, info=NOTHING)
    title: Mapped[str] = mapped_column(String(200), info=FREE)
    abstract: Mapped[str] = mapped_column(Text, default="", info=FREE)
    agenda: Mapped[list[Any]] = mapped_column(JSON, default=list, info=FREE)
    """Pairs of wall-clock time "18:05" and text."""
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Berlin", info=NOTHING)
    local_start: Mapped[datetime] = mapped_column(WallClock)
    local_end: Mapped[datetime] = mapped_column(WallClock)
    second_hour: Mapped[bool] = mapped_column(default=False)
    """Which of the doubled hours a start on the night of the clock change means."""
    starts_at: Mapped[datetime] = mapped_column(Utc)
    ends_at: Mapped[datetime] = mapped_column(Utc)
    opens_at: Mapped[datetime | None] = mapped_column(Utc)
    """The organiser opened the room early, at this moment; empty: the usual minutes before."""
    extended_until: Mapped[datetime | None] = mapped_column(Utc)
    """The organiser let it go on until this moment, later than planned."""
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    """The organiser closed the room at this moment; reopening empties it."""
    other_room: Mapped[str] = mapped_column(String(500), default="", info=FREE)
    """The address of another meeting in the room's place, when the room itself fails."""
    other_room_at: Mapped[datetime | None] = mapped_column(Utc)
    """Since when; part of the key of the mail that tells of it."""
    format: Mapped[str] = mapped_column(String(8), default=Format.ONLINE, info=NOTHING)
    places_online: Mapped[int | None]
    """Empty: without limit."""
    places_hall: Mapped[int | None]
    venue: Mapped[str] = mapped_column(String(200), default="", info=NOTHING)
    venue_address: Mapped[str] = mapped_column(String(300), default="", info=NOTHING)
    venue_notes: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """Access without steps, hearing loop, parking."""
    registration_opens_at: Mapped[datetime | None] = mapped_column(Utc)
    """Empty: as soon as the talk is published."""
    registration_closes_at: Mapped[datetime | None] = mapped_column(Utc)
    """Empty: until the start."""
    places_per_organisation: Mapped[int | None]
    """How many people of one organisation may hold a place; empty: as many as there are places."""
    visibility: Mapped[str] = mapped_column(String(8), default=Visibility.INVITED, info=NOTHING)
    recorded: Mapped[bool] = mapped_column(default=False)
    contact_person: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    contact_phone: Mapped[str] = mapped_column(String(60), default="", info=PERSONAL)
    took_part_minutes: Mapped[int | None]
    """Who was there so long took part; with `took_part_percent` empty: as the office counts."""
    took_part_percent: Mapped[int | None]
    """The same as a share of the talk."""
    dial_in_pin: Mapped[str] = mapped_column(String(60), default="", info=NOTHING)
    """What the room's telephone access asks for; empty: nobody comes in by telephone."""
    published_at: Mapped[datetime | None] = mapped_column(Utc)
    cancelled_at: Mapped[datetime | None] = mapped_column(Utc)
    cancel_reason: Mapped[str] = mapped_column(Text, default="", info=FREE)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("talks.id", ondelete="SET NULL"))
    revision: Mapped[int] = mapped_column(default=1)
    """What an edit form was shown; `domain.talks` raises it with every edit and refuses an older
    one. Answers and places do not touch it."""

    series: Mapped[Series] = relationship(back_populates="talks")
    appearances: Mapped[list[TalkSpeaker]] = relationship(
        back_populates="talk", order_by="TalkSpeaker.position", cascade="all, delete-orphan"
    )
    topics: Mapped[list[Topic]] = relationship(secondary=talk_topics, order_by="Topic.sort_key")

    @property
    def speakers(self) -> list[Speaker]:
        return [appearance.speaker for appearance in self.appearances]

    @property
    def online(self) -> bool:
        return self.format in (Format.ONLINE, Format.HYBRID)

    @property
    def on_site(self) -> bool:
        return self.format in (Format.ON_SITE, Format.HYBRID)


class Speaker(Timestamped, Model):
    """Who speaks; reached by an address, enters by a personal link of the appearance."""

    __tablename__ = "speakers"

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(String(8), default="", info=PERSONAL)
    title: Mapped[str] = mapped_column(String(60), default="", info=PERSONAL)
    first_name: Mapped[str] = mapped_column(String(100), default="", info=PERSONAL)
    last_name: Mapped[str] = mapped_column(String(100), info=PERSONAL)
    sort_key: Mapped[str] = mapped_column(sorted_text(310), index=True, info=PERSONAL)
    role: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    organisation: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    email: Mapped[str] = mapped_column(String(254), info=PERSONAL)
    language: Mapped[str] = mapped_column(String(5), default="de", info=NOTHING)
    biography: Mapped[str] = mapped_column(Text, default="", info=PERSONAL)
    photo_key: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    photo_credit: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    photo_alt: Mapped[str] = mapped_column(String(300), default="", info=PERSONAL)


class TalkSpeaker(Timestamped, Model):
    """An appearance: this speaker at this talk, in this place of the order."""

    __tablename__ = "talk_speakers"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (UniqueConstraint("talk_id", "speaker_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id", ondelete="CASCADE"))
    speaker_id: Mapped[int] = mapped_column(ForeignKey("speakers.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    talk: Mapped[Talk] = relationship(back_populates="appearances")
    speaker: Mapped[Speaker] = relationship()
