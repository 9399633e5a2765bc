"""What the organiser sees on the evening itself: who is expected, who is in, who is calling.

Reads only, in queries whose number does not grow with the people. Who is in says the attendance
that the room reports; letting in is `domain.admissions`', the door `domain.rooms`'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, select
from sqlalchemy.orm import contains_eager, joinedload

from webinar.clock import now
from webinar.domain import places, times
from webinar.domain.rooms import Terms
from webinar.domain.shares import EVERY
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Attendance,
    AttendanceSource,
    Contact,
    Invitation,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

HITS = 10
"""Who is on the telephone is found by name; more than these are searched more closely."""
EVE = timedelta(hours=6)
"""How long before the start the desk leads to the page of the evening."""


class Whom(StrEnum):
    """Which of those who are expected the list shows."""

    ALL = "all"
    IN = "in"
    MISSING = "missing"
    """Expected online and not in the room."""
    HALL = "hall"


@dataclass(frozen=True)
class Counts:
    """`online` and `hall` are expected there, `present` of the first are in the room; `others` in
    it are nobody's registration: speakers, the office, or unknown."""

    online: int
    hall: int
    present: int
    others: int


@dataclass(frozen=True)
class Caller:
    """Somebody found by name, and how they stand. `sent_at` is when the link last went by itself,
    `sendings` how often."""

    contact: Contact
    answer: Answer | None
    registration: Registration | None
    present: bool
    sent_at: datetime | None
    sendings: int

    @property
    def may_enter(self) -> bool:
        """Whether a place online is held."""
        held = self.registration
        return (
            held is not None
            and held.state == RegistrationState.CONFIRMED
            and held.mode == Mode.ONLINE
        )

    @property
    def holds_link(self) -> bool:
        """Whether the personal page would open to more than a refusal."""
        return self.registration is not None or (
            self.answer is not None and self.answer is not Answer.WITHDRAWN
        )


def near(talk: Talk, *, terms: Terms) -> bool:
    """Whether the evening of the published talk is today: from some hours before until the room
    has closed for good."""
    since = min(talk.starts_at - EVE, terms.staff(talk).opens_at)
    return talk.state == TalkState.PUBLISHED and since <= now() < terms.staff(talk).closes_at


def tonight(*, terms: Terms, seen: ColumnElement[bool] = EVERY) -> list[Talk]:
    """The talks whose evening is near, the first first."""
    query = select(Talk).where(
        Talk.state == TalkState.PUBLISHED,
        Talk.starts_at < now() + timedelta(days=1),
        now() - timedelta(minutes=terms.overrun) < times.END,
        seen,
    )
    found = db.session.scalars(query.order_by(Talk.starts_at, Talk.id))
    return [talk for talk in found if near(talk, terms=terms)]


def counts(talk: Talk) -> Counts:
    """How many are expected, and how many are in."""
    sides = db.session.execute(
        select(
            func.count(case((Registration.mode == Mode.ONLINE, 1))),
            func.count(case((Registration.mode == Mode.HALL, 1))),
            func.count(case((and_(Registration.mode == Mode.ONLINE, _is_in()), 1))),
        ).where(*_expected(talk))
    ).one()
    others = db.session.scalar(
        select(func.count(Attendance.id)).where(
            Attendance.talk_id == talk.id, Attendance.registration_id.is_(None), _here()
        )
    )
    return Counts(sides[0], sides[1], sides[2], others or 0)


def listed(talk: Talk, *, whom: Whom, text: str = "") -> Select[Registration]:
    """Who is expected, by name, or a part of them."""
    narrowed: dict[Whom, list[ColumnElement[bool]]] = {
        Whom.ALL: [],
        Whom.IN: [_is_in()],
        Whom.MISSING: [Registration.mode == Mode.ONLINE, not_(_is_in())],
        Whom.HALL: [Registration.mode == Mode.HALL],
    }
    return (
        select(Registration)
        .join(Registration.contact)
        .where(*_expected(talk), *narrowed[whom], *places.holding(text))
        .options(contains_eager(Registration.contact).joinedload(Contact.organisation))
        .order_by(Contact.sort_key, Registration.id)
    )


def in_since(registrations: Iterable[Registration]) -> dict[int, datetime]:
    """Since when who of them is in the room, by registration; who is not is not there."""
    rows = db.session.execute(
        select(Attendance.registration_id, func.min(Attendance.joined_at))
        .where(Attendance.registration_id.in_([row.id for row in registrations]), _here())
        .group_by(Attendance.registration_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


def callers(talk: Talk, text: str) -> list[Caller]:
    """Contacts in office who hold every word of `text`, first those who have to do with the talk;
    at most `HITS` and one more."""
    words = places.holding(text)
    if not words:
        return []
    rows = db.session.execute(
        select(Contact, Invitation.answer, Registration, _is_in())
        .outerjoin(
            Invitation, and_(Invitation.contact_id == Contact.id, Invitation.talk_id == talk.id)
        )
        .outerjoin(
            Registration,
            and_(
                Registration.contact_id == Contact.id,
                Registration.talk_id == talk.id,
                Registration.state.in_(ACTIVE),
            ),
        )
        .where(*words, Contact.retired_at.is_(None), Contact.erased_at.is_(None))
        .options(joinedload(Contact.organisation))
        .order_by(
            case((Registration.id.is_not(None), 0), (Invitation.id.is_not(None), 1), else_=2),
            Contact.sort_key,
            Contact.id,
        )
        .limit(HITS + 1)
    ).all()
    sent = _sendings(talk, [row[0].id for row in rows])
    return [_caller(row[0], row[1], row[2], row[3], sent) for row in rows]


def _caller(
    contact: Contact,
    answer: str | None,
    registration: Registration | None,
    present: bool,
    sent: dict[int, tuple[datetime, int]],
) -> Caller:
    sent_at, sendings = sent.get(contact.id, (None, 0))
    return Caller(
        contact=contact,
        answer=Answer(answer) if answer is not None else None,
        registration=registration,
        present=bool(present),
        sent_at=sent_at,
        sendings=sendings,
    )


def _sendings(talk: Talk, contact_ids: list[int]) -> dict[int, tuple[datetime, int]]:
    """When the personal link last went by itself, and how often, by contact."""
    rows = db.session.execute(
        select(Mail.contact_id, func.max(Mail.created_at), func.count(Mail.id))
        .where(
            Mail.talk_id == talk.id,
            Mail.contact_id.in_(contact_ids),
            Mail.template == "personal_link",
        )
        .group_by(Mail.contact_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[0] is not None}


def _expected(talk: Talk) -> list[ColumnElement[bool]]:
    return [Registration.talk_id == talk.id, Registration.state == RegistrationState.CONFIRMED]


def _here() -> ColumnElement[bool]:
    return and_(Attendance.source == AttendanceSource.ROOM, Attendance.left_at.is_(None))


def _is_in() -> ColumnElement[bool]:
    return exists().where(Attendance.registration_id == Registration.id, _here())
