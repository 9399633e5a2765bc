"""Registration by anybody: who gets which mail, what is written, what goes by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    delivery,
    invitations,
    lapsed_signups,
    participation,
    recipients,
    registrations,
    rooms,
    signups,
)
from webinar.domain.signups import SignupData
from webinar.domain.standing import Stand, standing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Format,
    Link,
    Mail,
    Mailing,
    Mode,
    Organisation,
    Origin,
    Registration,
    RegistrationState,
    Source,
    Talk,
    Visibility,
)

pytestmark = pytest.mark.usefixtures("app")

START = factories.at("2027-01-14T17:00")
ASKED = factories.at("2027-01-04T09:00")


def public_talk(**values: Any) -> Talk:
    return factories.talk(**{"starts_at": START, "visibility": Visibility.PUBLIC, **values})


def data(**values: str) -> SignupData:
    given = {"first_name": "Eva", "last_name": "Kern", "email": "eva@verein.example"}
    return SignupData(**{**given, **values})


def sign_up(talk: Talk, *, at: datetime = ASKED, mode: Mode = Mode.ONLINE, **values: str) -> None:
    with frozen(at):
        signups.sign_up(talk, data(**values), mode=mode)
        db.session.commit()


def registered(talk: Talk, contact: Contact, *, at: datetime = ASKED) -> None:
    with frozen(at):
        signups.confirm(talk, contact=contact, mode=Mode.ONLINE)
        db.session.commit()


def sent() -> list[str]:
    return list(db.session.scalars(select(Mail.template).order_by(Mail.id)))


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def only_contact() -> Contact:
    return db.session.scalars(select(Contact)).one()


def state_of(talk: Talk, contact: Contact) -> str | None:
    found = registrations.active_registration(talk, contact=contact)
    return None if found is None else found.state


def test_sign_up_writes_contact_mail_and_no_place() -> None:
    talk = public_talk(places_online=1)
    sign_up(talk, organisation="Sportverein Musterort", office="Vorsitzende")
    contact = only_contact()
    assert (contact.origin, contact.last_name) == (Origin.PUBLIC, "Kern")
    assert contact.organisation is not None
    assert state_of(talk, contact) == RegistrationState.UNCONFIRMED
    assert sent() == ["signup_confirm"]
    assert registrations.free(talk, Mode.ONLINE) == 1
    assert participation.holder_count(talk) == 0


def test_confirm_gives_the_place_and_mails_it() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    registered(talk, contact)
    place = registrations.active_registration(talk, contact=contact)
    assert place is not None
    assert (place.state, place.source) == (RegistrationState.CONFIRMED, Source.FORM)
    assert sent() == ["signup_confirm", "confirmation"]
    with frozen(START - timedelta(minutes=5)):
        hours = rooms.hours(talk, minutes=15, overrun=30)
        entry = rooms.contact_entry(talk, contact=contact, registration=place, hours=hours)
    assert entry is rooms.Entry.OPEN
    registered(talk, contact)
    assert sent() == ["signup_confirm", "confirmation"]


def test_confirm_queues_by_the_time_of_confirmation() -> None:
    talk = public_talk(places_online=1)
    sign_up(talk, email="erste@verein.example")
    sign_up(talk, email="zweite@verein.example")
    sign_up(talk, email="dritte@verein.example")
    first, second, third = db.session.scalars(select(Contact).order_by(Contact.id))
    for minute, contact in enumerate((third, second, first)):
        registered(talk, contact, at=ASKED + timedelta(minutes=minute))
    assert [state_of(talk, one) for one in (third, second, first)] == [
        "confirmed",
        "waiting",
        "waiting",
    ]
    with frozen(ASKED + timedelta(hours=1)):
        signups.leave(talk, contact=third)
    assert [state_of(talk, one) for one in (third, second, first)] == [
        None,
        "confirmed",
        "waiting",
    ]


def test_second_registration_sends_the_link_again_and_nothing_else() -> None:
    talk = public_talk()
    sign_up(talk)
    sign_up(talk, at=ASKED + timedelta(minutes=5), email="EVA@Verein.Example")
    assert sent() == ["signup_confirm", "signup_confirm"]
    assert (count(Contact), count(Registration), count(Link)) == (1, 1, 1)
    registered(talk, only_contact(), at=ASKED + timedelta(minutes=6))
    sign_up(talk, at=ASKED + timedelta(minutes=9))
    assert sent()[-1] == "signup_again"
    assert (count(Contact), count(Registration)) == (1, 1)


def test_idn_domain_and_other_case_are_the_same_person() -> None:
    talk = public_talk()
    sign_up(talk, email="eva@müller.example", first_name="Éva")
    sign_up(talk, at=ASKED + timedelta(minutes=5), email="Eva@XN--MLLER-KVA.example")
    assert (count(Contact), count(Registration)) == (1, 1)


def test_double_click_is_one_mail() -> None:
    talk = public_talk()
    sign_up(talk)
    sign_up(talk, at=ASKED + timedelta(seconds=1))
    assert sent() == ["signup_confirm"]


def test_address_gets_three_mails_an_hour_whoever_is_named_and_whatever_talk() -> None:
    talk, other = public_talk(), public_talk()
    for minute in range(0, 40, 4):
        at = ASKED + timedelta(minutes=minute)
        sign_up(talk if minute % 8 else other, at=at, first_name=f"Eva{minute}")
    assert len(sent()) == 3
    assert count(Contact) == 3
    sign_up(talk, at=ASKED + timedelta(minutes=90))
    assert len(sent()) == 4
    sign_up(talk, email="andere@verein.example")
    assert len(sent()) == 5


def test_address_gets_eight_mails_a_day() -> None:
    talk = public_talk()
    for hour in range(20):
        sign_up(talk, at=ASKED + timedelta(hours=hour))
    assert len(sent()) == 8


def test_known_contact_is_used_and_stays_as_it_is() -> None:
    talk = public_talk()
    contact = factories.contact(first_name="Eva", last_name="Kern", email="eva@verein.example")
    sign_up(talk, office="Königin", organisation="Schloss")
    assert count(Contact) == 1
    assert (contact.office, contact.organisation_id) == ("Erste Bürgermeisterin", None)
    assert state_of(talk, contact) == RegistrationState.UNCONFIRMED


def test_other_name_at_a_known_address_is_a_second_person() -> None:
    talk = public_talk()
    contact = factories.contact(first_name="Eva", last_name="Kern", email="eva@verein.example")
    sign_up(talk, first_name="Adam")
    added = db.session.scalars(select(Contact).where(Contact.id != contact.id)).one()
    assert (added.email, added.origin) == (contact.email, Origin.PUBLIC)
    assert state_of(talk, contact) is None


@pytest.mark.parametrize("answer", [Answer.NONE, Answer.DECLINED, Answer.DELEGATED])
def test_invited_person_is_led_to_the_invitation_which_stays(answer: Answer) -> None:
    talk = public_talk()
    contact = factories.contact(first_name="Eva", last_name="Kern", email="eva@verein.example")
    invitation = factories.invitation(talk, contact, answer=answer)
    sign_up(talk)
    assert sent() == ["signup_invited"]
    assert invitation.answer == answer
    assert count(Registration) == 0


def test_unsubscribed_person_may_register_and_stays_unsubscribed() -> None:
    talk = public_talk()
    contact = factories.contact(
        first_name="Eva", last_name="Kern", email="eva@verein.example", unsubscribed_at=now()
    )
    sign_up(talk)
    assert sent() == ["signup_confirm"]
    assert contact.unsubscribed_at is not None


@pytest.mark.parametrize("column", ["retired_at", "erased_at"])
def test_who_left_comes_back_as_somebody_new(column: str) -> None:
    talk = public_talk()
    gone = factories.contact(
        first_name="Eva", last_name="Kern", email="eva@verein.example", **{column: now()}
    )
    sign_up(talk)
    mail = db.session.scalars(select(Mail)).one()
    assert mail.contact_id != gone.id
    assert state_of(talk, gone) is None


def test_refused_person_is_not_undone_by_the_form() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    registered(talk, contact)
    place = registrations.active_registration(talk, contact=contact)
    assert place is not None
    registrations.end(place, state=RegistrationState.REFUSED)
    db.session.commit()
    before = sent()
    sign_up(talk, at=ASKED + timedelta(minutes=5))
    assert sent() == before
    with pytest.raises(RuleError, match="signup_not_valid"):
        registered(talk, contact)


def test_accepting_an_invitation_that_came_later_ends_the_unconfirmed_registration() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    invitation = invitations.invite(talk, contact=contact)
    with frozen(ASKED):
        participation.accept(invitation, mode=Mode.ONLINE)
        assert standing(talk, contact=contact).stand is Stand.CONFIRMED
    states = db.session.scalars(select(Registration.state).order_by(Registration.id)).all()
    assert states == ["cancelled", "confirmed"]


def test_who_registered_is_not_invited_as_well() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    mailing = Mailing(talk=talk, kind="invitation", selection={"contacts": [contact.id]})
    factories.save(mailing)
    assert recipients.recipients(mailing) == [contact]
    registered(talk, contact)
    assert recipients.recipients(mailing) == []


@pytest.mark.parametrize(
    ("values", "at", "code"),
    [
        ({"visibility": Visibility.INVITED}, ASKED, "signup_not_public"),
        ({"state": "draft"}, ASKED, "signup_not_public"),
        ({"state": "cancelled"}, ASKED, "talk_cancelled"),
        ({}, START, "signup_talk_started"),
        ({"registration_closes_at": ASKED}, ASKED, "registration_closed"),
        ({"registration_opens_at": START}, ASKED, "registration_not_open"),
    ],
)
def test_closed_talk_takes_nobody(values: dict[str, Any], at: datetime, code: str) -> None:
    talk = public_talk(**values)
    with frozen(at), pytest.raises(RuleError) as caught:
        signups.sign_up(talk, data(), mode=Mode.ONLINE)
    assert caught.value.code == code
    assert count(Contact) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_name": " \u200b"}, "last_name"),
        ({"last_name": "---"}, "last_name"),
        ({"email": "eva"}, "email"),
        ({"email": "eva@verein.example, b@c.example"}, "email"),
    ],
)
def test_bad_entry_is_named_at_its_field(values: dict[str, str], field: str) -> None:
    talk = public_talk()
    with pytest.raises(RuleError) as caught:
        sign_up(talk, **values)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["Ö", "x" * 60, "<b>Kern</b>"])
def test_names_of_any_length_and_with_signs_are_kept(name: str) -> None:
    talk = public_talk()
    sign_up(talk, last_name=name, first_name=name)
    assert only_contact().last_name == name


def test_side_that_is_not_offered_is_refused() -> None:
    talk = public_talk()
    with pytest.raises(RuleError, match="mode_not_offered"):
        sign_up(talk, mode=Mode.HALL)
    sign_up(public_talk(format=Format.HYBRID), mode=Mode.HALL)
    assert db.session.scalars(select(Registration.mode)).all() == ["hall"]


def test_lapsed_registration_cannot_be_confirmed() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    late = ASKED + signups.TERM
    with frozen(late), pytest.raises(RuleError, match="signup_lapsed"):
        signups.confirm(talk, contact=contact, mode=Mode.ONLINE)
    with frozen(late):
        assert standing(talk, contact=contact).stand is Stand.LAPSED
        assert not delivery.still_wanted(db.session.scalars(select(Mail)).one())


def ended(at: datetime) -> int:
    with frozen(at):
        found = 0
        while lapsed_signups.end_next():
            db.session.commit()
            found += 1
    return found


def test_lapsed_registration_leaves_with_its_contact() -> None:
    talk = public_talk()
    sign_up(talk, organisation="Verein")
    assert ended(ASKED + timedelta(hours=23)) == 0
    assert ended(ASKED + timedelta(hours=24)) == 1
    assert [count(one) for one in (Registration, Contact, Mail, Link, Organisation)] == [0] * 5
    sign_up(talk, at=ASKED + timedelta(hours=25))
    assert sent() == ["signup_confirm"]


def other_talk(contact: Contact) -> None:
    factories.invitation(factories.talk(), contact)


def in_audience(contact: Contact) -> None:
    factories.audience("Presse", [contact])


@pytest.mark.parametrize("hang", [other_talk, in_audience])
def test_lapsed_registration_leaves_a_contact_that_has_more(
    hang: Callable[[Contact], None],
) -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    hang(contact)
    assert ended(ASKED + timedelta(days=2)) == 1
    assert db.session.scalars(select(Contact)).one() == contact
    assert db.session.scalars(select(Registration.state)).one() == "cancelled"
    assert standing(talk, contact=contact).stand is Stand.LAPSED


def test_lapsed_registration_leaves_a_known_contact() -> None:
    contact = factories.contact(first_name="Eva", last_name="Kern", email="eva@verein.example")
    sign_up(public_talk())
    assert ended(ASKED + timedelta(days=2)) == 1
    assert only_contact() == contact


def test_organisation_that_was_there_before_stays() -> None:
    with frozen(ASKED - timedelta(days=9)):
        factories.organisation("Verein")
    sign_up(public_talk(), organisation="verein")
    assert ended(ASKED + timedelta(days=2)) == 1
    assert count(Organisation) == 1


def test_who_left_may_come_back_through_the_same_link() -> None:
    talk = public_talk()
    sign_up(talk)
    contact = only_contact()
    registered(talk, contact)
    with frozen(ASKED):
        signups.leave(talk, contact=contact)
        signups.leave(talk, contact=contact)
        assert standing(talk, contact=contact).stand is Stand.DECLINED
    registered(talk, contact)
    assert state_of(talk, contact) == RegistrationState.CONFIRMED
    assert sent() == ["signup_confirm", "confirmation", "declined", "confirmation"]


def test_cancelled_talk_tells_who_confirmed_and_nobody_else() -> None:
    talk = public_talk()
    sign_up(talk)
    sign_up(talk, email="zwei@verein.example")
    registered(talk, db.session.scalars(select(Contact).order_by(Contact.id)).first())  # type: ignore[arg-type]
    assert participation.tell_cancelled(talk) == 1
    assert sent().count("cancelled") == 1
    active = select(func.count()).where(Registration.state != "cancelled")
    assert db.session.scalar(active) == 0


def test_stranger_can_neither_confirm_nor_leave() -> None:
    talk, contact = public_talk(), factories.contact()
    with frozen(ASKED):
        for act in (
            lambda: signups.confirm(talk, contact=contact, mode=Mode.ONLINE),
            lambda: signups.leave(talk, contact=contact),
        ):
            with pytest.raises(RuleError, match="invitation_withdrawn"):
                act()
