"""Naming a deputy and taking it back (rule 5): who can be named, and what becomes of the place.

The inviter's place, or waiting place with its turn, passes in one step under the lock on the talk:
never held twice, never free in between. Stands above `domain.participation`; what an answer does to
an asking that is there is `domain.askings`'.

A person who unsubscribed can be named: what they unsubscribed from are the office's invitations.
That a colleague asks, and that a place is now held in their name, they have to know; their own link
in that mail declines it. Somebody who was erased is nobody: the name and address make a new
contact.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from webinar.domain import (
    answering,
    askings,
    audit,
    contacts,
    invitations,
    notices,
    participation,
    registrations,
    times,
)
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Contact,
    Deputy,
    Invitation,
    Mode,
    Origin,
    Registration,
    RegistrationState,
    Source,
    Talk,
)
from webinar.text import clean, normalise_address

MOST = 5
"""How many deputies one invited person can name for one evening, one after the other: nobody's
link is to become a way to write to strangers."""


def name_deputy(
    invitation: Invitation,
    *,
    person: ContactData,
    mode: Mode | None = None,
    by: Account | None = None,
    notify: bool = True,
) -> Deputy:
    """Let that person come instead; naming the same person again changes nothing.

    `mode` is the side for a deputy to whom no place passes; without it the first that is offered.
    Raises `RuleError` as `participation.accept` does, and where the invited person is a deputy
    already or sends one, names themselves, has named too many, or names somebody who cannot come
    instead: at the field where it belongs.
    """
    begun = answering.begin(invitation)
    talk, asking = begun.talk, begun.sends
    _check_inviter(invitation, asked=asking is not None, by=by)
    contact = _deputy_contact(invitation.contact, person, by=by)
    if asking is not None:
        if asking.deputy_invitation.contact_id != contact.id:
            raise RuleError("deputy_named_already")
        return asking
    held = begun.registration
    if held is None and by is None:
        times.check_registration(talk)
    own, before = _own_invitation(talk, contact)
    asking = Deputy(invitation=invitation, deputy_invitation=own, invited_before=before)
    db.session.add(asking)
    db.session.flush()
    place, is_new = _move_place(talk, asking, held, mode or registrations.modes(talk)[0])
    _answer(asking, by=by)
    if notify:
        _tell(talk, asking, place, is_new=is_new)
    participation.promote(talk)
    return asking


def take_back(invitation: Invitation, *, by: Account | None = None, notify: bool = True) -> None:
    """The invited person sends nobody after all; repeating it changes nothing.

    A place that passed to the deputy and is still held comes back, and with it the acceptance.
    Without one the invitation is open again, and what the deputy held becomes free.
    """
    begun = answering.begin(invitation)
    talk, asking = begun.talk, begun.sends
    if asking is None:
        return
    place = askings.take_back(asking, returning=asking.place_passed, notify=notify)
    answer = Answer.NONE if place is None else Answer.ACCEPTED
    invitations.set_answer(invitation, answer)
    _audit(invitation, Answer.DELEGATED, by=by)
    db.session.flush()
    if notify and place is None:
        askings.tell_open_again(asking, reason="taken_back")
    elif notify and place is not None:
        notices.place(talk, place, reason="taken_back")
    participation.promote(talk)


def _check_inviter(invitation: Invitation, *, asked: bool, by: Account | None) -> None:
    if askings.received_by(invitation) is not None:
        raise RuleError("deputy_cannot_delegate")
    named = db.session.scalar(
        select(func.count(Deputy.id)).where(Deputy.invitation_id == invitation.id)
    )
    if by is None and not asked and (named or 0) >= MOST:
        raise RuleError("deputies_too_many", count=MOST)


def _deputy_contact(inviter: Contact, person: ContactData, *, by: Account | None) -> Contact:
    """The active contact of that address and name, whose data stay, or a new one."""
    email = normalise_address(person.email)
    if not clean(person.last_name):
        raise RuleError("last_name_missing", field="last_name")
    key = contacts.name_key(clean(person.first_name), clean(person.last_name))
    if (inviter.email, inviter.name_key) == (email, key):
        raise RuleError("deputy_is_oneself", field="last_name")
    for known in contacts.at_address(email):
        if known.name_key == key:
            return known
    _refuse_retired(email, key, person)
    organisation = inviter.organisation.name if inviter.organisation is not None else ""
    data = replace(person, organisation=organisation, language=inviter.language)
    return contacts.add(data, by=by, origin=Origin.DEPUTY)


def _refuse_retired(email: str, key: str, person: ContactData) -> None:
    """Who left an office does not read its mailbox any more; somebody else does."""
    gone = select(Contact.id).where(
        Contact.email == email,
        Contact.name_key == key,
        Contact.retired_at.is_not(None),
        Contact.erased_at.is_(None),
    )
    if db.session.scalar(gone.limit(1)) is not None:
        raise RuleError("deputy_retired", field="email", name=clean(person.last_name))


def _own_invitation(talk: Talk, contact: Contact) -> tuple[Invitation, bool]:
    """The deputy's one invitation, and whether it was there before.

    Nobody's own answer is turned round by somebody else's wish: who declined, sends a deputy or
    comes for another, or whose invitation the office took back, cannot be named. The refusal does
    not say which of these it is: that is not the inviter's business.
    """
    found = invitations.invitation_of(talk, contact=contact)
    if found is None:
        return invitations.invite(talk, contact=contact), False
    taken = found.answer in (Answer.DECLINED, Answer.DELEGATED)
    withdrawn = found.answer == Answer.WITHDRAWN
    if taken or (withdrawn and not _came_by_asking(found)) or askings.received_by(found):
        raise RuleError("deputy_not_free", field="last_name", name=contact.last_name)
    if withdrawn:
        invitations.set_answer(found, Answer.NONE)
    return found, not withdrawn


def _came_by_asking(invitation: Invitation) -> bool:
    """Whether the invitation was made for an asking, so that it ended with it."""
    query = select(Deputy.id).where(
        Deputy.deputy_invitation_id == invitation.id, Deputy.invited_before.is_(False)
    )
    return db.session.scalar(query.limit(1)) is not None


def _move_place(
    talk: Talk, asking: Deputy, held: Registration | None, mode: Mode
) -> tuple[Registration, bool]:
    """The place that the deputy now has, and whether it is a new one.

    Who has an own place keeps it, and the inviter's becomes free; who waits behind the inviter's
    place gives the own turn up for it (it comes back with `askings.take_back`).
    """
    deputy = asking.deputy_invitation
    own = registrations.active_registration(talk, contact=deputy.contact)
    if own is not None and (held is None or _as_good(own, held)):
        if held is not None:
            registrations.end(held)
        return own, False
    if own is not None:
        registrations.end(own)
    contact, source = deputy.contact, Source.DEPUTY
    if held is None:
        new = registrations.register(
            talk, contact=contact, mode=mode, invitation=deputy, source=source
        )
        return new, True
    asking.place_passed = True
    return registrations.pass_on(held, contact=contact, invitation=deputy, source=source), True


def _as_good(own: Registration, held: Registration) -> bool:
    confirmed = RegistrationState.CONFIRMED
    if confirmed in (own.state, held.state):
        return own.state == confirmed
    return own.queued_at <= held.queued_at


def _answer(asking: Deputy, *, by: Account | None) -> None:
    before = Answer(asking.invitation.answer)
    invitations.set_answer(asking.invitation, Answer.DELEGATED)
    invitations.set_answer(asking.deputy_invitation, Answer.ACCEPTED)
    _audit(asking.invitation, before, by=by)
    db.session.flush()


def _audit(invitation: Invitation, before: Answer, *, by: Account | None) -> None:
    if by is not None:
        changes = {"answer": [before.value, invitation.answer]}
        audit.record("invitation.answered", invitation, by=by, changes=changes)


def _tell(talk: Talk, asking: Deputy, place: Registration, *, is_new: bool) -> None:
    inviter = asking.invitation.contact
    notices.place(
        talk,
        place,
        reason="deputy",
        template="deputy",
        key="" if is_new else f"deputy:{asking.id}",
        params={"inviter": inviter.id, "keeps": not is_new},
    )
    notices.end(
        talk,
        inviter,
        key=f"delegated:{asking.id}",
        template="delegated",
        params={"deputy": asking.deputy_invitation.contact_id},
    )
