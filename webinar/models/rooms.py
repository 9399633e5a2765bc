"""The video room of a talk, whom an organiser let in by hand, and who was in it or in the hall."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.accounts import Account
from webinar.models.base import NOTHING, Model, Timestamped, Utc, one_of
from webinar.models.participation import Registration
from webinar.models.talks import Talk


class Room(Timestamped, Model):
    """A Jitsi room name; a talk has one at a time, and a new one when its link leaks."""

    __tablename__ = "rooms"
    __table_args__ = (
        CheckConstraint("name = lower(name)", name="name_lower_case"),
        Index(
            "uq_rooms_talk_id_active",
            "talk_id",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    retired_at: Mapped[datetime | None] = mapped_column(Utc)
    reserved_at: Mapped[datetime | None] = mapped_column(Utc)
    """Since when the video server holds the room; empty again once it says that the room died."""

    talk: Mapped[Talk] = relationship()


class Admission(Timestamped, Model):
    """An organiser let somebody into the room by hand: that is why the registration has its place,
    also beyond the number of places. Revoked, it ends with its place."""

    __tablename__ = "admissions"
    __table_args__ = (
        Index(
            "uq_admissions_registration_id_active",
            "registration_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)

    registration: Mapped[Registration] = relationship()
    account: Mapped[Account] = relationship()


class AttendanceSource(StrEnum):
    ROOM = "room"
    HALL = "hall"


class Attendee(StrEnum):
    """Who stayed, as far as the room's pseudonym says it."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    STAFF = "staff"
    UNKNOWN = "unknown"
    """No pseudonym of this talk: by telephone, or by a link that we did not make."""


class Attendance(Timestamped, Model):
    """One stay. Without a registration it is a count and names nobody."""

    __tablename__ = "attendances"
    __table_args__ = (
        one_of("source", AttendanceSource),
        one_of("attendee", Attendee),
        CheckConstraint("left_at IS NULL OR left_at >= joined_at", name="leaves_after_joining"),
        Index("uq_attendances_occupant_joined_at", "occupant", "joined_at", unique=True),
        Index(
            "uq_attendances_registration_id_hall",
            "registration_id",
            unique=True,
            sqlite_where=text("source = 'hall'"),
            postgresql_where=text("source = 'hall'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    source: Mapped[str] = mapped_column(String(8), info=NOTHING)
    occupant: Mapped[str | None] = mapped_column(String(200), info=NOTHING)
    """The room's own name for one connection; with `joined_at` it tells a repeated event."""
    attendee: Mapped[str] = mapped_column(String(12), default=Attendee.PARTICIPANT, info=NOTHING)
    joined_at: Mapped[datetime] = mapped_column(Utc)
    left_at: Mapped[datetime | None] = mapped_column(Utc)
    left_assumed: Mapped[bool] = mapped_column(default=False)
    """Nobody said when they left: it was taken from the end of the room. A later word wins."""
