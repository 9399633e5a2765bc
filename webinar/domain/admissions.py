"""Letting single people into the room by hand: who waits, declined, comes to the hall or was never
invited, until the room closes.

Whoever is let in gets a place online, if need be one more than there were, since that is what the
room, the attendance and the archive go by (`domain.rooms`). Answer and place are moved together
here as in `domain.participation`, whose acts end when the talk begins. The talk is locked first.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import (
    askings,
    audit,
    calendar_entries,
    invitations,
    notices,
    participation,
    registrations,
    waiting_list,
)
from webinar.domain.rooms import Terms
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Admission,
    Answer,
    Contact,
    Invitation,
    Mode,
    Registration,
    RegistrationState,
    Source,
    Talk,
    TalkState,
)

S = RegistrationState


def admit(talk: Talk, *, contact: Contact, terms: Terms, by: Account) -> Admission:
    """Give the contact a place online now and mail the personal link.

    Repeating it changes nothing. Raises `RuleError` for who has a place online already, left
    office, or comes too late; and for a talk without a room.
    """
    registrations.lock(talk)
    held = registrations.active_registration(talk, contact=contact)
    known = _active(held)
    if known is not None:
        return known
    _check(talk, contact, held, terms)
    registration = _place(talk, contact, held, by=by)
    admission = Admission(registration=registration, account_id=by.id)
    db.session.add(admission)
    db.session.flush()
    audit.record("registration.admitted", registration, by=by)
    notices.place(talk, registration, reason="admitted")
    participation.promote(talk)  # a place in the hall may have become free
    return admission


def revoke(admission: Admission, *, by: Account) -> None:
    """Take it back: the place ends, and the next token is refused. Who is inside stays until the
    connection ends; a moderator can put somebody out in the room itself. Nobody is mailed."""
    registration = admission.registration
    talk = registration.talk
    registrations.lock(talk)
    db.session.refresh(admission)
    if admission.revoked_at is not None:
        return
    admission.revoked_at = now()
    db.session.refresh(registration)
    if registration.state in (S.CONFIRMED, S.WAITING):
        registrations.end(registration, state=S.REFUSED)
    invitation = invitations.invitation_of(talk, contact=registration.contact)
    if invitation is not None:
        askings.deputy_gone(invitation, by=by, notify=False)
        invitations.set_answer(invitation, Answer.WITHDRAWN)
    # A mail with the link that waits still stays unsent; letting in again asks the calendar anew.
    calendar_entries.cancel(talk, contact=registration.contact)
    audit.record("registration.admission_revoked", registration, by=by)
    db.session.flush()
    participation.promote(talk)


def find(talk: Talk, admission_id: int) -> Admission:
    """The admission to that talk; raises `NotThere`."""
    found = db.session.get(Admission, admission_id)
    if found is None or found.registration.talk_id != talk.id:
        raise NotThere("record_missing")
    return found


def of_talk(talk: Talk) -> Sequence[Admission]:
    """Who has a place by it, the last first, with person and account."""
    return db.session.scalars(
        select(Admission)
        .join(Admission.registration)
        .where(
            Registration.talk_id == talk.id,
            Registration.state == S.CONFIRMED,
            Admission.revoked_at.is_(None),
        )
        .options(
            joinedload(Admission.registration)
            .joinedload(Registration.contact)
            .joinedload(Contact.organisation),
            joinedload(Admission.account),
        )
        .order_by(Admission.id.desc())
    ).all()


def _active(registration: Registration | None) -> Admission | None:
    """The admission that the place rests on; none, once the person gave the place up."""
    if registration is None:
        return None
    return db.session.scalar(
        select(Admission).where(
            Admission.registration_id == registration.id, Admission.revoked_at.is_(None)
        )
    )


def _check(talk: Talk, contact: Contact, held: Registration | None, terms: Terms) -> None:
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED:
        raise RuleError("talk_not_published")
    if Mode.ONLINE not in registrations.modes(talk):
        raise RuleError("talk_without_room")
    if not contact.active:
        raise RuleError("contact_deactivated")
    if now() >= terms.guests(talk).closes_at:
        raise RuleError("evening_over")
    if held is not None and held.state == S.CONFIRMED and held.mode == Mode.ONLINE:
        raise RuleError("place_held_already")


def _place(talk: Talk, contact: Contact, held: Registration | None, *, by: Account) -> Registration:
    """A confirmed place online, whatever there was before."""
    if registrations.free(talk, Mode.ONLINE) == 0:
        waiting_list.raise_places_to_fit(talk, Mode.ONLINE, by=by)
    if held is not None and held.state == S.UNCONFIRMED:
        registrations.end(held)  # the office vouches for the address that nobody confirmed yet
        held = None
    if held is None:
        invitation = _coming(talk, contact, by=by)
        held = registrations.register(
            talk, contact=contact, mode=Mode.ONLINE, invitation=invitation, source=Source.OFFICE
        )
    elif held.mode != Mode.ONLINE:
        registrations.change_side(talk, held, mode=Mode.ONLINE)
    if held.state == S.WAITING:
        registrations.give(held)
    return held


def _coming(talk: Talk, contact: Contact, *, by: Account) -> Invitation:
    """The contact's invitation, accepted; a deputy who was sent comes as well."""
    invitation = invitations.invite(talk, contact=contact)
    before = invitation.answer
    asking = askings.sent_by(invitation)
    if asking is not None:
        askings.both_come(asking)
    if before == Answer.WITHDRAWN:
        invitations.set_answer(invitation, Answer.NONE)
    if invitations.set_answer(invitation, Answer.ACCEPTED):
        changes = {"answer": [before, Answer.ACCEPTED.value]}
        audit.record("invitation.answered", invitation, by=by, changes=changes)
    return invitation
