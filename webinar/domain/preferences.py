"""What people set on their personal page, and how they get the link to it and to their feed.

Whoever types an address learns nothing from it: `send_links` returns nothing. Invitations are
switched by `domain.subscriptions`; what the page shows reads `domain.personal`.
"""

from __future__ import annotations

from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain import address_limits, audit, contacts, links, mail
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Contact, Link, Mail, Purpose
from webinar.text import normalise_address

TEMPLATES = ("personal_page",)
LANGUAGES = ("de", "en")


def send_links(address: str) -> None:
    """Mail everybody in office at the address the link to their page; nobody, where it was asked
    for too often. Raises `RuleError` on `email` for an address that is none."""
    email = normalise_address(address)
    address_limits.hold(email)
    if address_limits.exhausted_for_anyone(email, templates=TEMPLATES):
        return
    for contact in contacts.at_address(email):
        if not address_limits.just_sent(contact, templates=TEMPLATES):
            _send(contact)


def choose_language(contact: Contact, *, language: str) -> None:
    """Write to the contact in that language from now on, and say so in it. Raises `RuleError` for
    one that we do not write."""
    if language not in LANGUAGES:
        raise RuleError("language_not_offered", field="language")
    db.session.refresh(contact, ["language"], with_for_update=True)
    if contact.language == language:
        return
    contact.language = language
    changes = audit.changes_of(contact)
    db.session.flush()
    audit.record("contact.edited", contact, by=None, changes=changes)
    if contact.active:  # else it would reach whoever holds the address now
        key = f"language:{contact.id}:{now().isoformat()}"
        mail.to_contact("language_changed", contact, key=key)


def open_feed(contact: Contact) -> Link:
    """The link under which the contact's calendar finds their evenings, made if there is none."""
    link = links.find_contact_link(contact, purpose=Purpose.FEED)
    if link is not None and link.revoked_at is None:
        return link
    link = links.contact_link(contact, purpose=Purpose.FEED)
    if link.revoked_at is not None:
        links.reissue(link)
    audit.record("contact.feed_opened", contact, by=None)
    _tell_of_feed(contact, link, renewed=False)
    return link


def renew_feed(contact: Contact, *, version: int) -> Link:
    """Close the link to the feed and open another. `version` is that of the link which the page
    showed: a second click, or one on an older page, changes nothing."""
    link = open_feed(contact)
    db.session.refresh(link, ["version"], with_for_update=True)
    if link.version == version:
        links.reissue(link)
        db.session.flush()
        audit.record("contact.feed_renewed", contact, by=None)
        _tell_of_feed(contact, link, renewed=True)
    return link


def _tell_of_feed(contact: Contact, link: Link, *, renewed: bool) -> None:
    if contact.active:  # else it would reach whoever holds the address now
        key = f"feed:{link.id}:{link.version}"
        mail.to_contact("calendar_feed", contact, key=key, params={"renewed": renewed})


def _send(contact: Contact) -> None:
    """Each request has its own number: a new mail with the same link."""
    links.contact_link(contact, purpose=Purpose.PREFERENCES)
    before = select(func.count(Mail.id)).where(
        Mail.contact_id == contact.id, Mail.template.in_(TEMPLATES)
    )
    number = (db.session.scalar(before) or 0) + 1
    mail.to_contact(TEMPLATES[0], contact, key=f"personal-page:{contact.id}:{number}")
