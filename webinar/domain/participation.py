"""Answers and places, moved together: invitation and registration never contradict each other.

The only module that changes either. Each act locks the talk first, so that counting and confirming
are one step; a freed place goes to the next in line in the same transaction. Who is told what is
`domain.notices`'; the worker sends it after the commit.

An act is the person's own, or an organiser's who takes it down for them (`by`): the hours of
registration bind the person, not the office; the audit log gets a line; and the organiser chooses
whether the person is told (`notify`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import (
    answering,
    askings,
    audit,
    invitations,
    mail,
    notices,
    registrations,
    times,
)
from webinar.domain.answering import Begun
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Account,
    Answer,
    Contact,
    Deputy,
    Invitation,
    Mode,
    Registration,
    RegistrationState,
    Source,
    Talk,
)


def accept(
    invitation: Invitation,
    *,
    mode: Mode,
    by: Account | None = None,
    notify: bool = True,
    source: Source = Source.ANSWER,
    seen: Begun | None = None,
) -> Registration:
    """The invited person comes, on that side. Repeating it changes nothing. `seen` is what
    `answering.look` found before.

    Who had sent a deputy takes that back, with the place. An acceptance of the whole series
    (`source`) was given before this talk's hours of registration, which bind only single answers.

    Raises `RuleError` after the start, outside the hours of registration (who already has a place
    may still change sides), for a cancelled talk, a withdrawn invitation, a retired contact, or a
    side that is not offered.
    """
    begun = answering.begin(invitation, seen=seen)
    talk, registration, held = begun.talk, begun.registration, begun.taken.get(mode)
    if (asking := begun.sends) is not None:
        _come_back(asking, notify=notify)
        registration = registrations.active_registration(talk, contact=invitation.contact)
        held = None  # others moved up meanwhile
    if registration is not None and registration.state == RegistrationState.UNCONFIRMED:
        # Asked for by the public form and never confirmed: the answer takes its place.
        registrations.end(registration)
        registration = None
    if registration is None and by is None and source is not Source.SERIES:
        times.check_registration(talk)
    registrations.check_side(talk, mode)
    _answer(invitation, Answer.ACCEPTED, by=by)
    if registration is None:
        registration = registrations.register(
            talk,
            contact=invitation.contact,
            mode=mode,
            invitation=invitation,
            source=source if by is None else Source.OFFICE,
            held=held,
        )
        if notify:
            reason = "series" if source is Source.SERIES else "accepted"
            notices.place(talk, registration, reason=reason, door=begun.door)
    elif (registration.wanted_mode or registration.mode) != mode:
        change_side(registration, mode=mode, notify=notify)
    return registration


def decline(
    invitation: Invitation,
    *,
    by: Account | None = None,
    notify: bool = True,
    seen: Begun | None = None,
) -> None:
    """The invited person does not come; a place that was held goes to the next in line.

    Who had sent a deputy sends nobody either; who is one leaves it to the inviter to answer anew.
    """
    talk = answering.begin(invitation, seen=seen).talk
    dissolved = askings.dissolve(invitation, by=by, notify=notify)
    changed = _answer(invitation, Answer.DECLINED, by=by)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is not None:
        registrations.end(registration)
        if notify:
            key = notices.place_key(registration)
            notices.end(talk, invitation.contact, key=key, template="declined")
    elif changed and notify:
        key = f"answer:{invitation.id}:{invitation.revision}"
        notices.end(talk, invitation.contact, key=key, template="declined")
    if registration is not None or dissolved:
        promote(talk)


def confirm(registration: Registration, *, mode: Mode) -> None:
    """Give the unconfirmed registration its place or waiting place; the talk is locked."""
    talk = registration.talk
    registrations.confirm(talk, registration, mode=mode)
    notices.place(talk, registration, reason="registered")


TENTATIVE = "tentative"
"""The remark of somebody who cannot say yet and said no more than that."""


def leave_open(invitation: Invitation, *, remark: str) -> None:
    """The invited person cannot say yet: no answer, with a remark (tentative).

    Raises `RuleError` for who holds or waits for a place: nobody loses one by not being sure.
    """
    if answering.begin(invitation).registration_id is not None:
        raise RuleError("place_held")
    _answer(invitation, Answer.NONE, by=None)
    invitation.remark = remark or TENTATIVE


def change_side(registration: Registration, *, mode: Mode, notify: bool = True) -> None:
    """Move a place or waiting place to the other side; the talk is locked."""
    talk = registration.talk
    registrations.change_side(talk, registration, mode=mode)
    if notify:
        notices.place(talk, registration, reason="side")
    promote(talk)


def register_by_hand(
    talk: Talk, *, contact: Contact, mode: Mode, by: Account, notify: bool = True
) -> Registration:
    """The office registers somebody. Who had no invitation is thereby invited, so that the personal
    page answers and the place can be given up; one that was taken back holds again.

    Raises what `accept` raises, but asks for no hours of registration.
    """
    registrations.lock(talk)
    held = registrations.active_registration(talk, contact=contact)
    if held is not None and held.state == RegistrationState.UNCONFIRMED:
        registrations.end(held)  # the office vouches for the address that nobody confirmed yet
    invitation = invitations.invite(talk, contact=contact)
    if invitation.answer == Answer.WITHDRAWN:
        _answer(invitation, Answer.NONE, by=by)
    return accept(invitation, mode=mode, by=by, notify=notify)


def cancel_registration(registration: Registration, *, by: Account, notify: bool = True) -> None:
    """Take down that the person does not come, also of somebody who was never invited."""
    talk, contact = registration.talk, registration.contact
    registrations.lock(talk)
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is not None:
        decline(invitation, by=by, notify=notify)
        return
    answering.check_open(talk)
    registrations.end(registration)
    if notify:
        notices.end(talk, contact, key=notices.place_key(registration), template="declined")
    promote(talk)


def withdraw(invitation: Invitation, *, by: Account, notify: bool = True) -> None:
    """The office takes the invitation back; a place that was held goes to the next in line."""
    talk = answering.begin(invitation).talk
    askings.dissolve(invitation, by=by, notify=notify)
    _answer(invitation, Answer.WITHDRAWN, by=by)
    registration = registrations.active_registration(talk, contact=invitation.contact)
    if registration is not None:
        registrations.end(registration)
    if notify:
        key = f"withdrawn:{invitation.id}:{invitation.revision}"
        notices.end(talk, invitation.contact, key=key, template="withdrawn")
    promote(talk)


def refuse(
    registration: Registration, *, by: Account, reason: str, words: str = "", notify: bool = True
) -> None:
    """The office gives the person no place, or takes it away. The invitation goes with it: who was
    refused cannot come back by the old link.

    `reason` stays in the house, `words` stand in the mail.
    """
    talk, contact = registration.talk, registration.contact
    registrations.lock(talk)
    answering.check_open(talk)
    registration.reason = reason
    registrations.end(registration, state=RegistrationState.REFUSED)
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is not None:
        askings.dissolve(invitation, by=by, notify=notify)
        _answer(invitation, Answer.WITHDRAWN, by=by)
    if notify:
        key = notices.place_key(registration)
        notices.end(talk, contact, key=key, template="refused", params={"words": words})
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


def tell_moved(
    talk: Talk,
    *,
    revision: int,
    side: Mode | None = None,
    but: Collection[int] = (),
    before: Mapping[str, str] | None = None,
    note: str = "",
) -> int:
    """Tell everyone who holds the old time or place (rule 7); returns how many were told.

    With `side` only those who come to it, or wait for it; never the contacts `but`, who were told
    more. `before` is what the talk said until now (`talk_changes.facts`), `note` a sentence of the
    organiser.
    """
    registrations.lock(talk)
    told = [contact for contact in notices.holders(talk, side=side) if contact.id not in but]
    for contact in told:
        mail.to_contact(
            "moved",
            contact,
            key=f"moved:{talk.id}:{revision}:{contact.id}",
            talk=talk,
            calendar=notices.request_again(talk, contact),
            not_after=times.end(talk),
            params={"before": dict(before or {}), "note": note.strip()},
        )
    return len(told)


def holder_count(talk: Talk, *, side: Mode | None = None) -> int:
    """How many people a move or a cancellation would reach now; with `side` only there."""
    return len(notices.holders(talk, side=side))


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


def _come_back(asking: Deputy, *, notify: bool) -> None:
    place = askings.take_back(asking, returning=True, notify=notify)
    if place is not None and notify:
        notices.place(asking.invitation.talk, place, reason="taken_back")
    promote(asking.invitation.talk)


def _answer(invitation: Invitation, answer: Answer, *, by: Account | None) -> bool:
    before = invitation.answer
    changed = invitations.write_answer(invitation, answer)
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
