"""A talk that no longer offers a side: what becomes of those who hold a place or wait there.

The organiser decides for them (rule 2): over to the other side, as many as fit, or the end of their
registrations. Either way each of them is told. Above `domain.participation`, below `domain.talks`.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from webinar.domain import audit, invitations, notices, participation, registrations
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Account,
    Answer,
    Mode,
    Registration,
    RegistrationState,
    Talk,
)


class Dropped(StrEnum):
    """What the organiser decides for those on the side that goes."""

    MOVE = "move"
    END = "end"


def dropped_side(talk: Talk) -> Mode | None:
    """The side that the talk as it is now does not offer, of two."""
    return next((mode for mode in Mode if mode not in registrations.modes(talk)), None)


def held(talk: Talk, mode: Mode) -> int:
    """How many hold a place or wait on that side."""
    return registrations.taken(talk, mode) + len(registrations.queue(talk, mode))


def resolve(talk: Talk, *, how: Dropped, by: Account) -> set[int]:
    """Do what the organiser decided; returns the ids of the contacts who are told of it. The talk
    is locked and no longer offers the side."""
    gone = dropped_side(talk)
    if gone is None:
        return set()
    affected = _affected(talk, gone)
    for registration in affected:
        if how is Dropped.END and registration.mode == gone:
            _end(talk, registration)
        else:
            _move(talk, registration, mode=Mode.HALL if gone is Mode.ONLINE else Mode.ONLINE)
    participation.promote(talk)
    changes = {"side": gone.value, "how": how.value, "people": len(affected)}
    audit.record("talk.side_dropped", talk, by=by, changes=changes)
    return {registration.contact_id for registration in affected}


def _affected(talk: Talk, mode: Mode) -> list[Registration]:
    """First who holds a place, then who waits, both in order of arrival."""
    query = (
        select(Registration)
        .where(
            Registration.talk_id == talk.id,
            Registration.state.in_(ACTIVE),
            or_(Registration.mode == mode, Registration.wanted_mode == mode),
        )
        .options(joinedload(Registration.contact))
        .order_by(Registration.queued_at, Registration.id)
        .execution_options(populate_existing=True)
    )
    rows = db.session.scalars(query).all()
    return sorted(rows, key=lambda row: row.state != RegistrationState.CONFIRMED)


def _move(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    stays = registration.mode == mode
    registrations.lose_side(
        registration, mode=mode, room=stays or registrations.free(talk, mode) != 0
    )
    notices.place(talk, registration, reason="format")


def _end(talk: Talk, registration: Registration) -> None:
    registrations.end(registration)
    invitation = invitations.invitation_of(talk, contact=registration.contact)
    if invitation is not None and invitation.answer == Answer.ACCEPTED:
        invitations.set_answer(invitation, Answer.NONE)
    notices.end(
        talk, registration.contact, key=notices.place_key(registration), template="side_dropped"
    )
