"""What becomes free when people leave office: their places at talks that have not begun.

Who leaves is decided by `domain.contacts` and `domain.contact_imports`, which know nothing of
places; whoever calls them calls this afterwards, in the same transaction. Stands above
`domain.participation`, as its neighbour `domain.contact_merges` does. Answers and attendance of the
past stay with the contact.
"""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import askings, audit, invitations, participation, registrations, times
from webinar.extensions import db
from webinar.models import ACTIVE, Account, Answer, Contact, Registration, Talk

Row = TypeVar("Row")


def free_places(*, by: Account | None) -> int:
    """Give up whatever place or waiting place retired contacts hold at a talk that has not begun,
    and give each to the next in line; returns how many were given up.

    Their invitations to these talks are withdrawn, so that answer and place agree; whoever had sent
    one of them as a deputy is told. They themselves get no mail: it would reach whoever holds the
    address now. The entry in their calendar goes when the talk is cancelled.
    """
    freed = 0
    for talk in _talks():
        registrations.lock(talk)
        if times.started(talk):
            continue
        held = _held(talk)
        for registration in held:
            _give_up(registration, talk=talk, by=by)
        freed += len(held)
        participation.places_changed(talk)
    return freed


def _talks() -> list[Talk]:
    """In the order of their numbers, as everybody locks who locks several."""
    talk_ids = _of_retired(select(Registration.talk_id))
    query = select(Talk).where(Talk.id.in_(talk_ids), Talk.starts_at > now()).order_by(Talk.id)
    return list(db.session.scalars(query))


def _held(talk: Talk) -> list[Registration]:
    query = _of_retired(select(Registration)).where(Registration.talk_id == talk.id)
    query = query.options(joinedload(Registration.contact)).order_by(Registration.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _of_retired(query: Select[Row]) -> Select[Row]:
    gone = select(Contact.id).where(Contact.retired_at.is_not(None))
    return query.where(Registration.state.in_(ACTIVE), Registration.contact_id.in_(gone))


def _give_up(registration: Registration, *, talk: Talk, by: Account | None) -> None:
    before = registration.state
    registrations.end(registration)
    invitation = invitations.invitation_of(talk, contact=registration.contact)
    if invitation is not None:
        askings.deputy_gone(invitation, by=by)
        invitations.set_answer(invitation, Answer.WITHDRAWN)
    audit.record(
        "registration.ended", registration, by=by, changes={"state": [before, registration.state]}
    )
