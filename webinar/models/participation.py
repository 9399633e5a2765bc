"""Invitations, registrations, deputies and acceptances of a whole series.

`domain.participation` alone moves invitation and registration, together.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.base import (
    FREE,
    NOTHING,
    PERSONAL,
    Model,
    Timestamped,
    Utc,
    one_of,
    public_id,
)
from webinar.models.contacts import Contact
from webinar.models.talks import Series, Talk


class Answer(StrEnum):
    NONE = "none"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DELEGATED = "delegated"
    WITHDRAWN = "withdrawn"
    """By the organiser."""


class Invitation(Timestamped, Model):
    """One contact, one talk, at most one."""

    __tablename__ = "invitations"
    __table_args__ = (
        one_of("answer", Answer),
        UniqueConstraint("talk_id", "contact_id"),
        Index("ix_invitations_talk_id_answer", "talk_id", "answer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    answer: Mapped[str] = mapped_column(String(16), default=Answer.NONE, info=NOTHING)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    remark: Mapped[str] = mapped_column(Text, default="", info=FREE)
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with every change of the answer: part of the key of the mail that tells of it."""

    talk: Mapped[Talk] = relationship()
    contact: Mapped[Contact] = relationship()


class Deputy(Timestamped, Model):
    """Who was sent instead: the asking invitation and the deputy's own."""

    __tablename__ = "deputies"
    __table_args__ = (
        Index(
            "uq_deputies_invitation_id_active",
            "invitation_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("invitation_id <> deputy_invitation_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"))
    deputy_invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    invited_before: Mapped[bool] = mapped_column(default=False)
    """The deputy was invited anyway and keeps that invitation when the asking ends."""
    place_passed: Mapped[bool] = mapped_column(default=False)
    """The place that the deputy holds was the inviter's, and goes back when the asking ends."""
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    invitation: Mapped[Invitation] = relationship(foreign_keys=[invitation_id])
    deputy_invitation: Mapped[Invitation] = relationship(foreign_keys=[deputy_invitation_id])


class RegistrationState(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class Mode(StrEnum):
    ONLINE = "online"
    HALL = "hall"


class Source(StrEnum):
    """How a registration came about."""

    ANSWER = "answer"
    """The invited person, by the personal link or by mail."""
    SERIES = "series"
    """By the acceptance of the whole series."""
    DEPUTY = "deputy"
    """Named by the invited person."""
    FORM = "form"
    """By the form of a public talk."""
    OFFICE = "office"
    """Taken down by an organiser."""


ACTIVE = (
    RegistrationState.UNCONFIRMED,
    RegistrationState.CONFIRMED,
    RegistrationState.WAITING,
)
_ACTIVE_SQL = "state IN ('unconfirmed', 'confirmed', 'waiting')"


class Registration(Timestamped, Model):
    """One contact's place, or waiting place, at one talk; at most one is active.

    `mode` is the side where the place is held or waited for. `wanted_mode` is set while a confirmed
    person also waits for the other side: the place stays held until the other is free.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        one_of("state", RegistrationState),
        one_of("mode", Mode),
        one_of("source", Source),
        CheckConstraint("wanted_mode IN ('online', 'hall')", name="wanted_mode_known"),
        CheckConstraint(
            "wanted_mode IS NULL OR (state = 'confirmed' AND wanted_mode <> mode)",
            name="wanted_mode_differs",
        ),
        Index(
            "uq_registrations_talk_id_contact_id_active",
            "talk_id",
            "contact_id",
            unique=True,
            sqlite_where=text(_ACTIVE_SQL),
            postgresql_where=text(_ACTIVE_SQL),
        ),
        Index("ix_registrations_talk_id_state_mode", "talk_id", "state", "mode", "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), info=NOTHING)
    mode: Mapped[str] = mapped_column(String(8), info=NOTHING)
    wanted_mode: Mapped[str | None] = mapped_column(String(8), info=NOTHING)
    source: Mapped[str] = mapped_column(String(8), default=Source.ANSWER, info=NOTHING)
    queued_at: Mapped[datetime] = mapped_column(Utc, default=now)
    """Time of arrival in the queue; fixes the order, with the id for equal moments."""
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[str] = mapped_column(Text, default="", info=FREE)
    revision: Mapped[int] = mapped_column(default=0)
    """Rises with every change of state or side: part of the key of the mail that tells of it."""
    pseudonym: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    """What the video room knows the person by; comes back in attendance events."""
    display_name: Mapped[str] = mapped_column(String(60), default="", info=PERSONAL)
    """The name that the person chose to appear under in the room; empty: the own."""

    talk: Mapped[Talk] = relationship()
    contact: Mapped[Contact] = relationship()
    invitation: Mapped[Invitation | None] = relationship()


class SeriesAcceptance(Timestamped, Model):
    """A contact comes to every evening of a series until further notice."""

    __tablename__ = "series_acceptances"
    __table_args__ = (
        Index(
            "uq_series_acceptances_series_id_contact_id_active",
            "series_id",
            "contact_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        one_of("mode", Mode),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    mode: Mapped[str] = mapped_column(String(8), default=Mode.ONLINE, info=NOTHING)
    """The side wanted where an evening offers both."""
    accepted_at: Mapped[datetime] = mapped_column(Utc, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    series: Mapped[Series] = relationship()
    contact: Mapped[Contact] = relationship()
