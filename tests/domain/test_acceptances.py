"""Accepting a whole series: the coming evenings, those published later, and leaving it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    acceptances,
    contact_merges,
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
    Contact,
    Mail,
    Mode,
    RegistrationState,
    Series,
    SeriesAcceptance,
    Source,
    Talk,
    TalkState,
)

S = RegistrationState
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def series() -> Series:
    return factories.series()


def accept(series: Series, contact: Contact, mode: Mode = Mode.ONLINE) -> SeriesAcceptance:
    found = acceptances.accept_series(series, contact=contact, mode=mode)
    db.session.commit()
    return found


def draft(series: Series, **values: Any) -> Talk:
    return factories.talk(series=series, state=TalkState.DRAFT, published_at=None, **values)


def publish(talk: Talk) -> None:
    talks.publish(talk, by=factories.account())
    db.session.commit()


def stand(talk: Talk, contact: Contact) -> tuple[str | None, str | None, str | None]:
    """Answer, state and side of the place."""
    invitation = invitations.invitation_of(talk, contact=contact)
    place = registrations.active_registration(talk, contact=contact)
    answer = None if invitation is None else invitation.answer
    return answer, place and place.state, place and place.mode


def told(contact: Contact) -> list[tuple[str, str | None]]:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return [(row.template, row.calendar_method) for row in db.session.scalars(query)]


def test_every_coming_evening_is_confirmed_or_queued_with_its_mail(series: Series) -> None:
    contact = factories.contact()
    free, full = factories.talk(series=series), factories.talk(series=series, places_online=0)
    others = [
        factories.talk(series=series, starts_at=now() - timedelta(days=1)),
        factories.talk(series=series, state=TalkState.CANCELLED),
        draft(series),
        factories.talk(),
    ]
    factories.invitation(free, contact)
    accept(series, contact)
    assert stand(free, contact) == (Answer.ACCEPTED, S.CONFIRMED, Mode.ONLINE)
    assert stand(full, contact) == (Answer.ACCEPTED, S.WAITING, Mode.ONLINE)
    assert [stand(talk, contact) for talk in others] == [(None, None, None)] * 4
    assert told(contact) == [
        ("confirmation", "REQUEST"),
        ("waiting", None),
        ("series_accepted", None),
    ]
    mail = db.session.scalars(
        select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    ).first()
    assert mail is not None
    assert mail.params["reason"] == "series"
    place = registrations.active_registration(free, contact=contact)
    assert place is not None
    assert place.source == Source.SERIES


def test_single_evenings_that_were_settled_stay_as_they_are(series: Series) -> None:
    contact = factories.contact()
    declined, delegated, withdrawn, held = (factories.talk(series=series) for _ in range(4))
    rows = {talk: factories.invitation(talk, contact) for talk in (declined, delegated, held)}
    factories.invitation(withdrawn, contact, answer=Answer.WITHDRAWN)
    participation.decline(rows[declined])
    deputies.name_deputy(rows[delegated], person=ContactData(last_name="Ott", email="o@a.example"))
    participation.accept(rows[held], mode=Mode.ONLINE)
    db.session.commit()
    before = len(told(contact))
    accept(series, contact)
    assert stand(declined, contact) == (Answer.DECLINED, None, None)
    assert stand(delegated, contact) == (Answer.DELEGATED, None, None)
    assert stand(withdrawn, contact) == (Answer.WITHDRAWN, None, None)
    assert stand(held, contact) == (Answer.ACCEPTED, S.CONFIRMED, Mode.ONLINE)
    assert told(contact)[before:] == [("series_accepted", None)]


def test_hours_of_registration_bind_when_accepting_and_the_mail_names_the_evening(
    series: Series,
) -> None:
    contact = factories.contact()
    early = factories.talk(series=series, registration_opens_at=now() + timedelta(days=1))
    late = factories.talk(series=series, registration_closes_at=now())
    accept(series, contact)
    assert stand(early, contact) == stand(late, contact) == (None, None, None)
    mail = db.session.scalars(select(Mail)).one()
    assert mail.params["closed"] == [early.id, late.id]


def test_talk_published_later_takes_everybody_in_the_order_of_acceptance(series: Series) -> None:
    first, second, third = (factories.contact() for _ in range(3))
    for contact in (second, first, third):
        accept(series, contact)
    talk = draft(series, places_online=2)
    publish(talk)
    assert [stand(talk, contact)[1] for contact in (first, second, third)] == [
        S.CONFIRMED,
        S.CONFIRMED,
        S.WAITING,
    ]
    assert told(third)[-1] == ("waiting", None)
    assert told(first)[-1] == ("confirmation", "REQUEST")


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ({"format": "hybrid", "venue": "Saal"}, Mode.HALL),
        ({"format": "on_site", "venue": "Saal"}, Mode.HALL),
        ({"format": "online"}, Mode.ONLINE),
    ],
)
def test_side_wanted_counts_where_the_evening_offers_it(
    series: Series, values: dict[str, Any], mode: Mode
) -> None:
    contact = factories.contact()
    accept(series, contact, Mode.HALL)
    talk = draft(series, **values)
    publish(talk)
    assert stand(talk, contact) == (Answer.ACCEPTED, S.CONFIRMED, mode)


def test_new_talk_before_its_opening_time_counts_after_its_closing_time_not(
    series: Series,
) -> None:
    contact = factories.contact()
    accept(series, contact)
    early = draft(series, registration_opens_at=now() + timedelta(days=1))
    late = draft(series, registration_closes_at=now() - timedelta(minutes=1))
    publish(early)
    publish(late)
    assert stand(early, contact)[1] == S.CONFIRMED
    assert stand(late, contact) == (None, None, None)


def test_retired_erased_and_unsubscribed_people_are_not_registered(series: Series) -> None:
    retired, erased, unsubscribed = people = [factories.contact() for _ in range(3)]
    for contact in people:
        accept(series, contact)
    retired.retired_at = erased.erased_at = unsubscribed.unsubscribed_at = now()
    db.session.commit()
    talk = draft(series)
    publish(talk)
    assert [stand(talk, contact) for contact in people] == [(None, None, None)] * 3
    assert acceptances.counts([series]) == {series.id: 1}
    unsubscribed.unsubscribed_at = None
    db.session.commit()
    later = draft(series)
    publish(later)
    assert stand(later, unsubscribed)[1] == S.CONFIRMED


def test_who_gets_no_invitations_cannot_accept_and_neither_can_who_left(series: Series) -> None:
    for values, code in (
        ({"unsubscribed_at": now()}, "series_unsubscribed"),
        ({"retired_at": now()}, "contact_retired"),
    ):
        with pytest.raises(RuleError, match=code):
            accept(series, factories.contact(**values))
        db.session.rollback()
    assert db.session.scalars(select(SeriesAcceptance)).all() == []


def test_accepting_twice_tells_once_and_keeps_the_order(series: Series) -> None:
    contact = factories.contact()
    factories.talk(series=series)
    first = accept(series, contact)
    mails = told(contact)
    again = accept(series, contact, Mode.HALL)
    assert (again, again.mode, told(contact)) == (first, Mode.HALL, mails)


def test_single_evening_can_be_declined_without_leaving(series: Series) -> None:
    contact = factories.contact()
    talk = factories.talk(series=series)
    accept(series, contact)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.decline(invitation)
    db.session.commit()
    accept(series, contact)
    assert stand(talk, contact) == (Answer.DECLINED, None, None)
    later = draft(series)
    publish(later)
    assert stand(later, contact)[1] == S.CONFIRMED


@pytest.mark.parametrize("with_places", [False, True])
def test_leaving_keeps_places_unless_asked(series: Series, with_places: bool) -> None:
    contact = factories.contact()
    own = factories.talk(series=series)
    participation.accept(factories.invitation(own, contact), mode=Mode.ONLINE)
    talk = factories.talk(series=series)
    accept(series, contact)
    acceptances.leave_series(series, contact=contact, with_places=with_places)
    db.session.commit()
    assert stand(own, contact)[1] == S.CONFIRMED
    assert stand(talk, contact)[1] == (None if with_places else S.CONFIRMED)
    assert told(contact)[-1] == ("series_left", None)
    mails = told(contact)
    acceptances.leave_series(series, contact=contact)
    assert told(contact) == mails
    later = draft(series)
    publish(later)
    assert stand(later, contact) == (None, None, None)


def test_place_by_series_moves_and_ends_with_the_talk(series: Series) -> None:
    contact = factories.contact()
    accept(series, contact)
    talk = draft(series)
    publish(talk)
    talk.starts_at += timedelta(hours=1)
    talk.ends_at += timedelta(hours=1)
    participation.tell_moved(talk, revision=2)
    talks.cancel(talk, reason="", by=factories.account())
    db.session.commit()
    assert told(contact)[-3:] == [
        ("confirmation", "REQUEST"),
        ("moved", "REQUEST"),
        ("cancelled", "CANCEL"),
    ]
    assert stand(talk, contact)[1] is None


def test_outlook_says_what_accepting_would_do(series: Series) -> None:
    contact = factories.contact()
    joins, held, declined = (factories.talk(series=series) for _ in range(3))
    closed = factories.talk(series=series, registration_closes_at=now())
    participation.accept(factories.invitation(held, contact), mode=Mode.ONLINE)
    participation.decline(factories.invitation(declined, contact))
    db.session.commit()
    found = acceptances.outlook(series, contact=contact)
    assert (found.joins, found.held, found.settled, found.closed) == (
        [joins],
        [held],
        [declined],
        [closed],
    )
    held.places_online, joins.places_online = 1, 0
    db.session.commit()
    accept(series, contact)
    found = acceptances.outlook(series, contact=contact)
    assert (found.joins, found.held, found.waiting) == ([], [held], [joins])


def test_merged_person_accepted_the_series_once(series: Series) -> None:
    kept, other = factories.contact(), factories.contact()
    accept(series, kept)
    accept(series, other)
    contact_merges.merge(kept, other, by=factories.account())
    db.session.commit()
    assert acceptances.counts([series]) == {series.id: 1}
    talk = draft(series)
    publish(talk)
    assert stand(talk, kept)[1] == S.CONFIRMED
    assert stand(talk, other) == (None, None, None)


def test_nothing_happens_to_a_talk_that_is_published_after_its_start(series: Series) -> None:
    contact = factories.contact()
    accept(series, contact)
    talk = draft(series)
    with frozen(talk.starts_at):
        assert acceptances.registered_by_series(talk) == []
