"""A calendar said that somebody else comes (iMIP, PARTSTAT=DELEGATED): an organiser enacts it.

Whom it means, and under which name, only a person can say; from then on it is rule 5 as if the
invited person had named the deputy on the own page (`domain.deputies`).
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.domain import contacts, deputies, inbox
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, InboxMessage, Mode, Suggestion
from webinar.text import normalise_address


@dataclass(frozen=True)
class Meant:
    """Whom the calendar named: the address, and the one contact there, if there is just one."""

    address: str
    contact: Contact | None


def meant(message: InboxMessage) -> Meant:
    """Whom the message names as the one who comes instead."""
    address = str(message.details.get("delegated_to", ""))
    try:
        known = contacts.at_address(normalise_address(address))
    except RuleError:
        known = []
    return Meant(address, known[0] if len(known) == 1 else None)


def can_enact(message: InboxMessage) -> bool:
    """Whether the message waits and wants to send somebody to a talk that is still to come."""
    if message.state not in inbox.OPEN or message.suggestion != Suggestion.DELEGATE:
        return False
    if message.talk is None or message.contact is None:
        return False
    found = inbox.invitations_of(message.contact)
    return any(one.talk_id == message.talk_id for one in found)


def enact(message: InboxMessage, *, person: ContactData, mode: Mode, by: Account) -> None:
    """Name the deputy for the sender. Raises as `deputies.name_deputy` does, and `RuleError` where
    somebody has dealt with the message already or no invitation belongs to it."""
    inbox.begin(message)
    if message.talk is None:
        raise RuleError("inbox_without_invitation")
    invitation = inbox.invitation_for(message, message.talk)
    deputies.name_deputy(invitation, person=person, mode=mode, by=by)
    inbox.close(message, by=by, talk=message.talk)
    db.session.flush()
