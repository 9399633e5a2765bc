"""Answers and places, moved together: invitation and registration never contradict each other.

The only module that changes either. Each act locks the talk first, so that counting and confirming
are one step; a freed place goes to the next in line in the same transaction. Who is told what is
`domain.notices`'; the worker sends it after the commit.

An act is the person's own, or an organiser's who takes it down for them (`by`): the hours of
registration bind the person, not the office; the audit log gets a line; and the organiser chooses
whether the person is told (`notify`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import audit, invitations, mail, notices, registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Account,
    Answer,
    Invitation,
    Mode,
    Registration,
    Source,
    Talk,
    TalkState,
)


def accept(
    invitation: Invitation, *, mode: Mode, by: Account | None = None, notify: bool = True
) -> Registration:
    """The invited person comes, on that side. Repeating it changes nothing.

    Raises `RuleError` after the start, outside the hours of registration (who already has a place
    may still change sides), for a cancelled talk, a withdrawn invitation, a retired contact, or a
    side that is not offered.
    """
    talk = begin(invitation)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is None:
        if by is None:
            times.check_registration(talk)
        registration = registrations.register(
            talk,
            contact=invitation.contact,
            mode=mode,
            invitation=invitation,
            source=Source.ANSWER if by is None else Source.OFFICE,
        )
        if notify:
            notices.place(talk, registration, reason="accepted")
    elif (registration.wanted_mode or registration.mode) != mode:
        change_side(registration, mode=mode, notify=notify)
    _answer(invitation, Answer.ACCEPTED, by=by)
    return registration


def decline(invitation: Invitation, *, by: Account | None = None, notify: bool = True) -> None:
    """The invited person does not come; a place that was held goes to the next in line."""
    talk = begin(invitation)
    changed = _answer(invitation, Answer.DECLINED, by=by)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is not None:
        registrations.end(registration)
        if notify:
            key = notices.place_key(registration)
            notices.end(talk, invitation.contact, key=key, template="declined")
        promote(talk)
    elif changed and notify:
        key = f"answer:{invitation.id}:{invitation.revision}"
        notices.end(talk, invitation.contact, key=key, template="declined")


def leave_open(invitation: Invitation, *, remark: str) -> None:
    """The invited person cannot say yet: no answer, with a remark (tentative).

    Raises `RuleError` for who holds or waits for a place: nobody loses one by not being sure.
    """
    talk = begin(invitation)
    if registrations.active_registration(talk, contact=invitation.contact) is not None:
        raise RuleError("place_held")
    _answer(invitation, Answer.NONE, by=None)
    invitation.remark = remark


def change_side(registration: Registration, *, mode: Mode, notify: bool = True) -> None:
    """Move a place or waiting place to the other side; the talk is locked."""
    talk = registration.talk
    registrations.change_side(talk, registration, mode=mode)
    if notify:
        notices.place(talk, registration, reason="side")
    promote(talk)


def places_changed(talk: Talk) -> list[Registration]:
    """After an organiser changed the number of places: promote as many as fit."""
    registrations.lock(talk)
    return promote(talk)


def promote(talk: Talk) -> list[Registration]:
    """Give free places to the next in line and tell them; the talk is locked (rule 3)."""
    promoted = registrations.promote(talk)
    for registration in promoted:
        notices.place(talk, registration, reason="promoted")
    return promoted


def tell_moved(talk: Talk, *, revision: int) -> int:
    """Tell everyone who holds the old time or place (rule 7); returns how many were told."""
    registrations.lock(talk)
    told = notices.holders(talk)
    for contact in told:
        mail.to_contact(
            "moved",
            contact,
            key=f"moved:{talk.id}:{revision}:{contact.id}",
            talk=talk,
            calendar=notices.request_again(talk, contact),
            not_after=times.end(talk),
        )
    return len(told)


def holder_count(talk: Talk) -> int:
    """How many people a move or a cancellation would reach now."""
    return len(notices.holders(talk))


def tell_cancelled(talk: Talk) -> int:
    """End every registration of the cancelled talk and tell everyone who holds something, also
    those who want no more invitations; returns how many were told."""
    registrations.lock(talk)
    told = notices.holders(talk)
    for registration in _active(talk):
        registrations.end(registration)
    for contact in told:
        key = f"talk-cancelled:{talk.id}:{contact.id}"
        notices.end(talk, contact, key=key, template="cancelled")
    return len(told)


def begin(invitation: Invitation) -> Talk:
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


def _answer(invitation: Invitation, answer: Answer, *, by: Account | None) -> bool:
    before = invitation.answer
    changed = invitations.set_answer(invitation, answer)
    if changed and by is not None:
        audit.record(
            "invitation.answered", invitation, by=by, changes={"answer": [before, answer.value]}
        )
    return changed


def _active(talk: Talk) -> list[Registration]:
    query = (
        select(Registration)
        .where(Registration.talk_id == talk.id, Registration.state.in_(ACTIVE))
        .options(joinedload(Registration.contact))
    )
    return list(db.session.scalars(query))
