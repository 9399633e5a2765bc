"""Answers to one talk seen from two more sides: by municipality and by day.

Reads only, in queries whose number does not grow with the rows. By audience and person by person
lists `domain.answers`, places `domain.places`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped

from webinar.clock import berlin
from webinar.domain.answers import Counts
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Invitation,
    Organisation,
    OrganisationKind,
    Registration,
    RegistrationState,
    Talk,
)

MOST_DAYS = 62
"""Days in a row that are shown even where nobody answered; a longer silence is left out."""


class Presence(StrEnum):
    """Whether somebody comes from a municipality, the best first."""

    COMING = "coming"
    WAITING = "waiting"
    """Nobody has a place; somebody waits for one."""
    OPEN = "open"
    """Nobody comes so far; somebody has not answered."""
    DECLINED = "declined"
    """Everybody who was invited declined."""
    UNINVITED = "uninvited"


NOBODY = (Presence.WAITING, Presence.OPEN, Presence.DECLINED, Presence.UNINVITED)
"""Nobody from there has a place."""


@dataclass(frozen=True)
class Municipality:
    """The answers of one municipality; `coming` and `waiting` count places, also of people who
    registered without an invitation."""

    organisation: Organisation
    counts: Counts
    coming: int
    waiting: int

    @property
    def presence(self) -> Presence:
        if self.coming:
            return Presence.COMING
        if self.waiting:
            return Presence.WAITING
        if self.counts.none:
            return Presence.OPEN
        return Presence.DECLINED if self.counts.invited else Presence.UNINVITED


@dataclass(frozen=True)
class Day:
    """The answers that stand since that day."""

    day: date
    counts: Counts


def municipalities(talk: Talk) -> list[Municipality]:
    """Every municipality of the county by name, in three queries; where nobody has said which lie
    in the county, every municipality that is known."""
    rows = db.session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.MUNICIPALITY)
        .order_by(Organisation.sort_key, Organisation.id)
    ).all()
    inside = [row for row in rows if row.in_county] or list(rows)
    answers = _by_organisation(talk, Invitation.answer, Invitation)
    places = _by_organisation(talk, Registration.state, Registration)
    return [
        Municipality(
            organisation=row,
            counts=_counts(answers[row.id]),
            coming=places[row.id][RegistrationState.CONFIRMED],
            waiting=places[row.id][RegistrationState.WAITING],
        )
        for row in inside
    ]


def _by_organisation(
    talk: Talk, what: Mapped[str], table: type[Invitation] | type[Registration]
) -> dict[int, Counter[str]]:
    rows = db.session.execute(
        select(Contact.organisation_id, what, func.count())
        .join(table, table.contact_id == Contact.id)
        .where(table.talk_id == talk.id, Contact.organisation_id.is_not(None))
        .group_by(Contact.organisation_id, what)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for organisation_id, word, count in rows:
        if organisation_id is not None:
            found[organisation_id][word] = count
    return found


def by_day(talk: Talk) -> list[Day]:
    """The answers by day as the office's clock shows it, the first day first. Silent days between
    stand with zeros."""
    rows = db.session.execute(
        select(Invitation.answered_at, Invitation.answer).where(
            Invitation.talk_id == talk.id,
            Invitation.answered_at.is_not(None),
            Invitation.answer.not_in((Answer.NONE, Answer.WITHDRAWN)),
        )
    )
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for at, answer in rows:
        if at is not None:
            found[berlin(at).date()][answer] += 1
    return [Day(day, _counts(found.get(day, Counter()))) for day in _days(sorted(found))]


def _days(known: list[date]) -> list[date]:
    if not known:
        return []
    length = (known[-1] - known[0]).days + 1
    if length > MOST_DAYS:
        return known
    return [known[0] + timedelta(days=number) for number in range(length)]


def _counts(found: Counter[str]) -> Counts:
    return Counts(
        accepted=found[Answer.ACCEPTED],
        delegated=found[Answer.DELEGATED],
        declined=found[Answer.DECLINED],
        none=found[Answer.NONE],
    )
