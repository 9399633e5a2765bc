"""Naming a deputy, taking it back, and what the answers of both do to the asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    askings,
    contact_merges,
    contacts,
    delivery,
    departures,
    deputies,
    invitations,
    participation,
    registrations,
    talks,
)
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    AuditEntry,
    Contact,
    Deputy,
    Invitation,
    Mail,
    Mode,
    Origin,
    Registration,
    RegistrationState,
    Source,
    Talk,
    TalkState,
)

S = RegistrationState
pytestmark = pytest.mark.usefixtures("app")
PERSON = ContactData(
    form="herr", first_name="Jonas", last_name="Weiß", office="Zweiter Bürgermeister",
    email="Jonas.Weiss@Gemeinde.example",
)  # fmt: skip


def person_of(contact: Contact) -> ContactData:
    return ContactData(
        first_name=contact.first_name, last_name=contact.last_name, email=contact.email
    )


def invited(talk: Talk, **values: object) -> Invitation:
    return factories.invitation(talk, factories.contact(**values))


def coming(talk: Talk, mode: Mode = Mode.ONLINE, **values: object) -> Invitation:
    row = invited(talk, **values)
    participation.accept(row, mode=mode)
    db.session.commit()
    return row


def name(invitation: Invitation, person: ContactData = PERSON, **more: object) -> Invitation:
    """Name the person; returns the deputy's invitation."""
    asking = deputies.name_deputy(invitation, person=person, **more)  # type: ignore[arg-type]
    db.session.commit()
    return asking.deputy_invitation


def take_back(invitation: Invitation) -> None:
    deputies.take_back(invitation)
    db.session.commit()


def decline(invitation: Invitation) -> None:
    participation.decline(invitation)
    db.session.commit()


def stand(invitation: Invitation) -> tuple[str, str | None]:
    place = registrations.active_registration(invitation.talk, contact=invitation.contact)
    return invitation.answer, None if place is None else place.state


def place(invitation: Invitation) -> Registration:
    found = registrations.active_registration(invitation.talk, contact=invitation.contact)
    assert found is not None
    return found


def told(contact: Contact) -> list[tuple[str, str | None]]:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return [(row.template, row.calendar_method) for row in db.session.scalars(query)]


def refused(code: str, invitation: Invitation, person: ContactData = PERSON) -> str | None:
    """That naming is refused with the code; returns the field."""
    before = db.session.scalar(select(func.count(Contact.id)))
    with pytest.raises(RuleError) as problem:
        deputies.name_deputy(invitation, person=person)
    db.session.rollback()
    assert problem.value.code == code
    assert db.session.scalar(select(func.count(Contact.id))) == before
    return problem.value.field


def test_place_passes_to_a_new_contact_and_both_are_told() -> None:
    organisation = factories.organisation("Gemeinde Musterort")
    inviter = coming(
        factories.talk(places_online=1), organisation_id=organisation.id, language="en"
    )
    held = place(inviter)
    deputy = name(inviter)
    assert stand(inviter) == (Answer.DELEGATED, None)
    assert stand(deputy) == (Answer.ACCEPTED, S.CONFIRMED)
    passed = place(deputy)
    assert (passed.source, passed.queued_at, passed.confirmed_at) == (
        Source.DEPUTY,
        held.queued_at,
        held.confirmed_at,
    )
    contact = deputy.contact
    assert (contact.email, contact.last_name) == ("jonas.weiss@gemeinde.example", "Weiß")
    assert (contact.origin, contact.organisation, contact.language, contact.audiences) == (
        Origin.DEPUTY,
        organisation,
        "en",
        [],
    )
    assert told(contact) == [("deputy", "REQUEST")]
    assert told(inviter.contact)[-1] == ("delegated", "CANCEL")


def test_waiting_place_passes_with_its_turn() -> None:
    talk = factories.talk(places_online=1)
    first, inviter, third = (coming(talk) for _ in range(3))
    queued = place(inviter).queued_at
    deputy = name(inviter)
    assert stand(deputy) == (Answer.ACCEPTED, S.WAITING)
    assert place(deputy).queued_at == queued
    assert told(deputy.contact) == [("deputy", None)]
    assert told(inviter.contact)[-1] == ("delegated", None)
    decline(first)
    assert stand(deputy)[1] == S.CONFIRMED
    assert stand(third)[1] == S.WAITING


def test_place_and_wish_for_the_other_side_pass_together() -> None:
    talk = factories.talk(format="hybrid", places_hall=1)
    coming(talk, Mode.HALL)
    inviter = coming(talk)
    participation.accept(inviter, mode=Mode.HALL)
    deputy = name(inviter)
    assert (place(deputy).mode, place(deputy).wanted_mode) == (Mode.ONLINE, Mode.HALL)


def test_without_a_place_the_deputy_is_registered() -> None:
    talk = factories.talk(format="hybrid", places_hall=1)
    inviter, late = invited(talk), invited(talk)
    deputy = name(inviter, mode=Mode.HALL)
    assert (place(deputy).mode, place(deputy).state) == (Mode.HALL, S.CONFIRMED)
    assert told(inviter.contact) == [("delegated", None)]
    other = name(late, ContactData(last_name="Ott", email="ott@gemeinde.example"), mode=Mode.HALL)
    assert stand(other) == (Answer.ACCEPTED, S.WAITING)


def test_who_declined_can_send_a_deputy() -> None:
    inviter = invited(factories.talk())
    decline(inviter)
    assert stand(name(inviter))[1] == S.CONFIRMED
    assert inviter.answer == Answer.DELEGATED


def test_known_person_is_found_by_address_and_name_and_keeps_their_data() -> None:
    inviter = coming(factories.talk())
    known = factories.contact(
        first_name="Jonas", last_name="Weiss", email="jonas.weiss@gemeinde.example", office="Leiter"
    )
    assert name(inviter).contact == known
    assert (known.office, known.last_name, known.origin) == ("Leiter", "Weiss", Origin.MANUAL)


def test_second_person_at_the_same_address_is_somebody_else() -> None:
    inviter = coming(factories.talk(), email="rathaus@gemeinde.example")
    deputy = name(inviter, ContactData(last_name="Ott", email="rathaus@gemeinde.example"))
    assert deputy.contact_id != inviter.contact_id
    assert deputy.contact.email == inviter.contact.email


def test_invited_deputy_keeps_the_one_invitation() -> None:
    talk = factories.talk()
    inviter, other = coming(talk), invited(talk)
    deputy = name(inviter, person_of(other.contact))
    assert deputy == other
    assert stand(other) == (Answer.ACCEPTED, S.CONFIRMED)
    assert db.session.scalars(select(Deputy)).one().invited_before
    take_back(inviter)
    assert stand(other) == (Answer.NONE, None)
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)


def test_deputy_with_an_own_place_frees_the_inviters_for_the_next() -> None:
    talk = factories.talk(places_online=2)
    inviter, other, waiting = (coming(talk) for _ in range(3))
    own = place(other)
    name(inviter, person_of(other.contact))
    assert place(other) == own
    assert stand(waiting) == (Answer.ACCEPTED, S.CONFIRMED)
    assert told(other.contact) == [("confirmation", "REQUEST"), ("deputy", "REQUEST")]
    take_back(inviter)
    assert stand(inviter) == (Answer.NONE, None)
    assert place(other) == own
    assert told(other.contact)[-1] == ("deputy_ended", None)
    assert told(inviter.contact)[-1] == ("reopened", None)


def test_deputy_who_waits_gets_the_place_and_on_taking_back_the_old_turn() -> None:
    talk = factories.talk(places_online=1)
    inviter, other, behind = (coming(talk) for _ in range(3))
    queued = place(other).queued_at
    name(inviter, person_of(other.contact))
    assert stand(other) == (Answer.ACCEPTED, S.CONFIRMED)
    take_back(inviter)
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)
    assert stand(other) == (Answer.ACCEPTED, S.WAITING)
    assert place(other).queued_at == queued
    assert [row.contact_id for row in registrations.queue(talk, Mode.ONLINE)] == [
        other.contact_id,
        behind.contact_id,
    ]
    assert told(other.contact)[-2:] == [("deputy_ended", "CANCEL"), ("waiting", None)]


@pytest.mark.parametrize("act", ["take_back", "accept"])
def test_place_comes_back_to_the_inviter(act: str) -> None:
    talk = factories.talk(places_online=1)
    inviter = coming(talk)
    waiting = coming(talk)
    deputy = name(inviter)
    if act == "take_back":
        take_back(inviter)
    else:
        participation.accept(inviter, mode=Mode.ONLINE)
        db.session.commit()
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)
    assert stand(deputy) == (Answer.WITHDRAWN, None)
    assert stand(waiting) == (Answer.ACCEPTED, S.WAITING)
    assert told(deputy.contact) == [("deputy", "REQUEST"), ("deputy_ended", "CANCEL")]
    assert told(inviter.contact)[-2:] == [("delegated", "CANCEL"), ("confirmation", "REQUEST")]


def test_place_got_for_the_deputy_goes_to_the_next_unless_the_inviter_accepts() -> None:
    talk = factories.talk(places_online=1)
    inviter = invited(talk)
    name(inviter)
    waiting = coming(talk)
    take_back(inviter)
    assert stand(inviter) == (Answer.NONE, None)
    assert stand(waiting) == (Answer.ACCEPTED, S.CONFIRMED)
    decline(waiting)
    name(inviter)
    waiting = coming(talk)
    participation.accept(inviter, mode=Mode.ONLINE)
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)
    assert stand(waiting) == (Answer.ACCEPTED, S.WAITING)


def test_declining_inviter_sends_nobody() -> None:
    talk = factories.talk(places_online=1)
    inviter, waiting = coming(talk), coming(talk)
    deputy = name(inviter)
    decline(inviter)
    assert stand(inviter) == (Answer.DECLINED, None)
    assert stand(deputy) == (Answer.WITHDRAWN, None)
    assert stand(waiting)[1] == S.CONFIRMED
    assert told(deputy.contact)[-1] == ("deputy_ended", "CANCEL")
    assert told(inviter.contact)[-1] == ("declined", None)


def test_declining_deputy_leaves_the_answer_to_the_inviter_and_the_place_to_the_next() -> None:
    talk = factories.talk(places_online=1)
    inviter, waiting = coming(talk), coming(talk)
    deputy = name(inviter)
    decline(deputy)
    assert stand(inviter) == (Answer.NONE, None)
    assert stand(deputy) == (Answer.DECLINED, None)
    assert stand(waiting)[1] == S.CONFIRMED
    assert told(deputy.contact)[-1] == ("declined", "CANCEL")
    assert told(inviter.contact)[-1] == ("reopened", None)
    assert askings.sent_by(inviter) is None
    participation.accept(inviter, mode=Mode.ONLINE)
    assert stand(inviter)[1] == S.WAITING


def test_repeating_changes_nothing_and_another_person_is_refused() -> None:
    inviter = coming(factories.talk())
    deputy = name(inviter)
    mails = db.session.scalar(select(func.count(Mail.id)))
    assert name(inviter) == deputy
    assert db.session.scalar(select(func.count(Mail.id))) == mails
    refused("deputy_named_already", inviter, ContactData(last_name="Ott", email="o@a.example"))
    take_back(inviter)
    mails = db.session.scalar(select(func.count(Mail.id)))
    take_back(inviter)
    assert db.session.scalar(select(func.count(Mail.id))) == mails


def test_naming_and_taking_back_again_and_again_tells_each_time() -> None:
    inviter = coming(factories.talk())
    for _ in range(2):
        deputy = name(inviter)
        take_back(inviter)
    assert [row for row, _ in told(deputy.contact)] == ["deputy", "deputy_ended"] * 2
    query = select(Mail.calendar_sequence).where(Mail.contact_id == deputy.contact_id)
    assert list(db.session.scalars(query.order_by(Mail.id))) == [0, 1, 2, 3]


def test_number_of_deputies_one_after_the_other_is_limited() -> None:
    inviter = coming(factories.talk())
    for number in range(deputies.MOST):
        name(inviter, ContactData(last_name=f"Ott{number}", email=f"ott{number}@a.example"))
        take_back(inviter)
    refused("deputies_too_many", inviter)
    assert name(inviter, by=factories.account()).answer == Answer.ACCEPTED


def test_deputy_cannot_delegate_further() -> None:
    inviter = coming(factories.talk())
    other = ContactData(last_name="Ott", email="ott@a.example")
    refused("deputy_cannot_delegate", name(inviter), other)


def test_nobody_is_named_who_cannot_come_instead() -> None:
    talk = factories.talk()
    inviter = coming(talk)
    declined, sending, gone = invited(talk), coming(talk), invited(talk)
    decline(declined)
    comes_for_another = name(sending)
    gone.answer = Answer.WITHDRAWN
    retired = factories.contact(retired_at=now())
    db.session.commit()
    for other in (declined, sending, comes_for_another, gone):
        assert refused("deputy_not_free", inviter, person_of(other.contact)) == "last_name"
    assert refused("deputy_retired", inviter, person_of(retired)) == "email"
    assert refused("deputy_is_oneself", inviter, person_of(inviter.contact)) == "last_name"
    assert declined.answer == Answer.DECLINED
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"email": "kein@"}, "address_domain", "email"),
        ({"email": ""}, "address_missing", "email"),
        ({"last_name": " "}, "last_name_missing", "last_name"),
    ],
)
def test_bad_data_are_refused_at_their_field(values: dict[str, str], code: str, field: str) -> None:
    given = {"last_name": "Weiß", "email": "weiss@a.example", **values}
    assert refused(code, coming(factories.talk()), ContactData(**given)) == field


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state": TalkState.CANCELLED}, "talk_cancelled"),
        ({"starts_at": now() - timedelta(minutes=1)}, "talk_started"),
        ({"registration_closes_at": now()}, "registration_closed"),
        ({"registration_opens_at": now() + timedelta(days=1)}, "registration_not_open"),
    ],
)
def test_talk_says_whether_a_deputy_can_be_named(values: dict[str, object], code: str) -> None:
    refused(code, invited(factories.talk(**values)))


def test_place_passes_and_returns_after_the_closing_time_but_not_after_the_start() -> None:
    talk = factories.talk()
    inviter = coming(talk)
    talk.registration_closes_at = now()
    db.session.commit()
    name(inviter)
    take_back(inviter)
    assert stand(inviter)[1] == S.CONFIRMED
    name(inviter)
    with frozen(talk.starts_at), pytest.raises(RuleError, match="talk_started"):
        deputies.take_back(inviter)


def test_withdrawn_invitation_and_retired_inviter_name_nobody() -> None:
    talk = factories.talk()
    withdrawn, retired = invited(talk), invited(talk, retired_at=now())
    withdrawn.answer = Answer.WITHDRAWN
    db.session.commit()
    refused("invitation_withdrawn", withdrawn)
    refused("contact_retired", retired)


def test_unsubscribed_person_is_told_that_a_colleague_asks() -> None:
    inviter = coming(factories.talk())
    known = factories.contact(unsubscribed_at=now())
    name(inviter, person_of(known))
    assert told(known) == [("deputy", "REQUEST")]
    assert delivery.still_wanted(db.session.scalars(select(Mail).order_by(Mail.id.desc())).all()[1])


def test_office_names_a_deputy_after_the_closing_time_and_without_mail() -> None:
    by = factories.account()
    inviter = invited(factories.talk(registration_closes_at=now()))
    deputy = name(inviter, by=by, notify=False)
    assert stand(deputy) == (Answer.ACCEPTED, S.CONFIRMED)
    deputies.take_back(inviter, by=by, notify=False)
    db.session.commit()
    assert db.session.scalar(select(func.count(Mail.id))) == 0
    query = select(AuditEntry).where(AuditEntry.action == "invitation.answered")
    lines = db.session.scalars(query.order_by(AuditEntry.id)).all()
    assert [(line.record_id, line.changes["answer"]) for line in lines] == [
        (inviter.id, ["none", "delegated"]),
        (inviter.id, ["delegated", "none"]),
    ]
    assert {line.account_id for line in lines} == {by.id}


def test_mails_lose_their_cause_when_the_asking_ends() -> None:
    inviter = coming(factories.talk())
    deputy = name(inviter)
    query = select(Mail).where(Mail.template == "deputy")
    asked = db.session.scalars(query).one()
    assert delivery.still_wanted(asked)
    decline(deputy)
    open_again = db.session.scalars(select(Mail).where(Mail.template == "reopened")).one()
    assert not delivery.still_wanted(asked)
    assert delivery.still_wanted(open_again)
    participation.accept(inviter, mode=Mode.ONLINE)
    assert not delivery.still_wanted(open_again)


def test_retired_deputy_is_reported_to_the_inviter() -> None:
    talk = factories.talk(places_online=1)
    inviter, waiting = coming(talk), coming(talk)
    deputy = name(inviter)
    by = factories.account()
    contacts.retire(deputy.contact, by=by)
    departures.free_places(by=by)
    db.session.commit()
    assert stand(inviter) == (Answer.NONE, None)
    assert stand(deputy) == (Answer.WITHDRAWN, None)
    assert stand(waiting)[1] == S.CONFIRMED
    assert told(inviter.contact)[-1] == ("reopened", None)


def test_inviter_who_leaves_office_leaves_the_deputy_the_place() -> None:
    inviter = coming(factories.talk())
    deputy = name(inviter)
    by = factories.account()
    contacts.retire(inviter.contact, by=by)
    departures.free_places(by=by)
    db.session.commit()
    assert stand(deputy) == (Answer.ACCEPTED, S.CONFIRMED)
    decline(deputy)
    assert askings.sent_by(inviter) is None


def test_merged_deputy_still_stands_in_for_the_inviter() -> None:
    talk = factories.talk()
    inviter = coming(talk)
    deputy = name(inviter)
    kept = factories.contact()
    contact_merges.merge(kept, deputy.contact, by=factories.account())
    db.session.commit()
    assert deputy.contact == kept
    assert stand(deputy) == (Answer.ACCEPTED, S.CONFIRMED)
    take_back(inviter)
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)
    assert stand(deputy) == (Answer.WITHDRAWN, None)


def test_two_rows_of_one_person_merge_once_the_evening_with_the_deputy_is_over() -> None:
    talk = factories.talk()
    inviter = coming(talk)
    deputy = name(inviter)
    by = factories.account()
    with pytest.raises(RuleError, match="merge_deputy"):
        contact_merges.review(inviter.contact, deputy.contact)
    with frozen(talk.ends_at + timedelta(days=1)):
        contact_merges.merge(inviter.contact, deputy.contact, by=by)
        db.session.commit()
    assert stand(inviter) == (Answer.ACCEPTED, S.CONFIRMED)


def test_cancelled_talk_reaches_the_deputy_and_not_the_inviter() -> None:
    talk = factories.talk()
    inviter = coming(talk)
    deputy = name(inviter)
    talks.cancel(talk, reason="", by=factories.account())
    db.session.commit()
    assert told(deputy.contact)[-1] == ("cancelled", "CANCEL")
    assert told(inviter.contact)[-1] == ("delegated", "CANCEL")


def test_withdrawn_deputy_can_be_named_again_by_somebody_else() -> None:
    talk = factories.talk()
    first, second = coming(talk), coming(talk)
    deputy = name(first)
    take_back(first)
    assert name(second) == deputy
    assert invitations.invitation_of(talk, contact=deputy.contact) == deputy
