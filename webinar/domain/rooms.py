"""The video room of a talk: its name, its hours, who may enter (rule 9), and the organiser's hand
on the door: open early, extend, close, reopen.

The acts store moments (`Talk.opens_at`, `extended_until`, `closed_at`), each with a line in the
audit log; whether the room is open follows from them and the clock. The token is minted by
`webinar.web.room_entry` at the click; names come from `webinar.adapters.jitsi` and are handed in.
Neighbours: `domain.times`, which knows the hours; `domain.admissions`, which lets single people in;
`domain.other_rooms`, which puts another meeting in the room's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit, registrations, times
from webinar.domain.rows import find_or_add
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
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
    CLOSED = "closed"
    """By an organiser, who may open it again."""
    ELSEWHERE = "elsewhere"
    """The organiser put another meeting in the room's place: `Talk.other_room`."""
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
    return _at_the_door(talk, hours)


def speaker_entry(talk: Talk, *, speaker: Speaker, hours: Hours) -> Entry:
    """Whether the speaker may enter now; only who still appears at the talk."""
    hindrance = _of_talk(talk, hours)
    if hindrance is not None:
        return hindrance
    if all(appearance.speaker_id != speaker.id for appearance in talk.appearances):
        return Entry.NO_PLACE
    return _at_the_door(talk, hours)


def staff_entry(talk: Talk, *, hours: Hours) -> Entry:
    """Whether the office may enter now: also a room that it closed, or that failed."""
    return _of_talk(talk, hours) or _by_clock(hours)


def room_of(talk: Talk, *, name: str, seen: Room | None = None) -> Room:
    """The talk's room; made with `name` when there is none yet. `seen`: the one that was read a
    moment ago."""
    return seen or find_or_add(
        select(Room).where(Room.talk_id == talk.id, Room.retired_at.is_(None)),
        lambda: Room(talk_id=talk.id, name=name),
    )


EARLIEST = timedelta(hours=12)
"""How long before the start the room can be opened by hand: not days before by a slip."""


@dataclass(frozen=True)
class Terms:
    """What the settings say of the door, in minutes: it opens `opens` before the start, for
    speakers and the office `opens_staff`; stays open `overrun` after the end; and the end can be
    moved by `extension` at most."""

    opens: int
    opens_staff: int
    overrun: int
    extension: int

    def guests(self, talk: Talk) -> Hours:
        """The hours for participants."""
        return hours(talk, minutes=self.opens, overrun=self.overrun)

    def staff(self, talk: Talk) -> Hours:
        """The hours for speakers and the office."""
        return hours(talk, minutes=self.opens_staff, overrun=self.overrun)


def latest_end(talk: Talk, *, terms: Terms) -> datetime:
    """Until when the talk can be extended. A running room cannot be reserved for longer, so it is
    reserved until this moment and the overrun from the beginning."""
    return talk.ends_at + timedelta(minutes=terms.extension)


def open_early(talk: Talk, *, terms: Terms, by: Account) -> None:
    """Open the room now for everybody who may enter. Repeating it changes nothing.

    Raises `RuleError` for a room that is closed or over, and longer before than `EARLIEST`.
    """
    _begin(talk)
    found = terms.guests(talk)
    if now() >= found.closes_at:
        raise RuleError("evening_over")
    if talk.closed_at is not None:
        raise RuleError("room_closed")
    if now() < talk.starts_at - EARLIEST:
        raise RuleError("room_too_early", hours=int(EARLIEST.total_seconds() // 3600))
    if now() < found.opens_at:
        _set(talk, "room.opened", by=by, opens_at=now())


def extend(talk: Talk, *, until: datetime, terms: Terms, by: Account) -> None:
    """Let the talk go on until that moment. The moment again, as a double click sends it, changes
    nothing; the end never comes earlier.

    Raises `RuleError` beyond `latest_end`, for a moment that has passed, and for a closed room.
    """
    _begin(talk)
    if until == times.end(talk):
        return
    if talk.closed_at is not None:
        raise RuleError("room_closed")
    if until > latest_end(talk, terms=terms):
        raise RuleError("extension_too_long", minutes=terms.extension)
    if until < times.end(talk) or until <= now():
        raise RuleError("extension_too_short")
    _set(talk, "room.extended", by=by, extended_until=until)


def close(talk: Talk, *, terms: Terms, by: Account) -> None:
    """Let nobody else in, nor back in; who is inside stays. Repeating it changes nothing.

    Raises `RuleError` while the room is not open for anybody yet, and once it is over.
    """
    _begin(talk)
    found = terms.staff(talk)
    if now() >= found.closes_at:
        raise RuleError("evening_over")
    if now() < found.opens_at:
        raise RuleError("room_not_open")
    if talk.closed_at is None:
        _set(talk, "room.closed", by=by, closed_at=now())


def reopen(talk: Talk, *, terms: Terms, by: Account) -> None:
    """Open a closed room again, at its hours. Repeating it changes nothing."""
    _begin(talk)
    if now() >= terms.staff(talk).closes_at:
        raise RuleError("evening_over")
    if talk.closed_at is not None:
        _set(talk, "room.reopened", by=by, closed_at=None)


def forget_evening(talk: Talk, *, other_day: bool) -> None:
    """The talk moved: what was done to the door belonged to the old hours. Another meeting in the
    room's place stays while the day is the same: whoever delays an evening has not mended it."""
    talk.opens_at = talk.extended_until = talk.closed_at = None
    if other_day:
        talk.other_room, talk.other_room_at = "", None


def _begin(talk: Talk) -> None:
    """Lock the talk, so that of two organisers the second sees what the first did, and check that
    it has a room."""
    registrations.lock(talk)
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED:
        raise RuleError("talk_not_published")
    if not talk.online:
        raise RuleError("talk_without_room")


def _set(talk: Talk, action: str, *, by: Account, **moments: datetime | None) -> None:
    for name, moment in moments.items():
        setattr(talk, name, moment)
    audit.record(action, talk, by=by, changes=audit.changes_of(talk))
    db.session.flush()


def _of_talk(talk: Talk, hours: Hours) -> Entry | None:
    """What keeps everybody out; None if nothing does."""
    if talk.state == TalkState.CANCELLED:
        return Entry.CANCELLED
    if talk.state != TalkState.PUBLISHED:
        return Entry.DRAFT
    if now() >= hours.closes_at:
        return Entry.OVER
    return None if talk.online else Entry.NO_ROOM


def _at_the_door(talk: Talk, hours: Hours) -> Entry:
    """What who may come in finds there."""
    if talk.other_room:
        return Entry.ELSEWHERE
    return Entry.CLOSED if talk.closed_at is not None else _by_clock(hours)


def _by_clock(hours: Hours) -> Entry:
    return Entry.OPEN if now() >= hours.opens_at else Entry.EARLY
