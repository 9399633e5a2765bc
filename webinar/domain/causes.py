"""Whether what a mail tells of still holds: a table by template, asked before each try.

What ends every mail alike (its time, its talk, its reader) is `domain.delivery`'s; reminders are
`domain.reminded`'s.
"""

from __future__ import annotations

from collections.abc import Callable

from webinar.domain import (
    askings,
    calendar_entries,
    invitations,
    links,
    materials,
    other_rooms,
    registrations,
    signups,
)
from webinar.models import Answer, Contact, Mail, Purpose, RegistrationState, Talk

Cause = Callable[[Mail, Talk, Contact], bool]


def hold(mail: Mail, talk: Talk) -> bool:
    """Whether the mail about the talk would still be true."""
    if mail.template in other_rooms.TEMPLATES and not other_rooms.still_so(mail, talk):
        return False
    if mail.contact is None:
        speakers = [one.speaker_id for one in talk.appearances]
        return mail.speaker_id is None or mail.speaker_id in speakers
    return _BY_TEMPLATE.get(mail.template, _calendar_agrees)(mail, talk, mail.contact)


def _still_invited(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the invitation stands, and would not bring back an entry that its recipient has
    declined."""
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is None or contact.unsubscribed_at is not None:
        return False
    if invitation.answer == Answer.WITHDRAWN:
        return False
    entry = None
    if mail.calendar_method is not None:
        entry = calendar_entries.entry_of(talk, contact=contact)
    return entry is None or not entry.cancelled


def _unanswered(_mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Asking again ends with the answer."""
    invitation = invitations.invitation_of(talk, contact=contact)
    asked = invitation is not None and invitation.answer == Answer.NONE
    return asked and contact.unsubscribed_at is None


def _waits(_mail: Mail, talk: Talk, contact: Contact) -> bool:
    place = registrations.active_registration(talk, contact=contact)
    return place is not None and place.state == RegistrationState.WAITING


def _has_place(_mail: Mail, talk: Talk, contact: Contact) -> bool:
    return registrations.active_registration(talk, contact=contact) is not None


def _has_none(_mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Who came back in the meantime has a newer message."""
    return registrations.active_registration(talk, contact=contact) is None


def _shows_something(mail: Mail, talk: Talk, contact: Contact) -> bool:
    told = set(mail.params.get("materials", ()))
    return any(row.id in told for row in materials.visible_to(talk, contact))


def _answers_the_form(mail: Mail, talk: Talk, contact: Contact) -> bool:
    return signups.still_answers(mail.template, talk, contact=contact)


def _somebody_asks(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether somebody still asks the deputy."""
    invitation = invitations.invitation_of(talk, contact=contact)
    asked = invitation is not None and askings.received_by(invitation) is not None
    return asked and _calendar_agrees(mail, talk, contact)


def _open_again(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the inviter's invitation is still without an answer."""
    invitation = invitations.invitation_of(talk, contact=contact)
    unanswered = invitation is not None and invitation.answer == Answer.NONE
    return unanswered and _calendar_agrees(mail, talk, contact)


def _kept_out(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the office has not thought better of it and invited again whom it had excluded."""
    invitation = invitations.invitation_of(talk, contact=contact)
    stays = invitation is None or invitation.answer == Answer.WITHDRAWN
    return stays and _calendar_agrees(mail, talk, contact)


def _link_opens(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the link was not replaced once more: frozen bytes would bring a dead one."""
    purpose = Purpose.ARCHIVE if mail.template == "archive_link" else Purpose.ANSWER
    link = links.find_contact_link(contact, purpose=purpose, talk=talk)
    opens = link is not None and link.version == mail.params.get("version")
    return opens and _calendar_agrees(mail, talk, contact)


def _calendar_agrees(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the calendar, if the mail speaks to it, was told nothing else since. What was not
    rendered yet can still be written with the newer sequence; frozen bytes would bring back an
    older time."""
    if mail.calendar_method is None:
        return True
    entry = calendar_entries.entry_of(talk, contact=contact)
    if entry is None:
        return False
    if entry.cancelled is not (mail.calendar_method == "CANCEL"):
        return False
    return mail.content is None or entry.sequence == mail.calendar_sequence


_BY_TEMPLATE: dict[str, Cause] = {
    "invitation": _still_invited,
    "reinvitation": _unanswered,
    "waiting": _waits,
    "details": _has_place,
    "side_dropped": _has_none,
    "materials": _shows_something,
    "deputy": _somebody_asks,
    "reopened": _open_again,
    "withdrawn": _kept_out,
    "refused": _kept_out,
    "personal_link": _link_opens,
    "archive_link": _link_opens,
    **dict.fromkeys(signups.TEMPLATES, _answers_the_form),
}
"""Every other mail holds while the calendar agrees."""
