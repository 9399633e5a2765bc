"""What the office does for one person: answers by telephone, by hand, excluded, links."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    delivery,
    deputies,
    links,
    office_acts,
    participation,
    registrations,
)
from webinar.domain.contacts import ContactData
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Format,
    Invitation,
    Mail,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Source,
    Talk,
)

S = RegistrationState
KEYS = ["ein Schlüssel für Tests"]


def told(contact: Contact) -> list[tuple[str, str | None]]:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return [(row.template, row.calendar_method) for row in db.session.scalars(query)]


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def place(talk: Talk, contact: Contact) -> Registration | None:
    return registrations.active_registration(talk, contact=contact)


def answer_of(talk: Talk, contact: Contact) -> str:
    query = select(Invitation.answer).where(
        Invitation.talk_id == talk.id, Invitation.contact_id == contact.id
    )
    return db.session.scalars(query).one()


def test_answer_by_telephone_counts_after_the_closing_time(organiser: Account) -> None:
    talk = factories.talk(registration_closes_at=now() - timedelta(hours=1))
    contact = factories.contact()
    factories.invitation(talk, contact)
    office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser)
    found = place(talk, contact)
    assert found is not None
    assert (found.state, found.source) == (S.CONFIRMED, Source.OFFICE)
    assert told(contact) == [("confirmation", "REQUEST")]
    assert actions() == ["invitation.answered"]


def test_refusal_by_telephone_frees_the_place_and_tells_if_wished(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    first, second = factories.contact(), factories.contact()
    for contact in (first, second):
        participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    office_acts.take_down(talk, contact=first, mode=None, by=organiser, notify=False)
    found = place(talk, second)
    assert found is not None
    assert (answer_of(talk, first), found.state) == (Answer.DECLINED, S.CONFIRMED)
    assert told(first) == [("confirmation", "REQUEST")]
    assert told(second)[-1] == ("confirmation", "REQUEST")


def test_change_of_side_by_telephone_leaves_an_audit_line(organiser: Account) -> None:
    talk = factories.talk(format=Format.HYBRID, venue="Saal")
    contact = factories.contact()
    for mode in (Mode.ONLINE, Mode.HALL, Mode.HALL):
        office_acts.take_down(talk, contact=contact, mode=mode, by=organiser)
    assert actions() == ["invitation.answered", "registration.side_changed"]
    assert [template for template, _method in told(contact)] == ["confirmation"] * 2


def test_who_is_registered_by_hand_can_answer_by_the_personal_link(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser, notify=False)
    assert answer_of(talk, contact) == Answer.ACCEPTED
    assert told(contact) == []
    participation.decline(db.session.scalars(select(Invitation)).one())
    assert place(talk, contact) is None


def test_registering_by_hand_again_takes_in_who_was_excluded(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact, answer=Answer.WITHDRAWN)
    office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser)
    assert (answer_of(talk, contact), told(contact)) == (
        Answer.ACCEPTED,
        [("confirmation", "REQUEST")],
    )


def test_registering_by_hand_replaces_a_form_that_nobody_confirmed(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    form = Registration(
        talk=talk, contact=contact, state=S.UNCONFIRMED, mode=Mode.ONLINE, source=Source.FORM
    )
    factories.save(form)
    office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser)
    found = place(talk, contact)
    assert found is not None
    assert (form.state, found.state) == (S.CANCELLED, S.CONFIRMED)


def test_who_registered_by_the_form_is_cancelled_by_telephone(organiser: Account) -> None:
    talk, contact = factories.talk(places_online=1), factories.contact()
    registrations.lock(talk)
    registrations.register(talk, contact=contact, mode=Mode.ONLINE, source=Source.FORM)
    office_acts.take_down(talk, contact=contact, mode=None, by=organiser)
    assert place(talk, contact) is None
    assert told(contact) == [("declined", None)]
    assert actions() == ["registration.cancelled"]


@pytest.mark.parametrize("notify", [True, False])
def test_exclude_takes_the_invitation_back_and_frees_the_place(
    organiser: Account, notify: bool
) -> None:
    talk = factories.talk(places_online=1)
    first, second = factories.contact(), factories.contact()
    for contact in (first, second):
        participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    for _click in range(2):
        office_acts.exclude(talk, contact=first, by=organiser, notify=notify)
    assert (answer_of(talk, first), place(talk, first)) == (Answer.WITHDRAWN, None)
    assert told(first)[1:] == ([("withdrawn", "CANCEL")] if notify else [])
    found = place(talk, second)
    assert found is not None
    assert found.state == S.CONFIRMED
    assert actions() == ["invitation.answered"]


def test_acts_are_refused_where_the_page_offers_none(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    for act in (office_acts.exclude, office_acts.reissue_link):
        with pytest.raises(RuleError, match="not_invited"):
            act(talk, contact=contact, by=organiser)
    with pytest.raises(RuleError, match="not_invited"):
        office_acts.send_link(talk, contact=contact, number=1, by=organiser)
    with frozen(talk.starts_at), pytest.raises(RuleError, match="talk_started"):
        office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser)
    contact.retired_at = now()
    with pytest.raises(RuleError, match="contact_deactivated"):
        office_acts.take_down(talk, contact=contact, mode=None, by=organiser)
    draft = factories.talk(state="draft")
    with pytest.raises(RuleError, match="talk_not_published"):
        office_acts.take_down(draft, contact=contact, mode=None, by=organiser)


def test_same_link_is_sent_once_for_a_double_click_and_again_on_purpose(
    organiser: Account,
) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact)
    for number in (1, 1, 2):
        office_acts.send_link(talk, contact=contact, number=number, by=organiser)
    assert told(contact) == [("personal_link", None)] * 2
    assert actions() == ["link.sent"] * 2
    link = links.find_contact_link(contact, purpose=Purpose.ANSWER, talk=talk)
    assert link is not None
    assert link.version == 1


def test_reissued_link_stops_the_old_ones_at_once(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    old = [
        (purpose, links.token(links.contact_link(contact, purpose=purpose, talk=talk), keys=KEYS))
        for purpose in office_acts.REISSUED
    ]
    office_acts.reissue_link(talk, contact=contact, by=organiser)
    for purpose, token in old:
        with pytest.raises(NotThere):
            links.open_link(token, purpose=purpose, keys=KEYS)
    assert told(contact)[-1] == ("personal_link", "REQUEST")
    assert actions()[-1] == "link.reissued"


def test_reissued_link_is_mailed_only_if_wished_and_older_mails_of_it_stop(
    organiser: Account,
) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact)
    office_acts.send_link(talk, contact=contact, number=1, by=organiser)
    waiting = db.session.scalars(select(Mail)).one()
    assert delivery.still_wanted(waiting)
    office_acts.reissue_link(talk, contact=contact, by=organiser, notify=False)
    assert told(contact) == [("personal_link", None)]
    assert not delivery.still_wanted(waiting)


def test_mail_with_a_new_link_brings_no_entry_back_that_was_cancelled(organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    invitation = factories.invitation(talk, contact)
    participation.accept(invitation, mode=Mode.ONLINE)
    office_acts.reissue_link(talk, contact=contact, by=organiser)
    renewed = db.session.scalars(select(Mail).where(Mail.template == "personal_link")).one()
    assert delivery.still_wanted(renewed)
    participation.decline(invitation)
    assert not delivery.still_wanted(renewed)


def test_mail_about_an_exclusion_stops_once_the_person_is_invited_again(
    organiser: Account,
) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact)
    office_acts.exclude(talk, contact=contact, by=organiser)
    gone = db.session.scalars(select(Mail)).one()
    assert delivery.still_wanted(gone)
    office_acts.take_down(talk, contact=contact, mode=Mode.ONLINE, by=organiser)
    assert not delivery.still_wanted(gone)


def test_person_for_finds_the_same_person_and_asks_about_another(organiser: Account) -> None:
    known = factories.contact(first_name="Hannah", last_name="Seubert", email="bgm@ort.example")
    same = ContactData(first_name="hannah", last_name="SEUBERT", email="BGM@ort.example")
    assert office_acts.person_for(same, by=organiser) is known
    other = ContactData(first_name="Max", last_name="Ott", email="bgm@ort.example")
    with pytest.raises(RuleError, match="address_known"):
        office_acts.person_for(other, by=organiser)
    second = office_acts.person_for(other, by=organiser, decision="second")
    assert second.last_name == "Ott"


def test_taking_back_an_invitation_ends_what_its_deputy_was_asked_for(
    organiser: Account,
) -> None:
    talk = factories.talk(places_online=1)
    invited, waiting = (factories.invitation(talk, factories.contact()) for _ in range(2))
    participation.accept(invited, mode=Mode.ONLINE)
    participation.accept(waiting, mode=Mode.ONLINE)
    person = ContactData(first_name="Jonas", last_name="Kraus", email="kraus@gemeinde.example")
    asking = deputies.name_deputy(invited, person=person)
    office_acts.exclude(talk, contact=invited.contact, by=organiser)
    db.session.commit()
    assert asking.ended_at is not None
    assert asking.deputy_invitation.answer == Answer.WITHDRAWN
    place = registrations.active_registration(talk, contact=waiting.contact)
    assert place is not None
    assert place.state == RegistrationState.CONFIRMED
