"""Which talks one contact was invited to or had a place at: to look at, never to decide by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import times
from webinar.extensions import db
from webinar.models import ACTIVE, Contact, Invitation, Registration, Talk


@dataclass
class Evening:
    """One talk: the invitation to it, if there is one, and the last registration."""

    talk: Talk
    invitation: Invitation | None = None
    registration: Registration | None = None


def evenings(contact: Contact) -> list[Evening]:
    """All talks that the contact was invited to or registered for, the latest first."""
    found: dict[int, Evening] = {}
    invitations = select(Invitation).where(Invitation.contact_id == contact.id)
    for invitation in db.session.scalars(invitations.options(joinedload(Invitation.talk))):
        found[invitation.talk_id] = Evening(invitation.talk, invitation=invitation)
    registrations = (
        select(Registration)
        .where(Registration.contact_id == contact.id)
        .options(joinedload(Registration.talk))
        .order_by(Registration.id)
    )
    for registration in db.session.scalars(registrations):
        evening = found.setdefault(registration.talk_id, Evening(registration.talk))
        evening.registration = registration
    return sorted(found.values(), key=lambda evening: evening.talk.starts_at, reverse=True)


def coming(contact: Contact) -> list[Evening]:
    """The evenings that have not begun and where the contact holds a place or a waiting place."""
    return [
        evening
        for evening in evenings(contact)
        if evening.registration is not None
        and evening.registration.state in ACTIVE
        and not times.started(evening.talk)
    ]


def predecessors(contact: Contact) -> list[Contact]:
    """The retired contacts whom this one follows, or who were merged into it."""
    query = select(Contact).where(Contact.successor_id == contact.id, Contact.erased_at.is_(None))
    return list(db.session.scalars(query.order_by(Contact.sort_key, Contact.id)))
