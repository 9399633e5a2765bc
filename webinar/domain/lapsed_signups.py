"""What becomes of registrations by the public form that nobody confirmed: they end after a day, and
whom only they brought here leaves with everything about them.

Called again and again by `webinar.jobs.cleanup`. Neighbour: `domain.signups`, which says when one
has lapsed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import address_limits, registrations, signups
from webinar.extensions import db
from webinar.models import (
    Contact,
    Link,
    Mail,
    Organisation,
    Origin,
    QuestionAnswer,
    Registration,
    RegistrationState,
)

WITH_THE_CONTACT = timedelta(minutes=1)
"""An organisation this much older than its only contact was made with it."""


def end_next() -> bool:
    """End the oldest registration that was not confirmed in time; False once there is none.

    Each call belongs in a transaction of its own: it holds the address and locks the talk, in the
    order of `signups.sign_up`, and several at once could wait for each other.
    """
    registration = db.session.scalars(_overdue().limit(1)).first()
    if registration is None:
        return False
    contact = registration.contact
    address_limits.hold(contact.email)
    registrations.lock(registration.talk)
    same = _overdue().where(Registration.id == registration.id)
    if db.session.scalar(same.execution_options(populate_existing=True)) is not None:
        registrations.end(registration)
        _forget(contact)
        db.session.flush()
    return True


def _overdue() -> Select[Registration]:
    return (
        select(Registration)
        .where(
            Registration.state == RegistrationState.UNCONFIRMED,
            Registration.queued_at <= now() - signups.TERM,
        )
        .options(joinedload(Registration.contact), joinedload(Registration.talk))
        .order_by(Registration.queued_at, Registration.id)
    )


def _forget(contact: Contact) -> None:
    """Delete the contact, unless something else hangs on it, and the organisation that came along.
    Audit lines name records by their number alone, so they stay."""
    if contact.origin != Origin.PUBLIC or _has_more(contact):
        return
    mine = select(Registration.id).where(Registration.contact_id == contact.id)
    organisation_id, made = contact.organisation_id, contact.created_at
    for query in (
        delete(QuestionAnswer).where(QuestionAnswer.registration_id.in_(mine)),
        delete(Registration).where(Registration.contact_id == contact.id),
        delete(Mail).where(Mail.contact_id == contact.id),
        delete(Link).where(Link.contact_id == contact.id),
        delete(Contact).where(Contact.id == contact.id),
    ):
        db.session.execute(query.execution_options(synchronize_session="fetch"))
    if organisation_id is not None:
        _forget_organisation(organisation_id, made=made)


def _has_more(contact: Contact) -> bool:
    """Whether anything but lapsed registrations, links and the form's mails hangs on the contact.
    Asks every table that names contacts, those of later migrations too."""
    registered = select(Registration).where(Registration.contact_id == contact.id)
    if any(not signups.lapsed(row) for row in db.session.scalars(registered)):
        return True
    other = select(func.count(Mail.id)).where(
        Mail.contact_id == contact.id, Mail.template.not_in(signups.TEMPLATES)
    )
    if db.session.scalar(other):
        return True
    passed = {Registration.__tablename__, Mail.__tablename__, Link.__tablename__}
    columns = (
        column
        for table in db.metadata.sorted_tables
        if table.name not in passed
        for column in table.columns
        if any(key.column.table.name == Contact.__tablename__ for key in column.foreign_keys)
    )
    return any(
        db.session.scalar(select(func.count()).where(column == contact.id)) for column in columns
    )


def _forget_organisation(organisation_id: int, *, made: datetime) -> None:
    """Only one that the form made together with the contact, and that nobody else belongs to."""
    members = select(Contact.id).where(Contact.organisation_id == organisation_id).exists()
    db.session.execute(
        delete(Organisation)
        .where(
            Organisation.id == organisation_id,
            Organisation.created_at > made - WITH_THE_CONTACT,
            ~members,
        )
        .execution_options(synchronize_session="fetch")
    )
