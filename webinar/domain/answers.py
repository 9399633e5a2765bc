"""Who was invited to a talk, what they answered and where they stand: what the desk lists.

Reads only, in queries whose number does not grow with the rows. `domain.participation` changes
answers and places; the places themselves lists `domain.places`, numbers of several talks at once
`domain.overview`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from webinar.domain import places
from webinar.domain.places import Sort
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Audience,
    Contact,
    Deputy,
    Invitation,
    Mail,
    MailingKind,
    MailState,
    Mode,
    Organisation,
    Registration,
    Source,
    Talk,
    audience_members,
)


class Shown(StrEnum):
    """What the list of invited people can be narrowed to. Who waits has accepted, too."""

    ACCEPTED = "accepted"
    DELEGATED = "delegated"
    DECLINED = "declined"
    NONE = "none"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Counts:
    """Answers, as people; withdrawn invitations do not count."""

    accepted: int = 0
    delegated: int = 0
    declined: int = 0
    none: int = 0

    @property
    def invited(self) -> int:
        return self.answered + self.none

    @property
    def answered(self) -> int:
        return self.accepted + self.delegated + self.declined


@dataclass(frozen=True)
class Share:
    """The answers of one audience; without `name` those of people in none."""

    name: str
    counts: Counts


@dataclass(frozen=True)
class Invitee:
    """One invited person with what belongs to the answer.

    `registration` is the place or waiting place, of a delegated invitation the deputy's;
    `position` its place in the queue. `deputy` comes instead; `sent_by` asked this person to come
    instead. `undelivered`: the invitation did not arrive.
    """

    invitation: Invitation
    registration: Registration | None = None
    position: int | None = None
    deputy: Contact | None = None
    sent_by: Contact | None = None
    undelivered: bool = False


def totals(talk: Talk) -> Counts:
    """The answers of everybody who is invited, each counted once."""
    rows = db.session.execute(
        select(Invitation.answer, func.count()).where(_standing(talk)).group_by(Invitation.answer)
    )
    return _counts({row[0]: row[1] for row in rows})


def by_audience(talk: Talk) -> list[Share]:
    """The answers by audience, by name; last those of people in none, if there are any.

    Who is in two audiences counts in both, so the sum can exceed `totals`.
    """
    member = audience_members.c
    rows = db.session.execute(
        select(Audience.id, Audience.name, Invitation.answer, func.count())
        .join(audience_members, member.audience_id == Audience.id)
        .join(Invitation, Invitation.contact_id == member.contact_id)
        .where(_standing(talk))
        .group_by(Audience.id, Audience.name, Audience.sort_key, Invitation.answer)
        .order_by(Audience.sort_key, Audience.id)
    )
    names: dict[int, str] = {}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for audience_id, name, answer, count in rows:
        names[audience_id] = name
        found[audience_id][answer] = count
    shares = [Share(names[key], _counts(counts)) for key, counts in found.items()]
    single = _counts(_outside(talk))
    return [*shares, Share("", single)] if single.invited else shares


def _outside(talk: Talk) -> dict[str, int]:
    rows = db.session.execute(
        select(Invitation.answer, func.count())
        .where(
            _standing(talk),
            ~exists().where(audience_members.c.contact_id == Invitation.contact_id),
        )
        .group_by(Invitation.answer)
    )
    return {row[0]: row[1] for row in rows}


def _standing(talk: Talk) -> ColumnElement[bool]:
    return and_(Invitation.talk_id == talk.id, Invitation.answer != Answer.WITHDRAWN)


def _counts(found: Mapping[str, int]) -> Counts:
    return Counts(
        accepted=found.get(Answer.ACCEPTED, 0),
        delegated=found.get(Answer.DELEGATED, 0),
        declined=found.get(Answer.DECLINED, 0),
        none=found.get(Answer.NONE, 0),
    )


def audiences_of(talk: Talk) -> Sequence[Audience]:
    """The audiences that somebody invited belongs to, by name."""
    invited = (
        select(audience_members.c.audience_id)
        .join(Invitation, Invitation.contact_id == audience_members.c.contact_id)
        .where(Invitation.talk_id == talk.id)
    )
    return db.session.scalars(
        select(Audience).where(Audience.id.in_(invited)).order_by(Audience.sort_key, Audience.id)
    ).all()


def invitations(
    talk: Talk,
    *,
    text: str = "",
    shown: Shown | None = None,
    audience_id: int | None = None,
    organisation_id: int | None = None,
    side: Mode | None = None,
    source: Source | None = None,
    sort: Sort = Sort.NAME,
) -> Select[Invitation]:
    """The invitations of those who hold every word of `text`, stand as `shown`, belong to audience
    and organisation, and have a place or waiting place on that side and from that source; by name
    or by the time of the answer. Withdrawn ones only where they are asked for."""
    query = (
        select(Invitation)
        .join(Invitation.contact)
        .where(
            Invitation.talk_id == talk.id,
            _shown(shown),
            *places.holding(text),
            *places.belonging(audience_id=audience_id, organisation_id=organisation_id),
        )
        .options(
            contains_eager(Invitation.contact).joinedload(Contact.organisation),
            contains_eager(Invitation.contact).selectinload(Contact.audiences),
        )
        .order_by(*places.ordered(sort, Invitation.answered_at, Contact.id))
    )
    return query if side is None and source is None else query.where(_placed(side, source))


def _placed(side: Mode | None, source: Source | None) -> ColumnElement[bool]:
    """Whether the invited person has a place or waiting place on that side, from that source."""
    held = [
        Registration.talk_id == Invitation.talk_id,
        Registration.contact_id == Invitation.contact_id,
        Registration.state.in_(ACTIVE),
    ]
    if side is not None:
        held.append(or_(Registration.mode == side, Registration.wanted_mode == side))
    if source is not None:
        held.append(Registration.source == source)
    return exists().where(*held)


def organisations_of(talk: Talk) -> Sequence[Organisation]:
    """The organisations that somebody invited belongs to, by name."""
    invited = (
        select(Contact.organisation_id)
        .join(Invitation, Invitation.contact_id == Contact.id)
        .where(Invitation.talk_id == talk.id)
    )
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(invited))
        .order_by(Organisation.sort_key, Organisation.id)
    ).all()


def unanswered(talk: Talk) -> int:
    """How many a second invitation would reach: no answer, in office, not unsubscribed."""
    query = (
        select(func.count(Invitation.id))
        .join(Invitation.contact)
        .where(
            Invitation.talk_id == talk.id,
            Invitation.answer == Answer.NONE,
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
            Contact.unsubscribed_at.is_(None),
        )
    )
    return db.session.scalar(query) or 0


def _shown(shown: Shown | None) -> ColumnElement[bool]:
    if shown is None:
        return Invitation.answer != Answer.WITHDRAWN
    if shown is Shown.WAITING:
        return exists().where(
            Registration.talk_id == Invitation.talk_id,
            Registration.contact_id == Invitation.contact_id,
            places.waits(),
        )
    return Invitation.answer == shown.value


def invitees(talk: Talk, rows: Sequence[Invitation]) -> list[Invitee]:
    """Each invitation with place, deputy and delivery, in five queries at most."""
    ids = [row.id for row in rows]
    senders, deputies = _deputies(ids)
    people = {row.contact_id for row in rows} | {deputy.id for deputy in deputies.values()}
    held = _places(talk, people)
    queue = places.positions(talk, among=held.values())
    lost = _undelivered(talk, {row.contact_id for row in rows})
    found = []
    for row in rows:
        deputy = deputies.get(row.id) if row.answer == Answer.DELEGATED else None
        place = held.get(deputy.id if deputy is not None else row.contact_id)
        found.append(
            Invitee(
                invitation=row,
                registration=place,
                position=queue.get(place.id) if place is not None else None,
                deputy=deputy,
                sent_by=senders.get(row.id),
                undelivered=row.contact_id in lost,
            )
        )
    return found


def _deputies(ids: Iterable[int]) -> tuple[dict[int, Contact], dict[int, Contact]]:
    """By invitation: who asked this person to come instead; whom this person sends instead."""
    wanted = set(ids)
    rows = db.session.scalars(
        select(Deputy)
        .where(
            Deputy.ended_at.is_(None),
            or_(Deputy.invitation_id.in_(wanted), Deputy.deputy_invitation_id.in_(wanted)),
        )
        .options(
            joinedload(Deputy.invitation).joinedload(Invitation.contact),
            joinedload(Deputy.deputy_invitation).joinedload(Invitation.contact),
        )
    ).all()
    return (
        {row.deputy_invitation_id: row.invitation.contact for row in rows},
        {row.invitation_id: row.deputy_invitation.contact for row in rows},
    )


def _places(talk: Talk, contact_ids: Iterable[int]) -> dict[int, Registration]:
    rows = db.session.scalars(
        select(Registration).where(
            Registration.talk_id == talk.id,
            Registration.contact_id.in_(set(contact_ids)),
            Registration.state.in_(ACTIVE),
        )
    )
    return {row.contact_id: row for row in rows}


def _undelivered(talk: Talk, contact_ids: Iterable[int]) -> set[int]:
    """Whose last invitation to the talk came back or was refused."""
    rows = db.session.execute(
        select(Mail.contact_id, Mail.state)
        .where(
            Mail.talk_id == talk.id,
            Mail.template == MailingKind.INVITATION,
            Mail.contact_id.in_(set(contact_ids)),
        )
        .order_by(Mail.id)
    )
    last = {contact_id: state for contact_id, state in rows if contact_id is not None}
    lost = (MailState.FAILED, MailState.BOUNCED)
    return {contact_id for contact_id, state in last.items() if state in lost}
