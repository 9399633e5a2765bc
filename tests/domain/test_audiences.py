"""Audiences: unique names, members in and out, counts that match who can be invited."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from webinar import clock
from webinar.domain import audiences
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Contact, audience_members


@pytest.mark.parametrize(
    ("name", "code"), [("  ", "audience_name_missing"), ("KREISTAG ", "audience_exists")]
)
def test_audience_needs_a_name_of_its_own(organiser: Account, name: str, code: str) -> None:
    factories.audience("Kreistag")

    with pytest.raises(RuleError) as refused:
        audiences.create(name, by=organiser)
    assert (refused.value.code, refused.value.field) == (code, "name")


def test_audience_can_change_the_case_of_its_own_name(organiser: Account) -> None:
    audience = audiences.create("kreistag", by=organiser)

    audiences.edit(audience, name="Kreistag", description="Alle Fraktionen", by=organiser)

    assert (audience.name, audience.description) == ("Kreistag", "Alle Fraktionen")


def test_audience_counts_who_is_active_and_who_can_be_invited(app: Flask) -> None:
    audience = factories.audience(
        members=[
            factories.contact(),
            factories.contact(unsubscribed_at=clock.now()),
            factories.contact(retired_at=clock.now()),
        ]
    )
    empty = factories.audience()

    assert audiences.counts() == {audience.id: (2, 1)}
    assert audiences.counts([empty.id]) == {}


def test_audience_takes_in_active_contacts_once(organiser: Account) -> None:
    member, other = factories.contact(), factories.contact()
    gone = factories.contact(retired_at=clock.now())
    audience = factories.audience(members=[member])

    ids = [member.id, other.id, other.id, gone.id, 999_999]
    assert audiences.join(audience, contact_ids=ids, by=organiser) == 1

    assert {contact.id for contact in audience.members} == {member.id, other.id}


def test_audience_lets_members_go(organiser: Account) -> None:
    member, other = factories.contact(), factories.contact()
    audience = factories.audience(members=[member])

    ids = [member.id, other.id]
    assert audiences.leave(audience, contact_ids=ids, by=organiser) == 1
    assert audience.members == []


def test_audience_that_is_deleted_leaves_its_contacts(organiser: Account) -> None:
    audience = factories.audience(members=[factories.contact()])
    number = audience.id

    audiences.remove(audience, by=organiser)
    db.session.commit()

    with pytest.raises(NotThere):
        audiences.get(number)
    assert db.session.scalar(select(func.count()).select_from(audience_members)) == 0
    assert db.session.scalar(select(func.count(Contact.id))) == 1


def test_contact_is_in_exactly_the_audiences_chosen(organiser: Account) -> None:
    contact = factories.contact()
    first, second = factories.audience("Kreistag", [contact]), factories.audience("Bauausschuss")
    db.session.refresh(contact)

    audiences.set_of(contact, audience_ids=[second.id], by=organiser)
    audiences.set_of(contact, audience_ids=[second.id], by=organiser)

    assert [audience.name for audience in contact.audiences] == ["Bauausschuss"]
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.changes == {"audiences": [[first.id], [second.id]]}


def test_outsiders_are_searched_by_any_part(app: Flask) -> None:
    audience = factories.audience(members=[factories.contact(last_name="Müller")])
    factories.contact(last_name="Mueller-Ott")
    factories.contact(last_name="Roth")

    found = db.session.scalars(audiences.outsiders(audience, text="MÜLL")).all()
    assert [contact.last_name for contact in found] == ["Mueller-Ott"]
