"""How the program is: whether a worker lives, how long mail waits, and what an evening counts.

Numbers only, never names. What is too old or too little is decided by `webinar.web.operating`,
which shows it; workers leave their sign of life here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from webinar.clock import now
from webinar.domain.delivery import DUE
from webinar.extensions import db
from webinar.models import (
    Attendance,
    AttendanceSource,
    Invitation,
    Job,
    JobState,
    Mail,
    Registration,
    Talk,
    TalkState,
    WorkerBeat,
)

FORGOTTEN = timedelta(days=1)
"""After so long without a sign of life a row is a dead process's."""
STAYS = timedelta(hours=12)
"""Who came longer ago and never left has been lost by the video server."""
RECENT = timedelta(days=1)
"""Answers are counted for talks that end later than that ago, so that the series stays short."""


def beat(name: str) -> None:
    """Leave a sign of life of the worker; forget those that have been dead for a day."""
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now() - FORGOTTEN))
    renewed = db.session.execute(
        update(WorkerBeat)
        .where(WorkerBeat.name == name)
        .values(beat_at=now())
        .returning(WorkerBeat.id)
    )
    if renewed.first() is None:
        db.session.add(WorkerBeat(name=name))
        db.session.flush()


def leave(name: str) -> None:
    """The worker has ended as it should."""
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.name == name))


def last_beat() -> datetime | None:
    """The newest sign of life of any worker."""
    return db.session.scalar(select(func.max(WorkerBeat.beat_at)))


def mail_waits_since() -> datetime | None:
    """When the oldest mail that is due should have gone out; None where none is due."""
    query = select(func.min(Mail.next_try_at)).where(Mail.state.in_(DUE), Mail.next_try_at <= now())
    return db.session.scalar(query)


def mails_by_state() -> Mapping[str, int]:
    """How many mails there are in each state."""
    query = select(Mail.state, func.count()).group_by(Mail.state)
    return _counted(query)


def failed_jobs() -> int:
    """How many jobs were given up."""
    query = select(func.count()).select_from(Job).where(Job.state == JobState.FAILED)
    return db.session.scalar(query) or 0


def answers() -> Mapping[str, int]:
    """Invitations to the talks of these days by answer."""
    query = select(Invitation.answer, func.count()).join(Invitation.talk).where(*_these_days())
    return _counted(query.group_by(Invitation.answer))


def registrations() -> Mapping[str, int]:
    """Registrations for the talks of these days by state."""
    query = select(Registration.state, func.count()).join(Registration.talk).where(*_these_days())
    return _counted(query.group_by(Registration.state))


def in_the_room() -> int:
    """How many stays in a video room have begun and not ended."""
    query = (
        select(func.count())
        .select_from(Attendance)
        .where(
            Attendance.source == AttendanceSource.ROOM,
            Attendance.left_at.is_(None),
            Attendance.joined_at > now() - STAYS,
        )
    )
    return db.session.scalar(query) or 0


def _counted(query: Select[str, int]) -> dict[str, int]:
    return {word: count for word, count in db.session.execute(query)}  # noqa: C416  typed rows


def _these_days() -> tuple[ColumnElement[bool], ...]:
    return Talk.state == TalkState.PUBLISHED, Talk.ends_at > now() - RECENT
