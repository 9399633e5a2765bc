"""What a calendar that subscribed is shown: the programme, one series, or one person's evenings.

Reads only, in queries whose number does not grow with the talks. Whose feed it is was found out
before (`domain.links`); the object is made by `webinar.web.events`.

`changed_at` is the moment since when nothing that any feed of the kind shows has changed. It may be
later than the last change that can be seen: what was removed has no row to date it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVarTuple

from sqlalchemy import Row, ScalarSelect, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from webinar.clock import now
from webinar.domain import calendar_entries
from webinar.domain.programme import SHOWN
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import (
    CalendarEntry,
    Contact,
    Link,
    Purpose,
    Registration,
    RegistrationState,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)

PAST = timedelta(days=365)
"""How far back a feed reaches: calendars drop what it no longer names."""
MOST = 100
"""How many talks a feed names at most; the oldest are left out."""


@dataclass(frozen=True)
class Evening:
    """One talk in one person's calendar. `door` is the link that only enters, for who has a place;
    `changed_at` the last change of anything that the entry says."""

    talk: Talk
    mode: str
    waiting: bool
    sequence: int
    door: Link | None
    changed_at: datetime


@dataclass(frozen=True)
class Programme:
    """Published and cancelled talks, the earliest first."""

    talks: Sequence[Talk]
    changed_at: datetime


@dataclass(frozen=True)
class Evenings:
    """One person's, the earliest first."""

    evenings: Sequence[Evening]
    changed_at: datetime


def series_of(slug: str) -> Series:
    """The series of that address; raises `NotThere`."""
    found = db.session.scalar(select(Series).where(Series.slug == slug))
    if found is None:
        raise NotThere("record_missing")
    return found


def programme(series: Series | None = None) -> Programme:
    """The talks that everybody may know of, of one series or of all."""
    query = _recent(select(Talk).where(Talk.state.in_(SHOWN)))
    if series is not None:
        query = query.where(Talk.series_id == series.id)
    found = db.session.scalars(query.options(*_with_speakers())).all()
    return Programme(talks=found[::-1], changed_at=_latest(*_LATEST))


def mine(contact: Contact) -> Evenings:
    """The evenings at which the person has a place or waits for one; of those that were cancelled
    the ones where a place was held. Nothing for who has left office."""
    rows = db.session.execute(_recent(_of(contact))).unique().all() if contact.active else []
    own = (
        select(func.max(column)).where(of == contact.id).scalar_subquery()
        for column, of in (
            (Registration.changed_at, Registration.contact_id),
            (CalendarEntry.changed_at, CalendarEntry.contact_id),
            (Link.changed_at, Link.contact_id),
            (Contact.changed_at, Contact.id),
        )
    )
    evenings = [_evening(row) for row in reversed(rows)]
    return Evenings(evenings=evenings, changed_at=_latest(*_LATEST, *own))


def evening_of(contact: Contact, *, talk: Talk) -> Evening:
    """The talk as it stands in the person's calendar; raises `NotThere` for who does not come."""
    row = db.session.execute(_of(contact).where(Talk.id == talk.id)).unique().one_or_none()
    if row is None or not contact.active:
        raise NotThere("record_missing")
    return _evening(row)


def changed_at(talk: Talk) -> datetime:
    """When anything last changed that a calendar says of the talk; also of who speaks there."""
    moments = [talk.changed_at]
    for appearance in talk.appearances:
        moments += [appearance.changed_at, appearance.speaker.changed_at]
    return max(moments)


Found = TypeVarTuple("Found")


def _recent(query: Select[*Found]) -> Select[*Found]:
    """The latest, so that what is left out is the oldest."""
    since = now() - PAST
    return (
        query.where(Talk.ends_at > since)
        .order_by(Talk.starts_at.desc(), Talk.id.desc())
        .limit(MOST)
    )


def _with_speakers() -> tuple[ORMOption, ...]:
    return (
        joinedload(Talk.series),
        selectinload(Talk.appearances).joinedload(TalkSpeaker.speaker),
    )


def _of(contact: Contact) -> Select[Registration, CalendarEntry, Link]:
    """The places of the person with what their calendar was told and with the open door."""
    state, confirmed = Registration.state, RegistrationState.CONFIRMED
    holds = and_(
        Talk.state == TalkState.PUBLISHED, state.in_((confirmed, RegistrationState.WAITING))
    )
    # Who gave the place up before has taken the evening out of the calendar.
    held = and_(
        Talk.state == TalkState.CANCELLED,
        state == RegistrationState.CANCELLED,
        Registration.confirmed_at.is_not(None),
        Registration.ended_at >= Talk.cancelled_at,
    )
    entry = and_(
        CalendarEntry.talk_id == Registration.talk_id,
        CalendarEntry.contact_id == Registration.contact_id,
    )
    door = and_(
        Link.talk_id == Registration.talk_id,
        Link.contact_id == Registration.contact_id,
        Link.purpose == Purpose.ENTER,
        Link.revoked_at.is_(None),
        state == confirmed,
    )
    return (
        select(Registration, CalendarEntry, Link)
        .join(Registration.talk)
        .outerjoin(CalendarEntry, entry)
        .outerjoin(Link, door)
        .where(Registration.contact_id == contact.id, or_(holds, held))
        .options(
            contains_eager(Registration.talk).joinedload(Talk.series),
            contains_eager(Registration.talk)
            .selectinload(Talk.appearances)
            .joinedload(TalkSpeaker.speaker),
        )
    )


def _evening(row: Row[Registration, CalendarEntry, Link]) -> Evening:
    registration, talk = row[0], row[0].talk
    entry: CalendarEntry | None = row[1]
    door: Link | None = row[2]
    moments = [one.changed_at for one in (registration, entry, door) if one is not None]
    return Evening(
        talk=talk,
        mode=registration.mode,
        waiting=registration.state == RegistrationState.WAITING,
        sequence=calendar_entries.shown(talk, entry, side=registration.mode),
        door=door,
        changed_at=max(changed_at(talk), *moments),
    )


_LATEST = tuple(
    select(func.max(model.changed_at)).scalar_subquery()
    for model in (Talk, TalkSpeaker, Speaker, Series)
)


def _latest(*moments: ScalarSelect[Any]) -> datetime:
    found = db.session.execute(select(*moments)).one()
    return max((moment for moment in found if moment is not None), default=now())
