"""A deputy that a calendar named: enacted by an organiser under the rules for deputies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from webinar.clock import now
from webinar.domain import inbox_delegations, participation, registrations
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    InboxKind,
    InboxMessage,
    InboxState,
    Invitation,
    Mode,
    Outcome,
    RegistrationState,
    Suggestion,
)

PERSON = ContactData(last_name="Weiß", first_name="Jonas", email="bauamt@gemeinde.example")


def asks(invitation: Invitation, **values: object) -> InboxMessage:
    row = InboxMessage(
        **{
            "fingerprint": f"{db.session.query(InboxMessage).count():064}",
            "kind": InboxKind.REPLY,
            "state": InboxState.WAITING,
            "outcome": Outcome.DELEGATED,
            "suggestion": Suggestion.DELEGATE,
            "contact": invitation.contact,
            "talk": invitation.talk,
            "details": {"delegated_to": "Bauamt@gemeinde.example"},
            **values,
        }
    )
    factories.save(row)
    return row


@pytest.fixture
def asked(app: Flask) -> Invitation:
    return factories.invitation(factories.talk(), factories.contact())


def test_deputy_takes_the_place_also_after_registration_closed(
    asked: Invitation, organiser: Account
) -> None:
    participation.accept(asked, mode=Mode.ONLINE)
    asked.talk.registration_closes_at = now() - timedelta(hours=1)
    message = asks(asked)
    inbox_delegations.enact(message, person=PERSON, mode=Mode.ONLINE, by=organiser)
    db.session.commit()
    assert asked.answer == Answer.DELEGATED
    assert (message.state, message.account) == (InboxState.DONE, organiser)
    deputy = inbox_delegations.meant(message).contact
    assert deputy is not None
    place = registrations.active_registration(asked.talk, contact=deputy)
    assert place is not None
    assert place.state == RegistrationState.CONFIRMED


def test_second_organiser_is_told(asked: Invitation, organiser: Account) -> None:
    message = asks(asked)
    inbox_delegations.enact(message, person=PERSON, mode=Mode.ONLINE, by=organiser)
    assert not inbox_delegations.can_enact(message)
    with pytest.raises(RuleError, match="inbox_done_already"):
        inbox_delegations.enact(message, person=PERSON, mode=Mode.ONLINE, by=organiser)


def test_whom_the_calendar_means_is_known_if_one_person_is_there(asked: Invitation) -> None:
    message = asks(asked)
    assert inbox_delegations.meant(message).contact is None
    known = factories.contact(email="bauamt@gemeinde.example")
    assert inbox_delegations.meant(message).contact is known
    factories.contact(email="bauamt@gemeinde.example")
    assert inbox_delegations.meant(message).contact is None
    message.details = {"delegated_to": "keine Adresse"}
    assert inbox_delegations.meant(message).address == "keine Adresse"


def test_only_what_waits_and_can_still_be_done_is_offered(asked: Invitation) -> None:
    assert inbox_delegations.can_enact(asks(asked))
    assert not inbox_delegations.can_enact(asks(asked, state=InboxState.DONE))
    assert not inbox_delegations.can_enact(asks(asked, suggestion=Suggestion.ACCEPT))
    assert not inbox_delegations.can_enact(asks(asked, contact=None))
    assert not inbox_delegations.can_enact(asks(asked, talk=None))
    asked.talk.starts_at = now() - timedelta(minutes=1)
    db.session.commit()
    assert not inbox_delegations.can_enact(asks(asked))
