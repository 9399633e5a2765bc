"""Letting single people in by hand, and taking it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    admissions,
    delivery,
    deputies,
    invitations,
    participation,
    registrations,
    rooms,
)
from webinar.domain.contacts import ContactData
from webinar.domain.rooms import Entry, Terms
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Admission,
    Answer,
    AuditEntry,
    Contact,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Source,
    Talk,
)

TERMS = Terms(opens=15, opens_staff=30, overrun=30, extension=60)
S = RegistrationState


def entry(talk: Talk, contact: Contact) -> Entry:
    registration = registrations.active_registration(talk, contact=contact)
    hours = TERMS.guests(talk)
    return rooms.contact_entry(talk, contact=contact, registration=registration, hours=hours)


def admit(talk: Talk, contact: Contact, by: Account) -> Admission:
    return admissions.admit(talk, contact=contact, terms=TERMS, by=by)


def answer_of(talk: Talk, contact: Contact) -> str | None:
    found = invitations.invitation_of(talk, contact=contact)
    return None if found is None else found.answer


def mails(contact: Contact) -> list[tuple[str, str | None]]:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return [(row.template, row.params.get("reason")) for row in db.session.scalars(query)]


def letters(contact: Contact) -> list[Mail]:
    query = select(Mail).where(Mail.contact_id == contact.id, Mail.template == "confirmation")
    return list(db.session.scalars(query.order_by(Mail.id)))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_somebody_never_invited_comes_in_after_the_start(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    with frozen(talk.starts_at + timedelta(minutes=5)):
        assert entry(talk, contact) is Entry.NO_PLACE
        first = admit(talk, contact, organiser)
        assert admit(talk, contact, organiser) is first
        assert entry(talk, contact) is Entry.OPEN
    registration = first.registration
    assert (registration.state, registration.source) == (S.CONFIRMED, Source.OFFICE)
    assert answer_of(talk, contact) == Answer.ACCEPTED
    assert mails(contact) == [("confirmation", "admitted")]
    assert actions() == ["invitation.answered", "registration.admitted"]
    assert [row.account_id for row in admissions.of_talk(talk)] == [organiser.id]


def test_who_declined_comes_in_and_is_invited_anew_if_it_was_taken_back(
    organiser: Account,
) -> None:
    talk = factories.talk()
    declined, excluded = factories.contact(), factories.contact()
    participation.decline(factories.invitation(talk, declined))
    participation.withdraw(factories.invitation(talk, excluded), by=organiser)
    with frozen(talk.starts_at):
        for contact in (declined, excluded):
            admit(talk, contact, organiser)
            assert entry(talk, contact) is Entry.OPEN
            assert answer_of(talk, contact) == Answer.ACCEPTED


def test_who_waits_gets_a_place_more_than_there_were(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    first, second = factories.contact(), factories.contact()
    for contact in (first, second):
        participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    revision = talk.revision
    with frozen(talk.starts_at):
        assert entry(talk, second) is Entry.WAITING
        admit(talk, second, organiser)
        assert entry(talk, second) is entry(talk, first) is Entry.OPEN
    assert (talk.places_online, talk.revision) == (2, revision + 1)
    assert registrations.taken(talk, Mode.ONLINE) == 2


def test_limit_of_an_organisation_does_not_bind_the_organiser(organiser: Account) -> None:
    place = factories.organisation()
    talk = factories.talk(places_online=5, places_per_organisation=1)
    first, second = (factories.contact(organisation=place) for _number in range(2))
    participation.accept(factories.invitation(talk, first), mode=Mode.ONLINE)
    with frozen(talk.starts_at):
        admit(talk, second, organiser)
        assert entry(talk, second) is Entry.OPEN
    assert talk.places_online == 5


def test_place_in_the_hall_becomes_one_online_and_goes_to_the_next(organiser: Account) -> None:
    talk = factories.talk(format="hybrid", places_hall=1, places_online=9)
    contact, waiting = factories.contact(), factories.contact()
    for person in (contact, waiting):
        participation.accept(factories.invitation(talk, person), mode=Mode.HALL)
    with frozen(talk.starts_at - timedelta(minutes=15)):
        admit(talk, contact, organiser)
        assert entry(talk, contact) is Entry.OPEN
    found = registrations.active_registration(talk, contact=waiting)
    assert found is not None
    assert (found.state, found.mode) == (S.CONFIRMED, Mode.HALL)


def test_inviter_comes_in_beside_the_deputy(organiser: Account) -> None:
    talk, inviter = factories.talk(), factories.contact()
    asked = factories.invitation(talk, inviter)
    participation.accept(asked, mode=Mode.ONLINE)
    data = ContactData(form="herr", first_name="Ute", last_name="Neu", email="neu@g.example")
    deputies.name_deputy(asked, person=data)
    deputy = db.session.scalars(select(Contact).where(Contact.last_name == "Neu")).one()
    with frozen(talk.starts_at):
        assert entry(talk, inviter) is Entry.NO_PLACE
        admit(talk, inviter, organiser)
        assert entry(talk, inviter) is entry(talk, deputy) is Entry.OPEN
    assert (answer_of(talk, inviter), answer_of(talk, deputy)) == ("accepted", "accepted")


@pytest.mark.parametrize("declines", [False, True])
def test_revoked_person_stays_outside_and_can_be_let_in_again(
    organiser: Account, declines: bool
) -> None:
    talk, contact = factories.talk(), factories.contact()
    with frozen(talk.starts_at - timedelta(minutes=1)):
        admission = admit(talk, contact, organiser)
        invitation = invitations.invitation_of(talk, contact=contact)
        assert invitation is not None
        if declines:
            participation.decline(invitation)
    with frozen(talk.starts_at):
        for _click in range(2):
            admissions.revoke(admission, by=organiser)
        assert entry(talk, contact) is Entry.NO_PLACE
        assert answer_of(talk, contact) == Answer.WITHDRAWN
        assert admissions.of_talk(talk) == []
        assert [delivery.still_wanted(row) for row in letters(contact)] == [False]
        again = admit(talk, contact, organiser)
        assert delivery.still_wanted(letters(contact)[-1])
        assert again is not admission
        assert entry(talk, contact) is Entry.OPEN
    assert actions().count("registration.admission_revoked") == 1


def test_nobody_is_let_in_who_has_a_place_left_office_or_comes_too_late(
    organiser: Account,
) -> None:
    talk, contact, gone = factories.talk(), factories.contact(), factories.contact()
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    gone.retired_at = now()
    closes = talk.ends_at + timedelta(minutes=30)
    for person, at, code in (
        (contact, talk.starts_at, "place_held_already"),
        (gone, talk.starts_at, "contact_deactivated"),
        (factories.contact(), closes, "evening_over"),
    ):
        with frozen(at), pytest.raises(RuleError, match=code):
            admit(talk, person, organiser)
    late = factories.contact()
    with frozen(closes - timedelta(seconds=1)):
        admit(talk, late, organiser)
        assert entry(talk, late) is Entry.OPEN
    for values, code in (
        ({"format": "on_site"}, "talk_without_room"),
        ({"state": "draft"}, "talk_not_published"),
        ({"state": "cancelled"}, "talk_cancelled"),
    ):
        other = factories.talk(**values)
        with pytest.raises(RuleError, match=code):
            admit(other, factories.contact(), organiser)


def test_admission_belongs_to_its_talk(organiser: Account) -> None:
    talk, other = factories.talk(), factories.talk()
    admission = admit(talk, factories.contact(), organiser)
    assert admissions.find(talk, admission.id) is admission
    for wrong in ((other, admission.id), (talk, admission.id + 1)):
        with pytest.raises(NotThere):
            admissions.find(*wrong)


def test_place_that_was_given_up_can_be_given_again(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    admit(talk, contact, organiser)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.decline(invitation)
    assert admissions.of_talk(talk) == []
    second = admit(talk, contact, organiser)
    assert admissions.of_talk(talk) == [second]
    rows = db.session.scalars(select(Registration).order_by(Registration.id)).all()
    assert [row.state for row in rows] == [S.CANCELLED, S.CONFIRMED]
    assert second.registration is rows[1]
