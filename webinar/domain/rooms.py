"""The video room of a talk: its name, its hours, and who may enter (rule 9).

Decides only. The token is minted by `webinar.web.room_entry` at the click; names come from
`webinar.adapters.jitsi` and are handed in. Neighbour: `domain.times`, which knows the door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import times
from webinar.domain.rows import find_or_add
from webinar.models import (
    Contact,
    Mode,
    Registration,
    RegistrationState,
    Room,
    Speaker,
    Talk,
    TalkState,
)


class Entry(StrEnum):
    """Whether somebody may enter the room now, and if not, why."""

    OPEN = "open"
    EARLY = "early"
    OVER = "over"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    """Not published (any more)."""
    NO_ROOM = "no_room"
    """The talk takes place in the hall alone."""
    RETIRED = "retired"
    """The contact left the office, or was merged with another."""
    NO_PLACE = "no_place"
    """Never registered, declined, refused, or no longer a speaker."""
    WAITING = "waiting"
    HALL = "hall"
    """Holds a place in the hall; places online are counted apart."""


@dataclass(frozen=True)
class Hours:
    """When the door opens and closes. A token minted in between ends when it closes: Jitsi checks
    the end at every login, so a reconnect during the overrun still works."""

    opens_at: datetime
    closes_at: datetime


def hours(talk: Talk, *, minutes: int, overrun: int) -> Hours:
    """The room's hours for those to whom it opens `minutes` before the start; `overrun` in minutes
    after the end, extension included."""
    return Hours(
        opens_at=times.opens(talk, minutes=minutes),
        closes_at=times.end(talk) + timedelta(minutes=overrun),
    )


def contact_entry(
    talk: Talk, *, contact: Contact, registration: Registration | None, hours: Hours
) -> Entry:
    """Whether the contact with that active registration (or none) may enter now."""
    hindrance = _of_talk(talk, hours)
    if hindrance is not None:
        return hindrance
    if not contact.active:
        return Entry.RETIRED
    if registration is None or registration.state not in (
        RegistrationState.CONFIRMED,
        RegistrationState.WAITING,
    ):
        return Entry.NO_PLACE
    if registration.state == RegistrationState.WAITING:
        return Entry.WAITING
    if registration.mode == Mode.HALL:
        return Entry.HALL
    return _by_clock(hours)


def speaker_entry(talk: Talk, *, speaker: Speaker, hours: Hours) -> Entry:
    """Whether the speaker may enter now; only who still appears at the talk."""
    hindrance = _of_talk(talk, hours)
    if hindrance is not None:
        return hindrance
    if all(appearance.speaker_id != speaker.id for appearance in talk.appearances):
        return Entry.NO_PLACE
    return _by_clock(hours)


def staff_entry(talk: Talk, *, hours: Hours) -> Entry:
    """Whether the office may enter now."""
    return _of_talk(talk, hours) or _by_clock(hours)


def room_of(talk: Talk, *, name: str) -> Room:
    """The talk's room; made with `name` when there is none yet."""
    return find_or_add(
        select(Room).where(Room.talk_id == talk.id, Room.retired_at.is_(None)),
        lambda: Room(talk_id=talk.id, name=name),
    )


def _of_talk(talk: Talk, hours: Hours) -> Entry | None:
    """What keeps everybody out; None if nothing does."""
    if talk.state == TalkState.CANCELLED:
        return Entry.CANCELLED
    if talk.state != TalkState.PUBLISHED:
        return Entry.DRAFT
    if now() >= hours.closes_at:
        return Entry.OVER
    return None if talk.online else Entry.NO_ROOM


def _by_clock(hours: Hours) -> Entry:
    return Entry.OPEN if now() >= hours.opens_at else Entry.EARLY
