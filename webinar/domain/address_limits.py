"""How much mail strangers may cause at an address that nobody has proven to be theirs.

Counted in the database, so that it holds for all processes together; what one network may ask is
the web's to limit. Used by `domain.signups` and `domain.preferences`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Select, func, select, text

from webinar.clock import now
from webinar.extensions import db
from webinar.models import Contact, Mail, Talk

ALLOWED: tuple[tuple[timedelta, int], ...] = ((timedelta(hours=1), 3), (timedelta(days=1), 8))
"""In each stretch of time so many."""
SAME_CLICK = timedelta(minutes=1)


def hold(email: str) -> None:
    """Let no other transaction count mails to the canonical address, or add people there by such a
    request, until this one ends. On SQLite the one write lock does it."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:email))"), {"email": email})


def exhausted(email: str, *, templates: Collection[str]) -> bool:
    """Whether all people at the address together had as many of these mails as they may."""
    return any(
        (db.session.scalar(_mails(email, templates, within=within)) or 0) >= most
        for within, most in ALLOWED
    )


def exhausted_for_anyone(email: str, *, templates: Collection[str]) -> bool:
    """The same where each request mails everybody at the address: whether one of them had as many
    as one person may."""
    return any(
        (db.session.scalar(_most_to_one(email, templates, within=within)) or 0) >= most
        for within, most in ALLOWED
    )


def just_sent(contact: Contact, *, templates: Collection[str], talk: Talk | None = None) -> bool:
    """Whether the last of these mails is so fresh that this is a second click, not a wish."""
    query = select(func.count(Mail.id)).where(
        Mail.contact_id == contact.id,
        Mail.template.in_(templates),
        Mail.created_at > now() - SAME_CLICK,
    )
    if talk is not None:
        query = query.where(Mail.talk_id == talk.id)
    return bool(db.session.scalar(query))


def _mails(email: str, templates: Collection[str], *, within: timedelta) -> Select[int]:
    """By the contacts at the address, whose mails have an index."""
    return (
        select(func.count(Mail.id))
        .join(Contact, Contact.id == Mail.contact_id)
        .where(
            Contact.email == email,
            Mail.template.in_(templates),
            Mail.created_at > now() - within,
        )
    )


def _most_to_one(email: str, templates: Collection[str], *, within: timedelta) -> Select[int]:
    each = _mails(email, templates, within=within).group_by(Mail.contact_id)
    return each.order_by(func.count(Mail.id).desc()).limit(1)
