"""Contacts: address and name together are one person; a new name is asked about, never guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar import clock
from webinar.domain import contact_merges, contacts, participation
from webinar.domain.contacts import ContactData, State
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    CalendarEntry,
    Contact,
    Deputy,
    Grant,
    Invitation,
    Link,
    Mail,
    Material,
    Mode,
    Organisation,
    Purpose,
    Registration,
    SeriesAcceptance,
)

ADDRESS = "buergermeister@a.example"


def data(**values: str) -> ContactData:
    given = {"first_name": "Petra", "last_name": "Kraiß", "email": ADDRESS, **values}
    return ContactData(**given)


def code_of(error: pytest.ExceptionInfo[RuleError]) -> tuple[str, str | None]:
    return error.value.code, error.value.field


def names(text: str = "", **narrowed: object) -> list[str]:
    query = contacts.find(text, **narrowed)  # type: ignore[arg-type]  # passed through
    return [contact.last_name for contact in db.session.scalars(query)]


@pytest.fixture
def mayor(app: Flask) -> Contact:
    """Who holds the functional address."""
    contact = factories.contact(first_name="Volker", last_name="Roth", email=ADDRESS)
    contact.audiences = [factories.audience("Kreistag")]
    db.session.commit()
    return contact


def test_contact_is_written_in_one_spelling(organiser: Account) -> None:
    contact = contacts.create(
        data(last_name="  Kraiß ", email=" Petra.Kraiss@A.example ", organisation="Gemeinde  A"),
        by=organiser,
    )

    assert (contact.last_name, contact.email) == ("Kraiß", "petra.kraiss@a.example")
    assert contact.organisation is not None
    assert (contact.organisation.name, contact.organisation.kind) == ("Gemeinde A", "municipality")


def test_contact_finds_its_organisation_in_another_spelling(organiser: Account) -> None:
    office = factories.organisation("Gemeinde Kürnach")

    contact = contacts.create(data(organisation="GEMEINDE KUERNACH"), by=organiser)

    assert contact.organisation_id == office.id
    assert len(db.session.scalars(select(Organisation)).all()) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"last_name": "  "}, ("last_name_missing", "last_name")),
        ({"email": ""}, ("address_missing", "email")),
        ({"email": "kein-at.example"}, ("address_without_at", "email")),
    ],
)
def test_contact_is_refused_with_the_field_that_is_wrong(
    organiser: Account, values: dict[str, str], code: tuple[str, str]
) -> None:
    with pytest.raises(RuleError) as refused:
        contacts.create(data(**values), by=organiser)
    assert code_of(refused) == code


def test_contact_at_a_known_address_is_asked_about(organiser: Account, mayor: Contact) -> None:
    with pytest.raises(RuleError) as asked:
        contacts.create(data(), by=organiser)
    assert code_of(asked) == ("address_known", "decision")


def test_contact_of_the_same_name_and_address_is_refused(
    organiser: Account, mayor: Contact
) -> None:
    with pytest.raises(RuleError) as refused:
        contacts.create(data(first_name="VOLKER", last_name="Roth"), by=organiser)
    assert code_of(refused) == ("contact_exists", "email")


def test_contact_can_be_the_second_person_at_an_address(organiser: Account, mayor: Contact) -> None:
    contact = contacts.create(data(), by=organiser, decision="second")

    assert contact.id != mayor.id
    assert len(contacts.at_address(ADDRESS)) == 2


def test_contact_can_correct_who_is_at_the_address(organiser: Account, mayor: Contact) -> None:
    contact = contacts.create(data(), by=organiser, decision="correction", other=mayor)

    assert contact is mayor
    assert (mayor.last_name, mayor.office) == ("Kraiß", "Erste Bürgermeisterin")


def test_successor_takes_over_audiences_and_retires_the_predecessor(
    organiser: Account, mayor: Contact
) -> None:
    contact = contacts.create(data(), by=organiser, decision="successor", other=mayor)

    assert mayor.retired_at is not None
    assert mayor.successor_id == contact.id
    assert [audience.name for audience in contact.audiences] == ["Kreistag"]


def test_successor_leaves_answers_with_the_predecessor(organiser: Account, mayor: Contact) -> None:
    invitation = factories.invitation(factories.talk(), mayor)

    contacts.create(data(), by=organiser, decision="successor", other=mayor)

    assert invitation.contact_id == mayor.id


def test_edit_asks_what_a_new_name_means(organiser: Account, mayor: Contact) -> None:
    with pytest.raises(RuleError) as asked:
        contacts.edit(mayor, data(), by=organiser)
    assert code_of(asked) == ("name_changed", "decision")

    assert contacts.edit(mayor, data(), by=organiser, decision="correction") is mayor
    assert mayor.last_name == "Kraiß"


def test_edit_can_name_a_successor(organiser: Account, mayor: Contact) -> None:
    contact = contacts.edit(mayor, data(), by=organiser, decision="successor")

    assert contact.id != mayor.id
    assert mayor.successor_id == contact.id


def test_edit_asks_nothing_where_only_the_spelling_of_a_name_changed(
    organiser: Account, mayor: Contact
) -> None:
    contacts.edit(mayor, data(first_name="VOLKER", last_name="Roth"), by=organiser)

    assert mayor.first_name == "VOLKER"


def test_edit_asks_before_two_people_share_an_address(organiser: Account, mayor: Contact) -> None:
    other = factories.contact(first_name="Petra", last_name="Kraiß", email="kraiss@a.example")

    with pytest.raises(RuleError) as asked:
        contacts.edit(other, data(), by=organiser)
    assert code_of(asked) == ("address_shared", "decision")

    contacts.edit(other, data(), by=organiser, decision="second")
    assert other.email == ADDRESS


def test_edit_is_refused_when_somebody_else_was_faster(organiser: Account, mayor: Contact) -> None:
    seen = contacts.stamp(mayor)
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        contacts.edit(mayor, data(first_name="Volker", last_name="Roth"), by=organiser)

    with pytest.raises(Conflict) as refused:
        contacts.edit(mayor, data(first_name="Volker", last_name="Roth"), by=organiser, seen=seen)
    assert refused.value.code == "contact_changed"


def test_edit_leaves_an_audit_line_that_names_fields_only(
    organiser: Account, mayor: Contact
) -> None:
    changed = data(first_name="Volker", last_name="Roth", office="Kreisrat", language="en")
    contacts.edit(mayor, changed, by=organiser)

    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.account_id) == ("contact.edited", organiser.id)
    assert entry.changes["office"] is True
    assert entry.changes["language"] == ["de", "en"]


def test_reactivated_contact_is_active_again(organiser: Account, mayor: Contact) -> None:
    contacts.retire(mayor, by=organiser)
    assert contacts.at_address(ADDRESS) == []

    contacts.reactivate(mayor, by=organiser)
    assert contacts.at_address(ADDRESS) == [mayor]


def test_reactivating_is_refused_where_the_person_is_there_already(
    organiser: Account, mayor: Contact
) -> None:
    contacts.retire(mayor, by=organiser)
    contacts.create(data(first_name="Volker", last_name="Roth"), by=organiser)

    with pytest.raises(RuleError) as refused:
        contacts.reactivate(mayor, by=organiser)
    assert refused.value.code == "contact_exists"


def test_erased_contact_is_not_there(app: Flask, mayor: Contact) -> None:
    mayor.erased_at = clock.now()
    db.session.commit()

    with pytest.raises(NotThere):
        contacts.get(mayor.id)
    assert names(state=State.ALL) == []


@pytest.mark.parametrize("text", ["müller", "MUELLER", "Muller", "mül zoë", "erste mull"])
def test_search_finds_umlauts_either_way(app: Flask, text: str) -> None:
    factories.contact(first_name="Zoë", last_name="Müller")
    factories.contact(first_name="Zoë", last_name="Roth")

    assert names(text) == ["Müller"]


def test_search_takes_signs_of_the_database_as_they_are(app: Flask) -> None:
    factories.contact(last_name="Roth")

    assert names("%") == []
    assert names("_") == []


def test_list_is_sorted_as_din_5007_wants(app: Flask) -> None:
    for name in ("Zürn", "Ärmel", "Arnold", "Ott", "Österle", "Weiß", "Weiss"):
        factories.contact(first_name="", last_name=name)

    assert names()[:4] == ["Ärmel", "Arnold", "Österle", "Ott"]
    assert set(names()[4:6]) == {"Weiß", "Weiss"}


def test_list_is_narrowed_by_audience_organisation_and_state(
    organiser: Account, mayor: Contact
) -> None:
    office = factories.organisation("Gemeinde B")
    factories.contact(last_name="Haag", organisation_id=office.id)
    factories.contact(last_name="Ott", unsubscribed_at=clock.now())
    factories.contact(last_name="Zürn", retired_at=clock.now())

    assert names(audience_id=mayor.audiences[0].id) == ["Roth"]
    assert names(organisation_id=office.id) == ["Haag"]
    assert names() == ["Haag", "Ott", "Roth"]
    assert names(state=State.UNSUBSCRIBED) == ["Ott"]
    assert names(state=State.RETIRED) == ["Zürn"]
    assert names(state=State.ALL) == ["Haag", "Ott", "Roth", "Zürn"]


@pytest.fixture
def double(app: Flask) -> Contact:
    """The same mayor a second time, under a private address."""
    contact = factories.contact(
        first_name="Volker", last_name="Roth", email="v.roth@web.example", title="Dr."
    )
    contact.audiences = [factories.audience("Bauausschuss")]
    db.session.commit()
    return contact


def test_merge_retires_the_other_and_fills_what_was_empty(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    assert contact_merges.review(mayor, double).gains == {"title": "Dr."}

    contact_merges.merge(mayor, double, by=organiser)

    assert (mayor.title, mayor.email) == ("Dr.", ADDRESS)
    assert {a.name for a in mayor.audiences} == {"Kreistag", "Bauausschuss"}
    assert double.retired_at is not None
    assert double.successor_id == mayor.id
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["contact.retired", "contact.merged"]


def test_merge_moves_whatever_hangs_on_the_other(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk()
    participation.accept(factories.invitation(talk, double), mode=Mode.ONLINE)
    material = Material(talk=talk, kind="link", title="Folien", url="https://a.example")
    grants = [Grant(material=material, grantee="contact", contact_id=double.id)]
    db.session.add_all([material, *grants, Link(purpose=Purpose.FEED, contact=double)])
    db.session.add(SeriesAcceptance(series_id=talk.series_id, contact_id=double.id))
    db.session.commit()

    contact_merges.merge(mayor, double, by=organiser)
    db.session.commit()

    for table in (Invitation, Registration, Grant, Mail, CalendarEntry, Link, SeriesAcceptance):
        owners = set(db.session.scalars(select(table.contact_id)))  # type: ignore[attr-defined]  # all have one
        assert owners == {mayor.id}, table


def test_merge_of_two_invitations_keeps_the_answer_that_was_given(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk()
    ours = factories.invitation(talk, mayor)
    theirs = factories.invitation(talk, double)
    participation.accept(theirs, mode=Mode.ONLINE)
    db.session.commit()
    assert [t.id for t in contact_merges.review(mayor, double).both] == [talk.id]

    contact_merges.merge(mayor, double, by=organiser)
    db.session.commit()

    assert (ours.answer, theirs.answer) == (Answer.ACCEPTED, Answer.WITHDRAWN)
    place = db.session.scalars(select(Registration)).one()
    assert (place.contact_id, place.invitation_id) == (mayor.id, ours.id)


def test_merge_gives_a_second_place_to_the_next_in_line(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk(places_online=2)
    waiting = factories.contact()
    for contact in (mayor, double, waiting):
        participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    assert len(contact_merges.review(mayor, double).given_up) == 1

    contact_merges.merge(mayor, double, by=organiser)
    db.session.commit()

    held = select(Registration.contact_id).where(Registration.state == "confirmed")
    assert set(db.session.scalars(held)) == {mayor.id, waiting.id}


def test_merge_keeps_the_better_of_two_places(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk(places_online=1)
    for contact in (double, mayor):
        participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()

    contact_merges.merge(mayor, double, by=organiser)
    db.session.commit()

    held = select(Registration).where(Registration.state.in_(("confirmed", "waiting")))
    place = db.session.scalars(held).one()
    assert (place.contact_id, place.state) == (mayor.id, "confirmed")


def test_merge_closes_a_second_link_for_the_same_purpose(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    for contact in (mayor, double):
        db.session.add(Link(purpose=Purpose.UNSUBSCRIBE, contact=contact))
    db.session.commit()

    contact_merges.merge(mayor, double, by=organiser)

    links = {link.contact_id: link.revoked_at for link in db.session.scalars(select(Link))}
    assert links[mayor.id] is None
    assert links[double.id] is not None


def test_merge_goes_on_from_the_higher_calendar_sequence(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk()
    for contact, sequence in ((mayor, 1), (double, 4)):
        told = {"told_start": talk.starts_at, "told_end": talk.ends_at}
        db.session.add(
            CalendarEntry(talk_id=talk.id, contact_id=contact.id, sequence=sequence, **told)
        )
    db.session.commit()

    contact_merges.merge(mayor, double, by=organiser)

    rows = {row.contact_id: row for row in db.session.scalars(select(CalendarEntry))}
    assert (rows[mayor.id].sequence, rows[mayor.id].cancelled) == (4, False)
    assert rows[double.id].cancelled


def test_merge_keeps_that_somebody_wants_no_invitations(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    double.unsubscribed_at = clock.now()
    assert contact_merges.review(mayor, double).unsubscribes

    contact_merges.merge(mayor, double, by=organiser)
    assert mayor.unsubscribed_at is not None


def test_merge_is_refused_where_a_deputy_was_named(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    talk = factories.talk(title="eAkte")
    ours, theirs = (factories.invitation(talk, contact) for contact in (mayor, double))
    db.session.add(Deputy(invitation=ours, deputy_invitation=theirs))
    db.session.commit()

    with pytest.raises(RuleError) as refused:
        contact_merges.review(mayor, double)
    assert (refused.value.code, refused.value.values["talk"]) == ("merge_deputy", "eAkte")


def test_merge_is_refused_with_oneself_and_with_the_retired(
    organiser: Account, mayor: Contact, double: Contact
) -> None:
    with pytest.raises(RuleError) as refused:
        contact_merges.review(mayor, mayor)
    assert refused.value.code == "merge_same"

    contacts.retire(double, by=organiser)
    with pytest.raises(RuleError) as refused:
        contact_merges.review(mayor, double)
    assert refused.value.code == "merge_retired"


def test_corrected_address_is_no_longer_marked(app: Flask, organiser: Account) -> None:
    contact = factories.contact(bounced_at=clock.now())
    contacts.edit(
        contact, data(email="richtig@gemeinde.example"), by=organiser, decision="correction"
    )
    assert contact.bounced_at is None
