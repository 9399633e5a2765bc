"""What came in: taken once, matched with people, closed by an organiser, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import contact_merges, inbox
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    CalendarReply,
    InboxKind,
    InboxMessage,
    InboxState,
    Mail,
    MailState,
    Mode,
    Outcome,
    Suggestion,
)


def noted(sender: str = "a@b.example", number: int = 0) -> InboxMessage:
    message = inbox.note(
        f"{number:064}", kind=InboxKind.ANSWER, sender=sender, subject="AW", text="Ich komme gern."
    )
    assert message is not None
    return message


def answered(sender: str, *ids: str, number: int = 0) -> InboxMessage:
    message = noted(sender, number)
    inbox.take_answer(message, public_ids=ids, suggestion=Suggestion.ACCEPT, counter=False)
    db.session.commit()
    return message


def test_message_seen_twice_is_one(app: Flask) -> None:
    noted()
    assert inbox.note("0" * 64, kind=InboxKind.ANSWER) is None
    assert db.session.query(InboxMessage).count() == 1


def test_answer_belongs_to_whom_our_mail_went(app: Flask) -> None:
    contact, talk = factories.contact(), factories.talk()
    mail = Mail(
        template="x",
        key="k",
        recipient="r@x.example",
        contact=contact,
        talk=talk,
        state=MailState.SENT,
    )
    factories.save(mail)
    message = answered("vorzimmer@x.example", "nichts", mail.public_id)
    assert (message.contact, message.talk, message.mail) == (contact, talk, mail)
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.PERSON_WROTE)
    assert message.suggestion == Suggestion.ACCEPT


def test_answer_without_our_mail_belongs_to_the_address(app: Flask) -> None:
    invitation = factories.invitation(factories.talk(), factories.contact())
    message = answered(invitation.contact.email)
    assert (message.contact, message.talk) == (invitation.contact, invitation.talk)
    factories.invitation(factories.talk(), invitation.contact)
    assert answered(invitation.contact.email, number=1).talk is None
    factories.contact(email=invitation.contact.email, last_name="Zwei")
    assert answered(invitation.contact.email, number=2).contact is None
    assert answered("kein konto", number=3).contact is None


def test_automatic_answer_stands_beside_the_contact_and_waits_for_nobody(app: Flask) -> None:
    contact = factories.contact()
    message = noted(contact.email)
    inbox.take_automatic(message, public_ids=[])
    assert (message.state, message.contact) == (InboxState.ACTED, contact)


def test_organiser_takes_an_answer_down(app: Flask, organiser: Account) -> None:
    invitation = factories.invitation(factories.talk(), factories.contact())
    message = answered(invitation.contact.email)
    inbox.accept(message, talk=invitation.talk, mode=Mode.ONLINE, by=organiser)
    db.session.commit()
    assert (invitation.answer, message.state) == (Answer.ACCEPTED, InboxState.DONE)
    assert (message.account, message.talk) == (organiser, invitation.talk)
    actions = [row.action for row in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert actions == ["invitation.answered", "inbox_message.done"]
    with pytest.raises(RuleError, match="inbox_done_already"):
        inbox.decline(message, talk=invitation.talk, by=organiser)


def test_organiser_takes_a_refusal_down_after_registration_closed(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk(registration_closes_at=now() - timedelta(hours=1))
    invitation = factories.invitation(talk, factories.contact())
    inbox.decline(answered(invitation.contact.email), talk=talk, by=organiser)
    assert invitation.answer == Answer.DECLINED


def test_answer_to_a_talk_without_invitation_is_refused(app: Flask, organiser: Account) -> None:
    message = answered(factories.contact().email)
    with pytest.raises(RuleError, match="inbox_without_invitation"):
        inbox.accept(message, talk=factories.talk(), mode=Mode.ONLINE, by=organiser)
    with pytest.raises(RuleError, match="inbox_without_invitation"):
        inbox.decline(answered("fremd@x.example", number=1), talk=factories.talk(), by=organiser)


def test_counts_know_every_state(app: Flask, organiser: Account) -> None:
    answered("a@b.example")
    inbox.set_aside(noted(number=1), Outcome.DAMAGED)
    inbox.finish(answered("a@b.example", number=2), by=organiser)
    assert inbox.counts() == {
        InboxState.ACTED: 0,
        InboxState.WAITING: 1,
        InboxState.ASIDE: 1,
        InboxState.DONE: 1,
    }
    assert inbox.waiting_count() == 1
    with pytest.raises(NotThere):
        inbox.get(999)


def test_reading_remembers_since_when_it_fails(app: Flask) -> None:
    start = now()
    with frozen(start):
        inbox.note_reading("imap")
    with frozen(start + timedelta(minutes=1)):
        inbox.note_reading("imap", trouble="x" * 900)
    with frozen(start + timedelta(minutes=2)):
        row = inbox.note_reading("imap", trouble="again")
    assert (row.read_at, row.trouble_since) == (start, start + timedelta(minutes=1))
    assert inbox.reading("imap") is row
    row = inbox.note_reading("imap")
    assert (row.trouble, row.trouble_since) == ("", None)


def test_merging_takes_what_came_in_along(app: Flask, organiser: Account) -> None:
    kept, other, talk, second = (
        factories.contact(),
        factories.contact(),
        factories.talk(),
        factories.talk(),
    )
    message = answered(other.email)
    for contact, where in ((kept, talk), (other, talk), (other, second)):
        factories.save(
            CalendarReply(talk_id=where.id, contact_id=contact.id, sequence=1, stamp=now())
        )
    contact_merges.merge(kept, other, by=organiser)
    db.session.commit()
    db.session.expire_all()
    assert message.contact_id == kept.id
    rows = db.session.query(CalendarReply).all()
    assert sorted((row.talk_id, row.contact_id) for row in rows) == [
        (talk.id, kept.id),
        (second.id, kept.id),
    ]
