"""Who was there, and how long: stays as the room reports them, ticks for the hall, and their sum.

Reports come doubled, late and in any order. Whatever order they come in, the rows end up the same:
each merges by a rule that does not ask what was there first. Sums are made when they are read:
stays overlap (two devices, a break-out room and the main one), and the talk can be extended.
Nobody measures attention; a stay is a stay. What the room says of people is a pseudonym.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import times
from webinar.extensions import db
from webinar.models import (
    Attendance,
    AttendanceSource,
    Attendee,
    Registration,
    Room,
    Talk,
)

OCCUPANT_LENGTH = 200
STEP = 5
"""Minutes: what people read is rounded to this."""
MACHINES = frozenset({"focus", "jvb", "recorder", "jibri", "transcriber"})
"""Who takes part in a room without being anybody."""
OWN = re.compile(r"(speaker|staff)-\d+")
"""Pseudonyms of people who have no registration (`web.room_entry`)."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one event says of one connection. `user_id` is the pseudonym in the token, empty without
    one; `joined_at` is part of the connection's name. `assumed`: the room ended, nobody said that
    the person left."""

    occupant: str
    user_id: str
    joined_at: datetime
    left_at: datetime | None = None
    assumed: bool = False


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a service says that tells joining and leaving apart, but not when who leaves had joined:
    one connection is one stay, from its first moment to its last."""

    occupant: str
    user_id: str
    at: datetime
    left: bool


def room_of(name: str) -> Room | None:
    """The room of that name, also one whose name was replaced since; locked, so that reports about
    one room are taken down one after the other."""
    return db.session.scalar(
        select(Room)
        .where(Room.name == name.lower())
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def take_down(room: Room, report: Report) -> None:
    """Note what the report says; the same again changes nothing. The room is locked."""
    if _is_machine(report.occupant):
        return
    occupant = _shortened(report.occupant)
    row = db.session.scalar(
        select(Attendance).where(
            Attendance.occupant == occupant, Attendance.joined_at == report.joined_at
        )
    )
    if row is None:
        row = _stay(room, occupant, joined_at=report.joined_at)
    _name(row, room, report.user_id)
    _leave(row, report)
    db.session.flush()


def take_down_moment(room: Room, moment: Moment) -> None:
    """Note the moment; the same again changes nothing. The room is locked."""
    if _is_machine(moment.occupant):
        return
    occupant = _shortened(moment.occupant)
    row = db.session.scalar(
        select(Attendance).where(
            Attendance.occupant == occupant, Attendance.talk_id == room.talk_id
        )
    )
    if row is None:
        row = _stay(room, occupant, joined_at=moment.at)
    _name(row, room, moment.user_id)
    row.joined_at = min(row.joined_at, moment.at)
    if moment.left:
        row.left_at = moment.at if row.left_at is None else max(row.left_at, moment.at)
    db.session.flush()


def _stay(room: Room, occupant: str, *, joined_at: datetime) -> Attendance:
    row = Attendance(
        talk_id=room.talk_id,
        source=AttendanceSource.ROOM,
        attendee=Attendee.UNKNOWN,
        occupant=occupant,
        joined_at=joined_at,
        left_assumed=False,
    )
    db.session.add(row)
    return row


def _name(row: Attendance, room: Room, user_id: str) -> None:
    """Say whose stay it is; who is known stays known."""
    if row.attendee != Attendee.UNKNOWN or not user_id:
        return
    own = OWN.fullmatch(user_id)
    if own is not None:
        row.attendee = Attendee(own[1])
        return
    row.registration_id = db.session.scalar(
        select(Registration.id).where(
            Registration.talk_id == room.talk_id, Registration.pseudonym == user_id
        )
    )
    if row.registration_id is not None:
        row.attendee = Attendee.PARTICIPANT


def _leave(row: Attendance, report: Report) -> None:
    """Said beats assumed; of what was said the last counts, of what was assumed the first."""
    if report.left_at is None:
        return
    left = max(report.left_at, row.joined_at)
    if row.left_at is None or (row.left_assumed and not report.assumed):
        row.left_at, row.left_assumed = left, report.assumed
    elif row.left_assumed == report.assumed:
        row.left_at = min(row.left_at, left) if report.assumed else max(row.left_at, left)


def _is_machine(occupant: str) -> bool:
    return occupant.partition("@")[0] in MACHINES


def _shortened(occupant: str) -> str:
    if len(occupant) <= OCCUPANT_LENGTH:
        return occupant
    return hashlib.sha256(occupant.encode()).hexdigest()


def covered(
    stays: Iterable[tuple[datetime, datetime]], *, start: datetime, end: datetime
) -> timedelta:
    """How much of the time from `start` to `end` the stays cover together; overlaps count once."""
    total, reached = timedelta(), start
    for joined, left in sorted(stays):
        since, until = max(joined, reached), min(left, end)
        if until > since:
            total += until - since
            reached = until
    return total


@dataclass(frozen=True)
class Rule:
    """Who took part: who was there for `minutes`; where that is 0, for `percent` of the talk."""

    minutes: int
    percent: int

    def needed(self, talk: Talk) -> timedelta:
        """The least time for this talk; an extension does not ask more of people."""
        if self.minutes:
            return timedelta(minutes=self.minutes)
        return (talk.ends_at - talk.starts_at) * self.percent / 100


def rule_of(talk: Talk, *, usual: Rule) -> Rule:
    """The talk's own rule; where it has none, as the office counts."""
    if talk.took_part_minutes is None and talk.took_part_percent is None:
        return usual
    return Rule(minutes=talk.took_part_minutes or 0, percent=talk.took_part_percent or 0)


@dataclass(frozen=True)
class Presence:
    """One person at one talk: the time online within the talk, and whether in the hall."""

    online: timedelta = timedelta()
    hall: bool = False
    took_part: bool = False

    @property
    def minutes(self) -> int:
        """Minutes online to tell people: steps of five, since no second counts; at least one, for
        whoever was there at all."""
        exact = self.online.total_seconds() / 60
        if exact < STEP:
            return max(1, round(exact)) if exact > 0 else 0
        return STEP * round(exact / STEP)

    def __bool__(self) -> bool:
        return self.hall or bool(self.online)


NOBODY = Presence()


@dataclass(frozen=True)
class Counts:
    """How many people, of one talk. `unknown` are connections without a registration; `measured`
    says whether anything was taken down at all."""

    took_part: int = 0
    online: int = 0
    hall: int = 0
    unknown: int = 0
    measured: bool = False


def of_talk(talk: Talk, *, rule: Rule) -> dict[int, Presence]:
    """Everybody with a registration who was there, by contact, in one query. Here as everywhere
    `rule` is the office's; a talk's own stands above it."""
    rows = db.session.execute(_STAYS.where(Attendance.talk_id == talk.id)).all()
    return {
        contact_id: _presence(talk, stays, rule) for contact_id, stays in _grouped(rows).items()
    }


def of_contact(contact_id: int, talks: Sequence[Talk], *, rule: Rule) -> dict[int, Presence]:
    """The contact's own presence, by talk, in one query."""
    known = {talk.id: talk for talk in talks}
    if not known:
        return {}
    found: dict[int, list[Attendance]] = {}
    query = _STAYS.where(Registration.contact_id == contact_id, Attendance.talk_id.in_(known))
    for _contact_id, stay in db.session.execute(query):
        found.setdefault(stay.talk_id, []).append(stay)
    return {key: _presence(known[key], stays, rule) for key, stays in found.items()}


def counts(talk: Talk, *, rule: Rule) -> Counts:
    """The numbers of the talk, in two queries."""
    people = of_talk(talk, rule=rule)
    others = db.session.execute(
        select(Attendance.attendee, Attendance.occupant).where(
            Attendance.talk_id == talk.id, Attendance.registration_id.is_(None)
        )
    ).all()
    unknown = {row[1] for row in others if row[0] == Attendee.UNKNOWN}
    return Counts(
        took_part=sum(one.took_part for one in people.values()),
        online=sum(bool(one.online) for one in people.values()),
        hall=sum(one.hall for one in people.values()),
        unknown=len(unknown),
        measured=bool(people or others),
    )


_STAYS = select(Registration.contact_id, Attendance).join(
    Registration, Registration.id == Attendance.registration_id
)


def _grouped(rows: Iterable[tuple[int, Attendance]]) -> dict[int, list[Attendance]]:
    found: dict[int, list[Attendance]] = {}
    for contact_id, stay in rows:
        found.setdefault(contact_id, []).append(stay)
    return found


def _presence(talk: Talk, stays: Iterable[Attendance], rule: Rule) -> Presence:
    start, end = talk.starts_at, times.end(talk)
    until = min(now(), end)
    kept = list(stays)
    online = covered(
        (
            (stay.joined_at, stay.left_at if stay.left_at is not None else until)
            for stay in kept
            if stay.source == AttendanceSource.ROOM
        ),
        start=start,
        end=end,
    )
    hall = any(stay.source == AttendanceSource.HALL for stay in kept)
    needed = rule_of(talk, usual=rule).needed(talk)
    return Presence(online=online, hall=hall, took_part=hall or online >= needed)
