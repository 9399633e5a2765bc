"""Contacts: create, edit, retire, search. Address and name together identify a contact.

A functional address outlives its holder. A new name at a known address is therefore never taken
without a decision: a correction of the name, a successor, or a second person at the same address.
Importing is `domain.contact_imports`', joining two rows of one person `domain.contact_merges`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import Select, false, select
from sqlalchemy.orm import joinedload, selectinload

from webinar.clock import now
from webinar.domain import audit, organisations
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, Organisation, Origin, audience_members
from webinar.text import clean, fold, normalise_address, sort_key


class Decision(StrEnum):
    """What a new name at a known address means."""

    CORRECTION = "correction"
    SUCCESSOR = "successor"
    SECOND = "second"


class State(StrEnum):
    """What the list can be narrowed to."""

    ACTIVE = "active"
    RETIRED = "retired"
    UNSUBSCRIBED = "unsubscribed"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class ContactData:
    """What a form holds of a contact; `organisation` by its name."""

    last_name: str
    email: str
    form: str = ""
    title: str = ""
    first_name: str = ""
    office: str = ""
    organisation: str = ""
    salutation: str = ""
    language: str = "de"


Found: TypeAlias = Select[Contact]
PLAIN = ("form", "title", "first_name", "last_name", "office", "salutation", "email", "language")
"""The columns that are written as they come."""


def get(contact_id: int) -> Contact:
    """The contact with organisation and audiences; raises `NotThere`."""
    query = (
        select(Contact)
        .where(Contact.id == contact_id, Contact.erased_at.is_(None))
        .options(joinedload(Contact.organisation), selectinload(Contact.audiences))
    )
    contact = db.session.scalar(query)
    if contact is None:
        raise NotThere("record_missing")
    return contact


def find(
    text: str = "",
    *,
    state: State = State.ACTIVE,
    audience_id: int | None = None,
    organisation_id: int | None = None,
) -> Found:
    """Contacts in DIN 5007 order whose names, office, organisation or address hold every word."""
    query = matching(select(Contact).where(Contact.erased_at.is_(None)), text)
    if audience_id is not None:
        members = select(audience_members.c.contact_id).where(
            audience_members.c.audience_id == audience_id
        )
        query = query.where(Contact.id.in_(members))
    if organisation_id is not None:
        query = query.where(Contact.organisation_id == organisation_id)
    if state is State.ACTIVE:
        query = query.where(Contact.retired_at.is_(None))
    elif state is State.RETIRED:
        query = query.where(Contact.retired_at.is_not(None))
    elif state is State.UNSUBSCRIBED:
        query = query.where(Contact.retired_at.is_(None), Contact.unsubscribed_at.is_not(None))
    return query.options(
        joinedload(Contact.organisation), selectinload(Contact.audiences)
    ).order_by(Contact.sort_key, Contact.id)


def matching(query: Found, text: str) -> Found:
    """The contacts of the query whose search key holds every word of the text."""
    words = fold(text).split()
    if text.strip() and not words:
        return query.where(false())  # signs alone are in no key
    for word in words:
        query = query.where(Contact.search_key.contains(word, autoescape=True))
    return query


def at_address(email: str) -> Sequence[Contact]:
    """The active contacts at the canonical address, oldest first."""
    query = (
        select(Contact)
        .where(Contact.email == email, Contact.retired_at.is_(None), Contact.erased_at.is_(None))
        .order_by(Contact.id)
    )
    return db.session.scalars(query).all()


def name_key(first_name: str, last_name: str) -> str:
    """What names are compared by, beside the address."""
    return fold(f"{first_name} {last_name}")[:210]


def refresh_keys(contact: Contact, *, organisation: Organisation | None) -> None:
    """Write the derived columns after names, office, address or organisation changed."""
    contact.name_key = name_key(contact.first_name, contact.last_name)
    contact.sort_key = sort_key(contact.last_name, contact.first_name)[:310]
    words = (
        contact.title,
        contact.first_name,
        contact.last_name,
        contact.office,
        organisation.name if organisation is not None else "",
        contact.email,
    )
    contact.search_key = fold(" ".join(words))


def add(data: ContactData, *, by: Account | None, origin: Origin = Origin.MANUAL) -> Contact:
    """A new contact. Raises `RuleError` for an address that is none, a missing last name, or a
    person of that name who is already at the address; asks nothing about other names there."""
    data = checked(data)
    _refuse_double(data)
    organisation = organisations.named(data.organisation)
    contact = Contact(origin=origin, audiences=[])
    _write(contact, data, organisation)
    db.session.add(contact)
    db.session.flush()
    audit.record("contact.created", contact, by=by)
    return contact


def create(
    data: ContactData, *, by: Account, decision: str = "", other: Contact | None = None
) -> Contact:
    """A new contact, or what `decision` says about `other`, who is already at the address.

    Raises `RuleError("address_known", field="decision")` while others are there and nothing was
    decided; see also `add` and `edit`.
    """
    data = checked(data)
    known = at_address(data.email)
    _refuse_double(data)
    if not known or decision == Decision.SECOND:
        return add(data, by=by)
    if other is None or other not in known or decision not in list(Decision):
        raise RuleError("address_known", field="decision", address=data.email)
    if decision == Decision.SUCCESSOR:
        return succeed(other, data, by=by)
    kept = {
        name: getattr(other, name) for name in PLAIN if not getattr(data, name)
    }  # a fresh form knows less than the row that it corrects
    if not data.organisation and other.organisation is not None:
        kept["organisation"] = other.organisation.name
    return _overwrite(other, replace(data, **kept), by=by)


def edit(
    contact: Contact, data: ContactData, *, by: Account, decision: str = "", seen: str | None = None
) -> Contact:
    """Change the contact, or retire it for a successor; returns the row that is current now.

    `seen` is the `stamp` that the form was shown with. Raises `RuleError("name_changed",
    field="decision")` while a new name has no decision, `address_shared` while another person is
    at the new address and nothing was decided, `Conflict` where somebody else was faster.
    """
    if seen is not None and seen != stamp(contact):
        raise Conflict("contact_changed")
    data = checked(data)
    renamed = contact.active and name_key(data.first_name, data.last_name) != contact.name_key
    if renamed and decision not in (Decision.CORRECTION, Decision.SUCCESSOR):
        raise RuleError("name_changed", field="decision")
    if contact.active:
        _refuse_double(data, but=contact)
    if renamed and decision == Decision.SUCCESSOR:
        return succeed(contact, data, by=by)
    moved = contact.active and data.email != contact.email and at_address(data.email)
    if moved and not decision:
        raise RuleError("address_shared", field="decision", address=data.email)
    return _overwrite(contact, data, by=by)


def stamp(contact: Contact) -> str:
    """What an edit form remembers of the state it was shown."""
    return contact.changed_at.isoformat()


def succeed(old: Contact, data: ContactData, *, by: Account) -> Contact:
    """Retire the old contact for a new one, who takes over audiences and, if none is named, the
    organisation. Answers, attendance and grants stay with the old."""
    if not data.organisation and old.organisation is not None:
        data = replace(data, organisation=old.organisation.name)
    contact = add(data, by=by)
    contact.audiences = list(old.audiences)
    retire(old, by=by, successor=contact)
    return contact


def retire(contact: Contact, *, by: Account, successor: Contact | None = None) -> None:
    """The contact left the office: it keeps what it had and gets no mail."""
    if contact.retired_at is not None:
        return
    contact.retired_at = now()
    contact.successor_id = successor.id if successor is not None else None
    changes = audit.changes_of(contact)
    db.session.flush()
    audit.record("contact.retired", contact, by=by, changes=changes)


def reactivate(contact: Contact, *, by: Account) -> None:
    """The contact is back. Raises `RuleError` where the same person is active at the address."""
    if contact.retired_at is None:
        return
    if any(other.name_key == contact.name_key for other in at_address(contact.email)):
        raise RuleError("contact_exists", field="email", address=contact.email)
    contact.retired_at = None
    contact.successor_id = None
    changes = audit.changes_of(contact)
    db.session.flush()
    audit.record("contact.reactivated", contact, by=by, changes=changes)


def checked(data: ContactData) -> ContactData:
    """The data cleaned, the address in its canonical form. Raises `RuleError` for an address that
    is none and for a missing last name."""
    names = ("title", "first_name", "last_name", "office", "organisation", "salutation")
    data = replace(
        data,
        email=normalise_address(data.email),
        **{name: clean(getattr(data, name)) for name in names},
    )
    if not data.last_name:
        raise RuleError("last_name_missing", field="last_name")
    return data


def _refuse_double(data: ContactData, *, but: Contact | None = None) -> None:
    key = name_key(data.first_name, data.last_name)
    if any(other.name_key == key and other is not but for other in at_address(data.email)):
        raise RuleError("contact_exists", field="email", address=data.email)


def _overwrite(contact: Contact, data: ContactData, *, by: Account) -> Contact:
    _write(contact, data, organisations.named(data.organisation))
    changes = audit.changes_of(contact)
    db.session.flush()
    if changes:
        audit.record("contact.edited", contact, by=by, changes=changes)
    return contact


def _write(contact: Contact, data: ContactData, organisation: Organisation | None) -> None:
    with db.session.no_autoflush:
        if data.email != contact.email:
            contact.bounced_at = None  # what came back was sent to the old address
        for name in PLAIN:
            setattr(contact, name, getattr(data, name))
        contact.organisation = organisation
        contact.organisation_id = organisation.id if organisation is not None else None
        refresh_keys(contact, organisation=organisation)
