"""One person and one talk, as the desk shows them: answer, place, mails, link, what the office did.

Reads only, in queries whose number does not grow with what there is to show. The acts are
`domain.office_acts`' and `domain.waiting_list`'s; lists of many people are `domain.answers`' and
`domain.places`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import defer

from webinar.clock import now
from webinar.domain import answers, invitations, links, places, registrations, times
from webinar.domain.answers import Invitee
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Invitation,
    Link,
    Mail,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

S = RegistrationState


@dataclass(frozen=True)
class Person:
    """`registration` is the place, the waiting place, or the last one that ended. `invitee` is
    None for who was never invited. `open`: the office can still do something about the answer;
    `reachable`: links can be sent and replaced. `archive` is the link to what is left of the
    evening, which somebody of an audience can hold alone."""

    talk: Talk
    contact: Contact
    invitee: Invitee | None
    registration: Registration | None
    position: int | None
    waiting: int
    """How many wait for the same side."""
    link: Link | None
    archive: Link | None
    open: bool
    reachable: bool

    @property
    def invitation(self) -> Invitation | None:
        return None if self.invitee is None else self.invitee.invitation

    @property
    def invited(self) -> bool:
        return self.invitation is not None and self.invitation.answer != Answer.WITHDRAWN

    @property
    def active(self) -> bool:
        """Whether a place or a waiting place is held."""
        return self.registration is not None and self.registration.state in (
            S.CONFIRMED,
            S.WAITING,
        )

    @property
    def holds_link(self) -> bool:
        """Whether a link that the person has would open to more than a refusal."""
        over = self.archive is not None and times.end(self.talk) <= now()
        return self.invited or self.active or over


@dataclass(frozen=True)
class Line:
    """One line of the audit log about the person; `name` of the account, empty for the program."""

    at: datetime
    action: str
    name: str
    changes: dict[str, Any]


def person(talk: Talk, contact: Contact) -> Person:
    """How the contact stands; raises `NotThere` for who has nothing to do with the talk."""
    invitation = invitations.invitation_of(talk, contact=contact)
    registration = _registration(talk, contact)
    archive = links.find_contact_link(contact, purpose=Purpose.ARCHIVE, talk=talk)
    if invitation is None and registration is None and archive is None:
        raise NotThere("record_missing")
    found = answers.invitees(talk, [invitation]) if invitation is not None else []
    position, waiting = _queue(talk, registration)
    return Person(
        talk=talk,
        contact=contact,
        invitee=found[0] if found else None,
        registration=registration,
        position=position,
        waiting=waiting,
        link=links.find_contact_link(contact, purpose=Purpose.ANSWER, talk=talk),
        archive=archive,
        open=still_open(talk) and contact.active,
        reachable=talk.state == TalkState.PUBLISHED and contact.active,
    )


def still_open(talk: Talk) -> bool:
    """Whether the office can still do something about answers and places of the talk."""
    return talk.state == TalkState.PUBLISHED and not times.started(talk)


def _registration(talk: Talk, contact: Contact) -> Registration | None:
    """The last one: of several only the last can be active."""
    query = (
        select(Registration)
        .where(Registration.talk_id == talk.id, Registration.contact_id == contact.id)
        .order_by(Registration.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def _queue(talk: Talk, registration: Registration | None) -> tuple[int | None, int]:
    if registration is None or registration.state not in (S.CONFIRMED, S.WAITING):
        return None, 0
    position = registrations.position(registration)
    if position is None:
        return None, 0
    side = func.coalesce(Registration.wanted_mode, Registration.mode)
    count = db.session.scalar(
        select(func.count(Registration.id)).where(
            Registration.talk_id == talk.id,
            places.waits(),
            side == registrations.awaited(registration),
        )
    )
    return position, count or 0


def mails(talk: Talk, contact: Contact) -> Sequence[Mail]:
    """What the person was sent about the talk, the newest first; without the bytes."""
    query = (
        select(Mail)
        .where(Mail.talk_id == talk.id, Mail.contact_id == contact.id)
        .options(defer(Mail.content))
        .order_by(Mail.id.desc())
    )
    return db.session.scalars(query).all()


def lines(person: Person) -> list[Line]:
    """What the office did about this person and this talk, the newest first."""
    talk, contact = person.talk, person.contact
    ids = (
        ("invitations", _ids(select(Invitation.id), Invitation, talk, contact)),
        ("registrations", _ids(select(Registration.id), Registration, talk, contact)),
        ("links", _ids(select(Link.id), Link, talk, contact)),
    )
    about = [
        and_(AuditEntry.record_type == table, AuditEntry.record_id.in_(query))
        for table, query in ids
    ]
    rows = db.session.execute(
        select(AuditEntry, Account.name)
        .join(Account, Account.id == AuditEntry.account_id, isouter=True)
        .where(or_(*about))
        .order_by(AuditEntry.id.desc())
    )
    return [Line(row[0].at, row[0].action, row[1] or "", row[0].changes) for row in rows]


def _ids(query: Select[int], table: Any, talk: Talk, contact: Contact) -> Select[int]:
    return query.where(table.talk_id == talk.id, table.contact_id == contact.id)
