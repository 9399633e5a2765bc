"""Whether a contact wants invitations. Moves and cancellations of what they hold still arrive.

A change is mailed to its owner (rule 4): the link may have been clicked by whoever reads along.
Neighbour: `domain.recipients`, which leaves the unsubscribed out of mailings.
"""

from __future__ import annotations

from datetime import datetime

from webinar.clock import now
from webinar.domain import audit, mail
from webinar.extensions import db
from webinar.models import Contact


def unsubscribe(contact: Contact) -> None:
    """Send no more invitations. Repeating it keeps the first date (RFC 8058, 3.2: a mail program
    may ask more than once)."""
    _lock(contact)
    if contact.unsubscribed_at is None:
        contact.unsubscribed_at = now()
        audit.record("contact.unsubscribed", contact, by=None)
        _tell("unsubscribed", contact, since=contact.unsubscribed_at)


def resubscribe(contact: Contact) -> None:
    """Send invitations again."""
    _lock(contact)
    since = contact.unsubscribed_at
    if since is not None:
        contact.unsubscribed_at = None
        audit.record("contact.resubscribed", contact, by=None)
        _tell("resubscribed", contact, since=since)


def _lock(contact: Contact) -> None:
    """Two clicks at once are one change: the second waits and finds it done."""
    db.session.refresh(contact, ["unsubscribed_at"], with_for_update=True)


def _tell(template: str, contact: Contact, *, since: datetime) -> None:
    """Each unsubscription has its moment, and with it each mail its own key."""
    if contact.active:  # else it would reach whoever holds the address now
        mail.to_contact(template, contact, key=f"{template}:{contact.id}:{since.isoformat()}")
