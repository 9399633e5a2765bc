"""Writing mails into the outbox: one per cause, moves by the table, causes checked."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from webinar.clock import now
from webinar.domain import delivery, mail
from webinar.domain.mail import MOVES, CalendarPart
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Mail, MailState


def test_same_cause_never_produces_two_mails(app: Flask) -> None:
    contact = factories.contact()
    assert mail.to_contact("declined", contact, key="answer:1:1")
    assert not mail.to_contact("waiting", contact, key="answer:1:1")
    db.session.commit()
    assert factories.mail_of("answer:1:1").template == "declined"
    assert db.session.scalar(select(func.count(Mail.id))) == 1


def test_erased_contact_gets_no_row_at_all(app: Flask) -> None:
    contact = factories.contact(erased_at=now())
    assert not mail.to_contact("declined", contact, key="x")
    assert not mail.written("x")


def test_mail_keeps_what_it_is_about(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    later = now() + timedelta(hours=1)
    mail.to_contact(
        "moved",
        contact,
        key="x",
        talk=talk,
        calendar=CalendarPart("REQUEST", 3),
        not_before=later,
        not_after=talk.ends_at,
        params={"mode": "online"},
    )
    db.session.commit()
    row = factories.mail_of("x")
    assert (row.recipient, row.talk_id, row.state) == (contact.email, talk.id, MailState.QUEUED)
    assert (row.calendar_method, row.calendar_sequence) == ("REQUEST", 3)
    assert (row.next_try_at, row.not_after) == (later, talk.ends_at)


def test_speaker_and_account_are_reached_by_their_own_address(app: Flask) -> None:
    talk = factories.talk()
    speaker, account = factories.speaker(talk), factories.account()
    mail.to_speaker("speaker_link", speaker, key="s", talk=talk)
    mail.to_account("invitation", account, key="a", talk=talk)
    to_speaker, to_account = factories.mail_of("s"), factories.mail_of("a")
    assert (to_speaker.recipient, to_account.recipient) == (speaker.email, account.email)


@pytest.mark.parametrize(("before", "after"), list(product(MailState, MailState)))
def test_move_follows_the_table(before: MailState, after: MailState) -> None:
    row = Mail(state=before)
    if after in MOVES[before]:
        mail.move(row, after)
        assert row.state == after
    else:
        with pytest.raises(RuleError, match="mail_move_forbidden"):
            mail.move(row, after)
        assert row.state == before


def test_due_states_are_those_that_can_be_sent_from() -> None:
    assert set(delivery.DUE) == {MailState.QUEUED, MailState.RETRY}


def test_anything_due_sees_due_mails_and_lost_ones_only(app: Flask) -> None:
    mail.to_contact("declined", factories.contact(), key="x")
    row = factories.mail_of("x")
    assert delivery.anything_due()
    row.next_try_at = now() + timedelta(minutes=1)
    assert not delivery.anything_due()
    row.state, row.lease_until = MailState.SENDING, now() + timedelta(minutes=1)
    assert not delivery.anything_due()
    row.lease_until = now() - timedelta(minutes=1)
    assert delivery.anything_due()


def test_hand_back_leaves_other_claims_alone(app: Flask) -> None:
    for number in range(2):
        mail.to_contact("declined", factories.contact(), key=f"x{number}")
    until = now() + timedelta(minutes=5)
    first, _mails = delivery.claim(count=1, until=until)
    delivery.claim(count=1, until=until)
    assert delivery.hand_back(first) == 1
    db.session.commit()
    states = db.session.scalars(select(Mail.state).order_by(Mail.id)).all()
    assert sorted(states) == [MailState.QUEUED, MailState.SENDING]
