"""The address of a contact: corrected by itself, or trusted again after something came back.

Whose address it is and what somebody else there means are `domain.contacts`' rules. Sending again
what did not arrive is `domain.mail_acts`', which uses this.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload

from webinar.domain import audit, contacts
from webinar.domain.contacts import PLAIN, ContactData
from webinar.extensions import db
from webinar.models import Account, Contact, InboxKind, InboxMessage, Mail

SHOWN = 10
"""How many of the last mails and reports stand beside a contact."""


def change(
    contact: Contact, email: str, *, by: Account, decision: str = "", seen: str | None = None
) -> Contact:
    """Give the contact another address and nothing else; raises as `contacts.edit` does."""
    kept = {name: getattr(contact, name) for name in PLAIN if name != "email"}
    organisation = contact.organisation.name if contact.organisation is not None else ""
    data = ContactData(email=email, organisation=organisation, **kept)
    return contacts.edit(contact, data, by=by, decision=decision, seen=seen)


def trust(contact: Contact, *, by: Account) -> None:
    """The address is right, whatever came back once: the mark goes."""
    if contact.bounced_at is None:
        return
    contact.bounced_at = None
    changes = audit.changes_of(contact)
    db.session.flush()
    audit.record("contact.address_trusted", contact, by=by, changes=changes)


def others_at(contact: Contact) -> list[Contact]:
    """Who else is listed with the contact's address: a functional mailbox has several readers."""
    return [other for other in contacts.at_address(contact.email) if other.id != contact.id]


def mails(contact: Contact) -> Sequence[Mail]:
    """What the contact was sent last, the newest first; without the bytes."""
    query = (
        select(Mail)
        .where(Mail.contact_id == contact.id)
        .options(defer(Mail.content), joinedload(Mail.talk))
        .order_by(Mail.id.desc())
    )
    return db.session.scalars(query.limit(SHOWN)).all()


def reports(contact: Contact) -> Sequence[InboxMessage]:
    """What machines wrote back: reports of delivery and automatic answers, the newest first."""
    query = (
        select(InboxMessage)
        .where(
            InboxMessage.contact_id == contact.id,
            InboxMessage.kind.in_((InboxKind.BOUNCE, InboxKind.AUTOMATIC)),
        )
        .order_by(InboxMessage.id.desc())
    )
    return db.session.scalars(query.limit(SHOWN)).all()
