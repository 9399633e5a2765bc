"""Reports of what did not arrive: the mail, the mark beside the contact, and who is believed."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import factories
from webinar.clock import now
from webinar.domain import inbox, inbox_bounces
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    InboxKind,
    InboxMessage,
    InboxState,
    Mail,
    MailState,
    Outcome,
    Suggestion,
)


@pytest.fixture
def sent(app: Flask) -> Mail:
    contact = factories.contact()
    row = Mail(
        template="invitation",
        key="k",
        recipient=contact.email,
        contact=contact,
        talk=factories.talk(),
        state=MailState.SENT,
        sent_at=now(),
    )
    factories.save(row)
    return row


def reported(
    *ids: str, number: int = 0, recipients: tuple[str, ...] = (), final: bool = True
) -> InboxMessage:
    message = inbox.note(f"{number:064}", kind=InboxKind.BOUNCE, sender="mailer-daemon@mx.example")
    assert message is not None
    inbox_bounces.take(
        message,
        public_ids=ids,
        recipients=recipients,
        final=final,
        status="5.1.1",
        diagnostic="User unknown",
    )
    db.session.commit()
    return message


def test_report_with_our_id_marks_mail_and_address(sent: Mail) -> None:
    message = reported("anders", sent.public_id)
    assert (message.state, message.outcome) == (InboxState.ACTED, Outcome.BOUNCED)
    assert (sent.state, sent.reply) == (MailState.BOUNCED, "5.1.1 User unknown")
    assert sent.contact is not None
    assert sent.contact.bounced_at is not None
    assert (message.contact, message.talk, message.mail) == (sent.contact, sent.talk, sent)


def test_delay_changes_nothing(sent: Mail) -> None:
    message = reported(sent.public_id, final=False)
    assert (message.state, message.outcome) == (InboxState.ACTED, Outcome.DELAYED)
    assert sent.state == MailState.SENT
    assert sent.contact is not None
    assert sent.contact.bounced_at is None


def test_report_that_names_only_an_address_waits(sent: Mail, organiser: Account) -> None:
    message = reported(recipients=("kein konto", "fremd@x.example", sent.recipient.upper()))
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.BOUNCE_NOT_PROVEN)
    assert (message.suggestion, message.mail) == (Suggestion.BOUNCE, sent)
    assert sent.state == MailState.SENT
    inbox_bounces.confirm(message, by=organiser)
    assert (sent.state, message.state) == (MailState.BOUNCED, InboxState.DONE)
    with pytest.raises(RuleError, match="inbox_done_already"):
        inbox_bounces.confirm(message, by=organiser)


def test_report_of_nothing_of_ours_is_set_aside(sent: Mail) -> None:
    message = reported("anders", recipients=("fremd@x.example",))
    assert (message.state, message.outcome) == (InboxState.ASIDE, Outcome.UNKNOWN_MAIL)


def test_second_report_changes_nothing(sent: Mail) -> None:
    reported(sent.public_id)
    assert reported(sent.public_id, number=1).outcome == Outcome.BOUNCED
    assert sent.state == MailState.BOUNCED


def test_mail_that_is_sent_again_keeps_its_state(sent: Mail) -> None:
    sent.state = MailState.RETRY
    db.session.commit()
    reported(sent.public_id)
    assert sent.state == MailState.RETRY
    assert sent.contact is not None
    assert sent.contact.bounced_at is not None


def test_address_that_was_corrected_is_not_marked(sent: Mail) -> None:
    assert sent.contact is not None
    sent.contact.email = "neu@gemeinde.example"
    db.session.commit()
    reported(sent.public_id)
    assert (sent.state, sent.contact.bounced_at) == (MailState.BOUNCED, None)


def test_message_that_is_no_report_of_a_bounce_cannot_be_confirmed(
    sent: Mail, organiser: Account
) -> None:
    message = reported("anders")
    with pytest.raises(RuleError, match="inbox_without_mail"):
        inbox_bounces.confirm(message, by=organiser)
