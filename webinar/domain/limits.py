"""How many places of a talk one organisation may hold (`Talk.places_per_organisation`).

Both sides together, counted over the confirmed places of those who belong to the organisation at
that moment: whoever changes the organisation keeps the place, and it counts to the new one from
then on; who waits for the old one is asked again at the next act on the talk. People without an
organisation are not limited. Who is over the limit waits, is passed over while that is so, and
keeps the place in the queue. Lowering the limit takes no place away. Places are given by
`domain.registrations`, whose lock on the talk holds here too.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from webinar.extensions import db
from webinar.models import Contact, Registration, RegistrationState, Talk

S = RegistrationState

_OF_ORGANISATION = (
    select(func.count(Registration.id))
    .join(Contact, Contact.id == Registration.contact_id)
    .where(
        Registration.talk_id == bindparam("talk_id"),
        Registration.state == S.CONFIRMED,
        Contact.organisation_id == bindparam("organisation_id"),
    )
)


def kept_out(talk: Talk, *, contact: Contact) -> int:
    """How many places the contact's organisation holds where that is all it may hold, so that the
    contact cannot get one; 0 where the limit stands in nobody's way."""
    most = talk.places_per_organisation
    if most is None or contact.organisation_id is None:
        return 0
    given = {"talk_id": talk.id, "organisation_id": contact.organisation_id}
    held = db.session.scalar(_OF_ORGANISATION, given) or 0
    return held if held >= most else 0


def within(
    talk: Talk, waiting: Sequence[Registration], *, count: int | None
) -> Sequence[Registration]:
    """Who of the queue gets the `count` free places (None: everybody): the first in line, without
    those who are over the limit. One query, however many wait."""
    most = talk.places_per_organisation
    if most is None or not waiting:
        return waiting[:count]
    held = _held_by_organisation(talk)
    chosen: list[Registration] = []
    for registration in waiting:
        if len(chosen) == count:
            break
        organisation = registration.contact.organisation_id
        if registration.state == S.WAITING and organisation is not None:
            if held.get(organisation, 0) >= most:
                continue
            held[organisation] = held.get(organisation, 0) + 1
        chosen.append(registration)
    return chosen


def _held_by_organisation(talk: Talk) -> dict[int, int]:
    rows = db.session.execute(
        select(Contact.organisation_id, func.count(Registration.id))
        .join(Contact, Contact.id == Registration.contact_id)
        .where(
            Registration.talk_id == talk.id,
            Registration.state == S.CONFIRMED,
            Contact.organisation_id.is_not(None),
        )
        .group_by(Contact.organisation_id)
    )
    return {organisation: count for organisation, count in rows if organisation is not None}
