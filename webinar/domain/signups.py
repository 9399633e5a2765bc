"""Registration by anybody, for public talks: asked for in a form, confirmed through a mailed link.

What the form does depends on the address, what it answers never does: whoever types somebody's
address learns nothing about them. So `sign_up` returns nothing, and each request writes one mail or
none. Until the link is used the registration is `unconfirmed`, holds no place and goes after a day.
Who is invited is led to the invitation, whose answer the form never touches.

Stands above `domain.participation`, which gives the places; how often strangers may cause mail at
an address counts `domain.address_limits`; what was never confirmed goes by `domain.lapsed_signups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain import (
    address_limits,
    contacts,
    invitations,
    links,
    mail,
    notices,
    participation,
    registrations,
    times,
)
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Contact,
    Invitation,
    Mail,
    Mode,
    Origin,
    Purpose,
    Registration,
    RegistrationState,
    Source,
    Talk,
    TalkState,
    Visibility,
)
from webinar.text import fold

S = RegistrationState
TERM = timedelta(hours=24)
"""How long an unconfirmed registration is kept."""
TEMPLATES = ("signup_confirm", "signup_again", "signup_invited")


@dataclass(frozen=True, kw_only=True)
class SignupData:
    """What the form holds of a person; `organisation` by its name."""

    last_name: str
    email: str
    first_name: str = ""
    form: str = ""
    office: str = ""
    organisation: str = ""
    language: str = "de"


def open_to_all(talk: Talk) -> bool:
    """Whether the form stands on the talk's page."""
    return talk.visibility == Visibility.PUBLIC and times.registration_open(talk)


def check_open(talk: Talk) -> None:
    """Raise `RuleError` where the public cannot register (any more, or yet)."""
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED or talk.visibility != Visibility.PUBLIC:
        raise RuleError("signup_not_public")
    if times.started(talk):
        raise RuleError("signup_talk_started")
    times.check_registration(talk)


def sign_up(talk: Talk, data: SignupData, *, mode: Mode) -> None:
    """Ask for a place. Says nothing about what came of it.

    Raises `RuleError` only for what everybody may know: a talk that takes no registrations, a side
    that is not offered, an address that is none, a name that is missing. The address is held before
    the talk is locked; whoever takes both must keep to that order.
    """
    person = contacts.checked(_contact_data(data))
    if not fold(person.last_name):
        raise RuleError("last_name_missing", field="last_name")
    address_limits.hold(person.email)
    registrations.lock(talk)
    check_open(talk)
    if mode not in registrations.modes(talk):
        raise RuleError("mode_not_offered", field="mode")
    if address_limits.exhausted(person.email, templates=TEMPLATES):
        return
    contact = _find(person) or contacts.add(person, by=None, origin=Origin.PUBLIC)
    if not address_limits.just_sent(contact, templates=TEMPLATES, talk=talk):
        _answer(talk, contact, mode)


def confirm(talk: Talk, *, contact: Contact, mode: Mode) -> Registration:
    """Through the link: take the place that was asked for, change sides, or come after all.

    Raises `RuleError` after the start, outside the hours of registration, or for a registration
    that lapsed, was refused, or never was.
    """
    _begin(talk, contact)
    found = _there(own(talk, contact=contact))
    if found.state in (S.CONFIRMED, S.WAITING):
        if (found.wanted_mode or found.mode) != mode:
            participation.change_side(found, mode=mode)
        return found
    check_open(talk)
    if lapsed(found):
        raise RuleError("signup_lapsed")
    if found.state == S.UNCONFIRMED:
        participation.confirm(found, mode=mode)
        return found
    again = registrations.register(talk, contact=contact, mode=mode, source=Source.FORM)
    notices.place(talk, again, reason="registered")
    return again


def leave(talk: Talk, *, contact: Contact) -> None:
    """Through the link: give up what was asked for or held; a place goes to the next in line.

    Repeating it changes nothing.
    """
    _begin(talk, contact)
    found = _there(own(talk, contact=contact))
    if found.state not in ACTIVE:
        return
    registrations.end(found)
    notices.end(talk, contact, key=notices.place_key(found), template="declined")
    participation.promote(talk)


def own(talk: Talk, *, contact: Contact) -> Registration | None:
    """The contact's last registration that came without an invitation, whatever became of it."""
    return db.session.scalar(
        select(Registration)
        .where(
            Registration.talk_id == talk.id,
            Registration.contact_id == contact.id,
            Registration.invitation_id.is_(None),
        )
        .order_by(Registration.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def lapsed(registration: Registration) -> bool:
    """Whether the registration was never confirmed and its day is over, cleaned up or not."""
    if registration.state == S.UNCONFIRMED:
        return now() >= until(registration)
    # Confirming raises the revision, and so does ending: this one was only ended.
    return (
        registration.source == Source.FORM
        and registration.state == S.CANCELLED
        and registration.revision == 1
    )


def until(registration: Registration) -> datetime:
    """Until when an unconfirmed registration can be confirmed."""
    return registration.queued_at + TERM


def still_answers(template: str, talk: Talk, *, contact: Contact) -> bool:
    """Whether the mail of that name still says how things stand, so that it should go out."""
    place = registrations.active_registration(talk, contact=contact)
    if template == "signup_confirm":
        return place is not None and place.state == S.UNCONFIRMED and not lapsed(place)
    if template == "signup_again":
        return place is not None and place.state != S.UNCONFIRMED
    return _stands(invitations.invitation_of(talk, contact=contact))


def _contact_data(data: SignupData) -> ContactData:
    return ContactData(
        last_name=data.last_name,
        first_name=data.first_name,
        email=data.email,
        form=data.form,
        office=data.office,
        organisation=data.organisation,
        language=data.language,
    )


def _find(person: ContactData) -> Contact | None:
    """Who is at the address under that name. Their row stays as it is: a stranger may have typed.

    Retired and erased contacts are not found: who comes back, comes as somebody new.
    """
    key = contacts.name_key(person.first_name, person.last_name)
    there = contacts.at_address(person.email)
    return next((contact for contact in there if contact.name_key == key), None)


def _answer(talk: Talk, contact: Contact, mode: Mode) -> None:
    """Write the one mail that fits, and the registration where there is none yet."""
    invitation = invitations.invitation_of(talk, contact=contact)
    place = registrations.active_registration(talk, contact=contact)
    if place is not None and place.state != S.UNCONFIRMED:
        _mail("signup_again", talk, contact, not_after=times.end(talk))
    elif _stands(invitation):
        _mail("signup_invited", talk, contact, not_after=talk.starts_at)
    elif not _refused(talk, contact):
        place = place or _ask(talk, contact, mode)
        place.mode, place.queued_at = mode, now()
        not_after = min(until(place), times.registration_end(talk))
        _mail("signup_confirm", talk, contact, not_after=not_after)


def _stands(invitation: Invitation | None) -> bool:
    return invitation is not None and invitation.answer != Answer.WITHDRAWN


def _refused(talk: Talk, contact: Contact) -> bool:
    """An organiser refused this person, and told them why: the form does not undo it."""
    last = own(talk, contact=contact)
    return last is not None and last.state == S.REFUSED


def _ask(talk: Talk, contact: Contact, mode: Mode) -> Registration:
    place = Registration(
        talk=talk, contact=contact, state=S.UNCONFIRMED, mode=mode, source=Source.FORM, revision=0
    )
    db.session.add(place)
    db.session.flush()
    return place


def _mail(template: str, talk: Talk, contact: Contact, *, not_after: datetime) -> None:
    """Each request has its own number: a resend is a new mail with the same link."""
    links.contact_link(contact, purpose=Purpose.ANSWER, talk=talk)
    before = select(func.count(Mail.id)).where(
        Mail.contact_id == contact.id, Mail.talk_id == talk.id, Mail.template.in_(TEMPLATES)
    )
    number = (db.session.scalar(before) or 0) + 1
    key = f"signup:{talk.id}:{contact.id}:{number}"
    mail.to_contact(template, contact, key=key, talk=talk, not_after=not_after)


def _there(found: Registration | None) -> Registration:
    if found is None:
        raise RuleError("invitation_withdrawn")
    if found.state == S.REFUSED:
        raise RuleError("signup_not_valid")
    return found


def _begin(talk: Talk, contact: Contact) -> None:
    registrations.lock(talk)
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED:
        raise RuleError("signup_not_valid")
    if not contact.active:
        # Their mails would reach whoever holds the address now.
        raise RuleError("contact_retired")
    if times.started(talk):
        raise RuleError("talk_started")
