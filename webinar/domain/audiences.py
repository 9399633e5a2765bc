"""Audiences: named groups of contacts. Who the contacts are is `domain.contacts`'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, and_, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from webinar.domain import audit, contacts
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Audience, Contact, Grant, audience_members
from webinar.text import clean, fold, sort_key

NAME_LENGTH = 200


def get(audience_id: int) -> Audience:
    """The audience; raises `NotThere`."""
    audience = db.session.get(Audience, audience_id)
    if audience is None:
        raise NotThere("record_missing")
    return audience


def everything() -> Sequence[Audience]:
    """All audiences, sorted by name."""
    return db.session.scalars(select(Audience).order_by(Audience.sort_key, Audience.id)).all()


def counts(audience_ids: Iterable[int] | None = None) -> dict[int, tuple[int, int]]:
    """By audience: how many active members, and how many of them can be invited."""
    member = audience_members.c
    query = (
        select(
            member.audience_id,
            func.count(Contact.id),
            func.count(Contact.id).filter(Contact.unsubscribed_at.is_(None)),
        )
        .join(
            Contact,
            and_(
                Contact.id == member.contact_id,
                Contact.retired_at.is_(None),
                Contact.erased_at.is_(None),
            ),
        )
        .group_by(member.audience_id)
    )
    if audience_ids is not None:
        query = query.where(member.audience_id.in_(list(audience_ids)))
    return {row[0]: (row[1], row[2]) for row in db.session.execute(query)}


def grants(audience: Audience) -> int:
    """How many materials are released to the audience."""
    query = select(func.count(Grant.id)).where(Grant.audience_id == audience.id)
    return db.session.scalar(query) or 0


def outsiders(audience: Audience, *, text: str = "") -> Select[Contact]:
    """Active contacts who are not members, by name; those that hold every word of `text`."""
    members = select(audience_members.c.contact_id).where(
        audience_members.c.audience_id == audience.id
    )
    query = (
        select(Contact)
        .where(
            Contact.retired_at.is_(None), Contact.erased_at.is_(None), Contact.id.not_in(members)
        )
        .options(joinedload(Contact.organisation))
    )
    return contacts.matching(query, text).order_by(Contact.sort_key, Contact.id)


def create(name: str, *, description: str = "", by: Account) -> Audience:
    """A new audience; raises `RuleError` for a name that is missing or taken."""
    audience = new(_free(name, but=None))
    audience.description = description.strip()
    db.session.add(audience)
    _flush(audience.name)
    audit.record("audience.created", audience, by=by)
    return audience


def new(name: str) -> Audience:
    """An unsaved audience with its keys."""
    name = clean(name)[:NAME_LENGTH]
    return Audience(name=name, name_key=key_of(name), sort_key=sort_key(name)[:NAME_LENGTH])


def key_of(name: str) -> str:
    """What audiences are matched by."""
    return fold(name)[:NAME_LENGTH]


def edit(audience: Audience, *, name: str, description: str, by: Account) -> None:
    """Rename or describe; raises `RuleError` for a name that is missing or taken."""
    audience.name = _free(name, but=audience)
    audience.name_key = key_of(audience.name)
    audience.sort_key = sort_key(audience.name)[:NAME_LENGTH]
    audience.description = description.strip()
    changes = audit.changes_of(audience)
    _flush(audience.name)
    if changes:
        audit.record("audience.edited", audience, by=by, changes=changes)


def remove(audience: Audience, *, by: Account) -> None:
    """Delete the audience; its members stay in the address book."""
    audit.record("audience.deleted", audience, by=by, changes={"name": [audience.name, None]})
    db.session.delete(audience)
    db.session.flush()


def join(audience: Audience, *, contact_ids: Iterable[int], by: Account) -> int:
    """Take the active contacts among these ids in; returns how many are new in it."""
    query = outsiders(audience).where(Contact.id.in_(set(contact_ids)))
    ids = [contact.id for contact in db.session.scalars(query)]
    if ids:
        rows = [{"audience_id": audience.id, "contact_id": contact_id} for contact_id in ids]
        db.session.execute(insert(audience_members), rows)
        db.session.expire(audience, ["members"])
        audit.record("audience.joined", audience, by=by, changes={"members": [None, len(ids)]})
    return len(ids)


def leave(audience: Audience, *, contact_ids: Iterable[int], by: Account) -> int:
    """Take these contacts out; returns how many were in it."""
    member = audience_members.c
    ids = db.session.scalars(
        delete(audience_members)
        .where(member.audience_id == audience.id, member.contact_id.in_(set(contact_ids)))
        .returning(member.contact_id)
    ).all()
    if ids:
        db.session.expire(audience, ["members"])
        audit.record("audience.left", audience, by=by, changes={"members": [len(ids), None]})
    return len(ids)


def set_of(contact: Contact, *, audience_ids: Iterable[int], by: Account) -> None:
    """The contact is in these audiences and in no other."""
    wanted = db.session.scalars(select(Audience).where(Audience.id.in_(set(audience_ids)))).all()
    before = {audience.id for audience in contact.audiences}
    after = {audience.id for audience in wanted}
    if before == after:
        return
    contact.audiences = sorted(wanted, key=lambda audience: audience.sort_key)
    db.session.flush()
    changes = {"audiences": [sorted(before), sorted(after)]}
    audit.record("contact.audiences", contact, by=by, changes=changes)


def _flush(name: str) -> None:
    """Write; on PostgreSQL a rival can take the name between looking and writing."""
    try:
        db.session.flush()
    except IntegrityError as problem:
        raise RuleError("audience_exists", field="name", name=name) from problem


def _free(name: str, *, but: Audience | None) -> str:
    name = clean(name)
    if not name:
        raise RuleError("audience_name_missing", field="name")
    if len(name) > NAME_LENGTH:
        raise RuleError("audience_name_long", field="name", length=NAME_LENGTH)
    taken = db.session.scalar(select(Audience).where(Audience.name_key == key_of(name)))
    if taken is not None and taken is not but:
        raise RuleError("audience_exists", field="name", name=taken.name)
    return name
