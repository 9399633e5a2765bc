"""The hall: who came in, ticked off by hand, and taken back where a click was wrong.

Who is in the hall took part; nobody measures how long. Neighbour: `domain.attendances`, which sums.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select

from webinar.clock import now
from webinar.domain import audit
from webinar.domain.rows import find_or_add
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Attendance,
    AttendanceSource,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

DOORS_OPEN = timedelta(hours=12)
"""How long before the start somebody can be ticked off: on the day, not by a slip days before."""


def open_for(talk: Talk) -> bool:
    """Whether people can be ticked off: on the day and ever after."""
    return talk.state == TalkState.PUBLISHED and now() >= talk.starts_at - DOORS_OPEN


def tick(talk: Talk, *, contact_id: int, by: Account) -> Registration:
    """Note that the person is in the hall; twice is once. Also who had a place online: plans
    change. Raises `NotThere` without a place, `RuleError` before the day."""
    registration = _place(talk, contact_id)
    if not open_for(talk):
        raise RuleError("attendance_too_early")
    before = _ticked(registration)
    find_or_add(
        _tick_of(registration),
        lambda: Attendance(
            talk_id=talk.id,
            registration_id=registration.id,
            source=AttendanceSource.HALL,
            joined_at=now(),
        ),
    )
    if not before:
        audit.record("attendance.ticked", registration, by=by)
    return registration


def untick(talk: Talk, *, contact_id: int, by: Account) -> Registration:
    """Take it back; taking back what was not there changes nothing."""
    registration = _place(talk, contact_id)
    row = db.session.scalar(_tick_of(registration))
    if row is not None:
        db.session.delete(row)
        audit.record("attendance.unticked", registration, by=by)
        db.session.flush()
    return registration


def _place(talk: Talk, contact_id: int) -> Registration:
    found = db.session.scalar(
        select(Registration)
        .where(
            Registration.talk_id == talk.id,
            Registration.contact_id == contact_id,
            Registration.state == RegistrationState.CONFIRMED,
        )
        .with_for_update()
    )
    if found is None:
        raise NotThere("record_missing")
    return found


def _ticked(registration: Registration) -> bool:
    return db.session.scalar(_tick_of(registration)) is not None


def _tick_of(registration: Registration) -> Select[Attendance]:
    return select(Attendance).where(
        Attendance.registration_id == registration.id,
        Attendance.source == AttendanceSource.HALL,
    )
