"""People who leave office hold no place at a coming talk; the past stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import contacts, departures, invitations, participation, registrations
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Talk,
)


def coming(talk: Talk, **values: Any) -> tuple[Contact, Registration]:
    """Somebody who accepted."""
    contact = factories.contact(**values)
    registration = participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    return contact, registration


def test_place_of_who_left_goes_to_the_next_in_line(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    leaving, place = coming(talk)
    _, second = coming(talk)
    _, third = coming(talk)
    assert second.state == RegistrationState.WAITING
    contacts.retire(leaving, by=organiser)
    assert departures.free_places(by=organiser) == 1
    db.session.commit()
    assert place.state == RegistrationState.CANCELLED
    assert second.state == RegistrationState.CONFIRMED
    assert third.state == RegistrationState.WAITING
    assert registrations.taken(talk, Mode.ONLINE) == 1
    invitation = invitations.invitation_of(talk, contact=leaving)
    assert invitation is not None
    assert invitation.answer == Answer.WITHDRAWN


def test_only_who_moves_up_is_mailed(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    leaving, _ = coming(talk)
    promoted, _ = coming(talk)
    before = len(db.session.scalars(select(Mail)).all())
    contacts.retire(leaving, by=organiser)
    departures.free_places(by=organiser)
    db.session.commit()
    mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()[before:]
    assert [(mail.template, mail.contact_id) for mail in mails] == [("confirmation", promoted.id)]


def test_waiting_place_is_given_up_too_and_nobody_retired_moves_up(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    (first, _), (second, waiting), (_, third) = (coming(talk) for _ in range(3))
    for contact in (first, second):
        contacts.retire(contact, by=organiser)
    assert departures.free_places(by=organiser) == 2
    db.session.commit()
    assert waiting.state == RegistrationState.CANCELLED
    assert third.state == RegistrationState.CONFIRMED


@pytest.mark.parametrize("minutes", [0, 200])
def test_talks_that_have_begun_keep_what_was(organiser: Account, minutes: int) -> None:
    talk = factories.talk()
    leaving, place = coming(talk)
    with frozen(talk.starts_at + timedelta(minutes=minutes)):
        contacts.retire(leaving, by=organiser)
        assert departures.free_places(by=organiser) == 0
    assert place.state == RegistrationState.CONFIRMED
    invitation = invitations.invitation_of(talk, contact=leaving)
    assert invitation is not None
    assert invitation.answer == Answer.ACCEPTED


def test_several_talks_are_freed_at_once_and_repeating_frees_nothing(organiser: Account) -> None:
    leaving, _ = coming(factories.talk())
    other = factories.talk(starts_at=now() + timedelta(days=40))
    participation.accept(factories.invitation(other, leaving), mode=Mode.ONLINE)
    staying, kept = coming(other)
    contacts.retire(leaving, by=organiser)
    assert departures.free_places(by=organiser) == 2
    assert departures.free_places(by=organiser) == 0
    db.session.commit()
    assert staying.active
    assert kept.state == RegistrationState.CONFIRMED


def test_each_place_given_up_leaves_a_line(app: Flask, organiser: Account) -> None:
    leaving, place = coming(factories.talk())
    contacts.retire(leaving, by=organiser)
    departures.free_places(by=organiser)
    db.session.commit()
    query = select(AuditEntry).where(AuditEntry.action == "registration.ended")
    entry = db.session.scalars(query).one()
    assert (entry.record_id, entry.account_id) == (place.id, organiser.id)
    assert entry.changes == {"state": ["confirmed", "cancelled"]}


def test_who_comes_back_can_be_invited_and_accept_again(organiser: Account) -> None:
    talk = factories.talk()
    leaving, _ = coming(talk)
    contacts.retire(leaving, by=organiser)
    departures.free_places(by=organiser)
    contacts.reactivate(leaving, by=organiser)
    invitation = invitations.invite(talk, contact=leaving)
    invitations.set_answer(invitation, Answer.NONE)
    db.session.commit()
    again = participation.accept(invitation, mode=Mode.ONLINE)
    db.session.commit()
    assert again.state == RegistrationState.CONFIRMED
