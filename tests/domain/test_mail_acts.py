"""What organisers do with mails: tries, stops, new mails, corrected addresses, whole lists."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.clock import now
from webinar.domain import (
    calendar_entries,
    delivery,
    mail,
    mail_acts,
    mailings,
    outbox,
    participation,
)
from webinar.domain.mail_acts import Unwanted
from webinar.domain.outbox import Group, Narrowing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    AuditEntry,
    Contact,
    Mail,
    MailingKind,
    MailState,
    Mode,
    Talk,
    TalkState,
)

S = MailState


def written(contact: Contact, talk: Talk | None = None, **values: object) -> Mail:
    """A mail to the contact that failed unless said otherwise."""
    key = f"test:{db.session.query(Mail).count()}"
    assert mail.to_contact("declined", contact, key=key, talk=talk)
    row = factories.mail_of(key)
    for name, value in {"state": S.FAILED, "content": b"frozen", **values}.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def audited(action: str) -> list[tuple[str, int, int | None]]:
    rows = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    )
    return [(row.record_type, row.record_id, row.account_id) for row in rows]


def refusal(act: object, *args: object, **more: object) -> str:
    with pytest.raises(RuleError) as caught:
        act(*args, **more)  # type: ignore[operator]
    db.session.rollback()
    return caught.value.code


@pytest.mark.parametrize("state", [S.RETRY, S.FAILED, S.BOUNCED])
def test_try_again_sends_the_same_bytes_at_once(
    app: Flask, organiser: Account, state: MailState
) -> None:
    later = now() + timedelta(hours=4)
    row = written(
        factories.contact(), state=state, attempts=7, next_try_at=later, sent_at=now(), reply="450"
    )
    public_id = row.public_id
    mail_acts.try_again(row, by=organiser)
    db.session.commit()
    assert (row.state, row.content, row.public_id) == (S.QUEUED, b"frozen", public_id)
    assert (row.attempts, row.sent_at) == (0, None)
    assert row.next_try_at <= now()
    assert audited("mail.retried") == [("mails", row.id, organiser.id)]
    mail_acts.try_again(row, by=organiser)
    assert len(audited("mail.retried")) == 1


def test_try_again_leaves_alone_what_the_worker_holds(app: Flask, organiser: Account) -> None:
    row = written(factories.contact(), state=S.QUEUED)
    delivery.claim(count=5, until=now() + timedelta(minutes=5))
    db.session.commit()
    for act in (mail_acts.try_again, mail_acts.stop, mail_acts.resend):
        assert refusal(act, row, by=organiser) == "mail_being_sent"


def test_try_again_says_what_has_gone_out_or_lost_its_cause(app: Flask, organiser: Account) -> None:
    contact = factories.contact()
    assert refusal(mail_acts.try_again, written(contact, state=S.SENT), by=organiser) == (
        "mail_sent_already"
    )
    late = written(contact, not_after=now() - timedelta(minutes=1))
    assert refusal(mail_acts.try_again, late, by=organiser) == "mail_late"
    gone = factories.contact(retired_at=now())
    assert refusal(mail_acts.try_again, written(gone), by=organiser) == "mail_person_left"
    moved = written(contact, recipient="alt@gemeinde.example")
    assert refusal(mail_acts.try_again, moved, by=organiser) == "mail_address_changed"


def test_cause_that_is_gone_has_a_reason(app: Flask) -> None:
    cancelled = factories.talk(state=TalkState.CANCELLED)
    row = written(factories.contact(), cancelled, template="confirmation")
    assert mail_acts.why_unwanted(row) is Unwanted.CANCELLED
    invitation = written(factories.contact(), factories.talk(), template="invitation")
    assert mail_acts.why_unwanted(invitation) is Unwanted.OVERTAKEN
    assert mail_acts.why_unwanted(written(factories.contact())) is None


def test_stop_ends_what_waits_and_nothing_else(app: Flask, organiser: Account) -> None:
    row = written(factories.contact(), state=S.RETRY)
    mail_acts.stop(row, by=organiser)
    db.session.commit()
    assert row.state == S.ABORTED
    assert audited("mail.stopped") == [("mails", row.id, organiser.id)]
    mail_acts.stop(row, by=organiser)
    assert len(audited("mail.stopped")) == 1
    failed = written(factories.contact())
    assert refusal(mail_acts.stop, failed, by=organiser) == "mail_move_forbidden"


def test_resend_is_a_new_mail_and_keeps_the_old(app: Flask, organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    row = written(contact, talk, params={"mode": "online"}, not_after=talk.ends_at, reply="550")
    contact.email = "neu@gemeinde.example"
    db.session.commit()
    fresh = mail_acts.resend(row, by=organiser)
    db.session.commit()
    assert (fresh.recipient, fresh.state, fresh.content) == ("neu@gemeinde.example", S.QUEUED, None)
    assert fresh.public_id != row.public_id
    assert (fresh.template, fresh.params, fresh.talk_id) == (row.template, row.params, talk.id)
    assert fresh.not_after == row.not_after
    assert (row.state, row.reply, row.resent_as_id) == (S.FAILED, "550", fresh.id)
    assert audited("mail.resent") == [("mails", fresh.id, organiser.id)]
    assert mail_acts.resend(row, by=organiser) is fresh
    assert refusal(mail_acts.try_again, row, by=organiser) == "mail_resent_already"
    assert mail_acts.resend(fresh, by=organiser) is not fresh


def test_resend_of_what_waits_stops_it(app: Flask, organiser: Account) -> None:
    row = written(factories.contact(), state=S.QUEUED)
    mail_acts.resend(row, by=organiser)
    assert row.state == S.ABORTED


def test_resend_refuses_what_has_no_cause(app: Flask, organiser: Account) -> None:
    row = written(factories.contact(), not_after=now() - timedelta(hours=1))
    assert refusal(mail_acts.resend, row, by=organiser) == "mail_late"
    assert db.session.query(Mail).count() == 1


def test_resend_tells_the_calendar_the_sequence_that_holds(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    invitation = factories.invitation(talk, factories.contact())
    participation.accept(invitation, mode=Mode.ONLINE)
    row = db.session.scalars(select(Mail)).one()
    row.state, row.content = S.FAILED, b"frozen"
    talk.starts_at += timedelta(hours=1)
    talk.ends_at += timedelta(hours=1)
    later = calendar_entries.request(talk, contact=invitation.contact, side=Mode.ONLINE)
    db.session.commit()
    assert mail_acts.why_unwanted(row) is Unwanted.OVERTAKEN  # the bytes hold the earlier hour
    fresh = mail_acts.resend(row, by=organiser)
    assert (fresh.calendar_method, fresh.calendar_sequence) == ("REQUEST", later)
    entry = calendar_entries.entry_of(talk, contact=invitation.contact)
    assert entry is not None
    assert entry.sequence == later


def test_correct_changes_the_address_and_sends_in_one_step(app: Flask, organiser: Account) -> None:
    contact = factories.contact(bounced_at=now())
    row = written(contact, state=S.BOUNCED)
    before = row.recipient
    fresh = mail_acts.correct(row, email=" Neu@Gemeinde.example ", by=organiser)
    db.session.commit()
    assert (contact.email, contact.bounced_at) == ("neu@gemeinde.example", None)
    assert (fresh.recipient, row.recipient, row.state) == (contact.email, before, S.BOUNCED)
    assert len(audited("contact.edited")) == 1
    assert mail_acts.correct(row, email="neu@gemeinde.example", by=organiser) is fresh


def test_correct_asks_about_somebody_else_at_the_address(app: Flask, organiser: Account) -> None:
    other = factories.contact(email="rathaus@gemeinde.example")
    row = written(factories.contact())
    asked = {"email": other.email, "by": organiser}
    assert refusal(mail_acts.correct, row, **asked) == "address_shared"
    fresh = mail_acts.correct(row, decision="second", **asked)  # type: ignore[arg-type]
    assert fresh.recipient == other.email


def test_correct_refuses_the_same_address_a_double_and_what_arrived(
    app: Flask, organiser: Account
) -> None:
    contact = factories.contact()
    row = written(contact)
    same = {"email": row.recipient.upper(), "by": organiser}
    assert refusal(mail_acts.correct, row, **same) == "address_unchanged"
    factories.contact(email="da@gemeinde.example", last_name=contact.last_name)
    double = {"email": "da@gemeinde.example", "by": organiser}
    assert refusal(mail_acts.correct, row, **double) == "contact_exists"
    sent = written(contact, state=S.SENT)
    assert refusal(mail_acts.correct, sent, email="x@y.example", by=organiser) == (
        "mail_not_correctable"
    )


def test_correcting_a_contact_sends_what_was_chosen(app: Flask, organiser: Account) -> None:
    contact = factories.contact()
    first, second = written(contact, state=S.BOUNCED), written(contact)
    written(contact, not_after=now() - timedelta(hours=1))
    written(contact, state=S.SENT)
    assert [row.id for row in mail_acts.lost_mails(contact)] == [first.id, second.id]
    sent = mail_acts.correct_contact(
        contact, email="neu@gemeinde.example", mail_ids=[second.id, 999], by=organiser
    )
    assert [row.recipient for row in sent] == ["neu@gemeinde.example"]
    assert second.resent_as_id == sent[0].id
    assert [row.id for row in mail_acts.lost_mails(contact)] == [first.id]


def test_stopping_a_list_takes_what_was_seen_and_leaves_what_is_held(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk()
    held = written(factories.contact(), talk, state=S.QUEUED)
    delivery.claim(count=1, until=now() + timedelta(minutes=5))
    waiting = written(factories.contact(), talk, state=S.QUEUED)
    retried = written(factories.contact(), talk, state=S.RETRY)
    elsewhere = written(factories.contact(), factories.talk(), state=S.QUEUED)
    newer = written(factories.contact(), talk, state=S.QUEUED)
    count = mail_acts.stop_all(Narrowing(talk=talk), newest=elsewhere.id, by=organiser)
    db.session.commit()
    db.session.expire_all()
    assert count == 2
    states = [row.state for row in (held, waiting, retried, elsewhere, newer)]
    assert states == [S.SENDING, S.ABORTED, S.ABORTED, S.QUEUED, S.QUEUED]
    found = sorted(audited("mail.stopped"))
    assert found == [("mails", row.id, organiser.id) for row in (waiting, retried)]


def test_trying_a_list_again_leaves_bounces_and_what_was_sent_again(
    app: Flask, organiser: Account
) -> None:
    failed, bounced = written(factories.contact()), written(factories.contact(), state=S.BOUNCED)
    again = written(factories.contact())
    mail_acts.resend(again, by=organiser)
    other = written(factories.contact(last_name="Gesucht"))
    count = mail_acts.try_all_again(Narrowing(), newest=other.id, by=organiser)
    db.session.commit()
    db.session.expire_all()
    assert count == 2
    assert [row.state for row in (failed, bounced, again)] == [S.QUEUED, S.BOUNCED, S.FAILED]


def test_list_is_acted_on_as_it_is_narrowed(app: Flask, organiser: Account) -> None:
    meant = written(factories.contact(last_name="Gesucht"), state=S.RETRY)
    other = written(factories.contact(), state=S.RETRY)
    narrowing = Narrowing(text="gesucht", group=Group.RETRY)
    assert mail_acts.stop_all(narrowing, newest=other.id, by=organiser) == 1
    db.session.commit()
    db.session.expire_all()
    assert (meant.state, other.state) == (S.ABORTED, S.RETRY)


def test_mailing_counts_what_was_sent_again_once(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    draft = mailings.draft(talk, kind=MailingKind.MESSAGE, by=organiser, subject="x", text="y")
    row = written(factories.contact(), talk, template="message", mailing_id=draft.id)
    mail_acts.resend(row, by=organiser)
    db.session.commit()
    assert mailings.progress(draft).states == {S.QUEUED: 1}
    assert outbox.runs(talk)[0].counts[Group.FAILED] == 0
    assert [one.state for one in db.session.scalars(outbox.of_mailing(draft))] == [S.QUEUED]
