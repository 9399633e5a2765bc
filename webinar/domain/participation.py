"""Answers and places, moved together: invitation and registration never contradict each other.

The only module that changes either, and the one that writes the mails about it. Each act locks the
talk first, so that counting and confirming are one step; a freed place goes to the next in line in
the same transaction. What the database is told here, the worker sends after the commit.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import calendar_entries, invitations, links, mail, registrations, times
from webinar.domain.mail import CalendarPart
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    CalendarEntry,
    Contact,
    Invitation,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)


def accept(invitation: Invitation, *, mode: Mode) -> Registration:
    """The invited person comes, on that side. Repeating it changes nothing.

    Raises `RuleError` after the start, after the closing time (who already has a place may still
    change sides), for a cancelled talk, a withdrawn invitation, a retired contact, or a side that
    is not offered.
    """
    talk = _begin(invitation)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is None:
        if not times.registration_open(talk):
            raise RuleError("registration_closed")
        registration = registrations.register(
            talk, contact=invitation.contact, mode=mode, invitation=invitation
        )
        _tell(talk, registration, reason="accepted")
    elif (registration.wanted_mode or registration.mode) != mode:
        _change_side(talk, registration, mode=mode)
    invitations.set_answer(invitation, Answer.ACCEPTED)
    return registration


def decline(invitation: Invitation) -> None:
    """The invited person does not come; a place that was held goes to the next in line."""
    talk = _begin(invitation)
    changed = invitations.set_answer(invitation, Answer.DECLINED)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is not None:
        registrations.end(registration)
        _tell_end(talk, invitation.contact, key=_place_key(registration), template="declined")
        _promote(talk)
    elif changed:
        key = f"answer:{invitation.id}:{invitation.revision}"
        _tell_end(talk, invitation.contact, key=key, template="declined")


def places_changed(talk: Talk) -> list[Registration]:
    """After an organiser changed the number of places: promote as many as fit."""
    registrations.lock(talk)
    return _promote(talk)


def tell_moved(talk: Talk, *, revision: int) -> int:
    """Tell everyone who holds the old time or place (rule 7); returns how many were told."""
    registrations.lock(talk)
    told = _holders(talk)
    for contact in told:
        mail.to_contact(
            "moved",
            contact,
            key=f"moved:{talk.id}:{revision}:{contact.id}",
            talk=talk,
            calendar=_request_if_confirmed(talk, contact),
            not_after=times.end(talk),
        )
    return len(told)


def holder_count(talk: Talk) -> int:
    """How many people a move or a cancellation would reach now."""
    return len(_holders(talk))


def tell_cancelled(talk: Talk) -> int:
    """End every registration of the cancelled talk and tell everyone who holds something, also
    those who want no more invitations; returns how many were told."""
    registrations.lock(talk)
    told = _holders(talk)
    for registration in _active(talk):
        registrations.end(registration)
    for contact in told:
        _tell_end(talk, contact, key=f"talk-cancelled:{talk.id}:{contact.id}", template="cancelled")
    return len(told)


def _begin(invitation: Invitation) -> Talk:
    """Lock the talk, read the invitation again under the lock, and check that answers count."""
    talk = invitation.talk
    registrations.lock(talk)
    db.session.refresh(invitation, ["answer", "revision"])
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED or invitation.answer == Answer.WITHDRAWN:
        raise RuleError("invitation_withdrawn")
    if not invitation.contact.active:
        # Their mails would reach whoever holds the address now.
        raise RuleError("contact_retired")
    if times.started(talk):
        raise RuleError("talk_started")
    return talk


def _change_side(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    registrations.change_side(talk, registration, mode=mode)
    _tell(talk, registration, reason="side")
    _promote(talk)


def _promote(talk: Talk) -> list[Registration]:
    promoted = registrations.promote(talk)
    for registration in promoted:
        _tell(talk, registration, reason="promoted")
    return promoted


def _tell(talk: Talk, registration: Registration, *, reason: str) -> None:
    """Mail how the place stands; the calendar is told only of a place that is held.

    The place comes with its link to the room, so that pages and calendars find it without writing.
    """
    confirmed = registration.state == RegistrationState.CONFIRMED
    calendar = None
    if confirmed:
        links.contact_link(registration.contact, purpose=Purpose.ENTER, talk=talk)
        calendar = _request(talk, registration)
    mail.to_contact(
        "confirmation" if confirmed else "waiting",
        registration.contact,
        key=_place_key(registration),
        talk=talk,
        calendar=calendar,
        not_after=times.end(talk),
        params={
            "reason": reason,
            "mode": registration.mode,
            "wanted_mode": registration.wanted_mode,
            "position": registrations.position(registration),
        },
        alone=True,
    )


def _tell_end(talk: Talk, contact: Contact, *, key: str, template: str) -> None:
    sequence = calendar_entries.cancel(talk, contact=contact)
    calendar = None if sequence is None else CalendarPart("CANCEL", sequence)
    mail.to_contact(
        template, contact, key=key, talk=talk, calendar=calendar, not_after=times.end(talk)
    )


def _request_if_confirmed(talk: Talk, contact: Contact) -> CalendarPart | None:
    registration = registrations.active_registration(talk, contact=contact)
    if registration is None or registration.state != RegistrationState.CONFIRMED:
        return None
    return _request(talk, registration)


def _request(talk: Talk, registration: Registration) -> CalendarPart:
    sequence = calendar_entries.request(talk, contact=registration.contact, side=registration.mode)
    return CalendarPart("REQUEST", sequence)


def _active(talk: Talk) -> list[Registration]:
    query = (
        select(Registration)
        .where(Registration.talk_id == talk.id, Registration.state.in_(ACTIVE))
        .options(joinedload(Registration.contact))
    )
    return list(db.session.scalars(query))


def _holders(talk: Talk) -> list[Contact]:
    """Everyone with a place, a waiting place or an entry in the calendar, each once."""
    entries = db.session.scalars(
        select(Contact)
        .join(CalendarEntry, CalendarEntry.contact_id == Contact.id)
        .where(CalendarEntry.talk_id == talk.id, CalendarEntry.cancelled.is_(False))
    )
    found = {registration.contact_id: registration.contact for registration in _active(talk)}
    found.update({contact.id: contact for contact in entries})
    return [found[key] for key in sorted(found)]


def _place_key(registration: Registration) -> str:
    return f"place:{registration.id}:{registration.revision}"
