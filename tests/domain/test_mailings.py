"""Mailings: who gets them, what sending freezes, and that expanding repeats nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from tests.queries import counted
from webinar.clock import frozen, now
from webinar.domain import mailings
from webinar.domain.mailings import Reason
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Invitation,
    Job,
    Link,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
    Placeholder,
    Talk,
    TalkState,
)

SUBJECT = "Einladung: {titel}"
TEXT = "{gastgeber} lädt Sie ein.\n\n{beschreibung}"


def drafted(talk: Talk, *contacts: Contact, by: Account | None = None, **chosen: object) -> Mailing:
    mailing = mailings.draft(talk, kind=MailingKind.INVITATION, by=by, subject=SUBJECT, text=TEXT)
    given = {"contacts": [contact.id for contact in contacts], **chosen}
    mailings.choose(mailing, **given)  # type: ignore[arg-type]  # ids by keyword
    db.session.commit()
    return mailing


def expand_all(mailing: Mailing, *, batch: int = 200) -> int:
    steps = 1
    while not mailings.expand(mailing, batch=batch):
        db.session.commit()
        steps += 1
    db.session.commit()
    return steps


def count(model: type[Mail | Invitation | Link | Job]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_recipients_are_members_and_single_people_each_once_by_name(app: Flask) -> None:
    zoe = factories.contact(last_name="Zoe")
    anna = factories.contact(last_name="Änna")
    bert = factories.contact(last_name="Bert")
    mayors = factories.audience(members=[zoe, anna])
    council = factories.audience(members=[anna])
    mailing = drafted(factories.talk(), anna, bert, audiences=[mayors.id, council.id])
    assert mailings.recipients(mailing) == [anna, bert, zoe]
    assert mailings.left_out(mailing) == []


def test_recipients_leave_out_with_the_reason(app: Flask) -> None:
    talk = factories.talk()
    going = factories.contact(last_name="A")
    excluded = factories.contact(last_name="B")
    retired = factories.contact(last_name="C", retired_at=now())
    unsubscribed = factories.contact(last_name="D", unsubscribed_at=now())
    invited = factories.contact(last_name="E")
    erased = factories.contact(last_name="F", erased_at=now())
    withdrawn = factories.contact(last_name="G")
    factories.invitation(talk, invited)
    factories.invitation(talk, withdrawn, answer=Answer.WITHDRAWN)
    everybody = [going, excluded, retired, unsubscribed, invited, erased, withdrawn]
    mailing = drafted(talk, *everybody, excluded=[excluded.id])
    assert mailings.recipients(mailing) == [going, withdrawn]
    assert [(left.contact, left.reason) for left in mailings.left_out(mailing)] == [
        (excluded, Reason.EXCLUDED),
        (retired, Reason.RETIRED),
        (unsubscribed, Reason.UNSUBSCRIBED),
        (invited, Reason.INVITED),
    ]


def test_recipients_of_materials_include_the_unsubscribed_and_the_invited(app: Flask) -> None:
    talk = factories.talk()
    contact = factories.contact(unsubscribed_at=now())
    factories.invitation(talk, contact)
    mailing = mailings.draft(talk, kind=MailingKind.MATERIALS, by=None, materials=[3, 1])
    mailings.choose(mailing, contacts=[contact.id])
    assert mailings.recipients(mailing) == [contact]
    assert mailing.selection["materials"] == [1, 3]


def test_recipients_and_left_out_take_one_query_each(app: Flask) -> None:
    for people in (1, 3):
        contacts = [factories.contact() for _ in range(people)]
        mailing = drafted(factories.talk(), *contacts)
        db.session.refresh(mailing)
        with counted() as statements:
            assert len(mailings.recipients(mailing)) == people
            assert mailings.left_out(mailing) == []
        assert len(statements) == 2


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        ((" ", TEXT), "mailing_words_missing", "subject"),
        ((SUBJECT, "\r\n"), "mailing_words_missing", "text"),
        (("x" * 301, TEXT), "mailing_words_too_long", "subject"),
        (("{title}", TEXT), "placeholder_unknown", "subject"),
        ((SUBJECT, "{titel} {foo} {} {foo}"), "placeholder_unknown", "text"),
    ],
)
def test_edit_refuses_at_the_field(
    app: Flask, words: tuple[str, str], code: str, field: str
) -> None:
    subject, text = words
    mailing = drafted(factories.talk())
    with pytest.raises(RuleError) as error:
        mailings.edit(mailing, subject=subject, text=text)
    assert (error.value.code, error.value.field) == (code, field)


def test_edit_names_each_unknown_placeholder_once(app: Flask) -> None:
    mailing = drafted(factories.talk())
    with pytest.raises(RuleError) as error:
        mailings.edit(mailing, subject=SUBJECT, text="{titel} {foo} {} {foo}")
    assert error.value.values == {"names": "{foo}, {}"}


def test_edit_takes_every_placeholder_and_makes_the_subject_one_line(app: Flask) -> None:
    mailing = drafted(factories.talk())
    text = " ".join(f"{{{name}}}" for name in Placeholder)
    mailings.edit(mailing, subject=" Einladung:\r\nBcc: {titel} ", text=text + "\r\nEnde")
    assert mailing.subject == "Einladung: Bcc: {titel}"
    assert mailing.text == text + "\nEnde"


def test_send_freezes_the_recipients_and_asks_for_one_job(app: Flask, organiser: Account) -> None:
    first, second = factories.contact(last_name="A"), factories.contact(last_name="B")
    group = factories.audience(members=[first, second])
    mailing = drafted(factories.talk(), audiences=[group.id])
    assert mailings.send(mailing, by=organiser) == 2
    db.session.commit()
    group.members.append(factories.contact(last_name="C"))
    db.session.commit()
    assert mailing.state == MailingState.EXPANDING
    assert mailings.recipients(mailing) == [first, second]
    job = db.session.scalars(select(Job)).one()
    assert (job.name, job.params) == ("expand_mailing", {"mailing_id": mailing.id})
    line = db.session.scalars(select(AuditEntry)).one()
    assert (line.action, line.account_id) == ("mailing.sent", organiser.id)
    assert line.changes == {"recipients": 2}


def test_send_refuses_a_second_time_and_later_edits(app: Flask) -> None:
    mailing = drafted(factories.talk(), factories.contact())
    mailings.send(mailing, by=None)
    db.session.commit()
    for again in (
        lambda: mailings.send(mailing, by=None),
        lambda: mailings.edit(mailing, subject=SUBJECT, text=TEXT),
        lambda: mailings.choose(mailing),
    ):
        with pytest.raises(RuleError, match="mailing_sent_already"):
            again()


def test_send_refuses_drafts_cancelled_talks_and_begun_ones(app: Flask) -> None:
    person = factories.contact()
    for state, code in (
        (TalkState.DRAFT, "mailing_talk_not_published"),
        (TalkState.CANCELLED, "mailing_talk_cancelled"),
    ):
        with pytest.raises(RuleError, match=code):
            mailings.send(drafted(factories.talk(state=state), person), by=None)
    talk = factories.talk()
    mailing = drafted(talk, person)
    with frozen(talk.starts_at), pytest.raises(RuleError, match="mailing_talk_started"):
        mailings.send(mailing, by=None)
    with pytest.raises(RuleError, match="mailing_without_recipients"):
        mailings.send(drafted(talk), by=None)


def test_expand_writes_invitation_links_and_mail_for_each_in_batches(app: Flask) -> None:
    talk = factories.talk()
    people = [factories.contact() for _ in range(5)]
    mailing = drafted(talk, *people)
    mailings.send(mailing, by=None)
    db.session.commit()
    assert expand_all(mailing, batch=2) == 3
    assert mailing.state == MailingState.EXPANDED
    assert (count(Invitation), count(Mail), count(Link)) == (5, 5, 15)
    mail = db.session.scalars(select(Mail).order_by(Mail.id)).first()
    assert mail is not None
    assert mail.key == f"mailing:{mailing.id}:{mail.contact_id}"
    assert (mail.template, mail.state) == ("invitation", MailState.QUEUED)
    assert mail.not_after == talk.starts_at


def test_expand_again_writes_nothing(app: Flask) -> None:
    mailing = drafted(factories.talk(), factories.contact())
    mailings.send(mailing, by=None)
    expand_all(mailing)
    assert mailings.expand(mailing)
    assert count(Mail) == 1


def test_expand_after_a_lost_batch_repeats_it_once(app: Flask) -> None:
    mailing = drafted(factories.talk(), *[factories.contact() for _ in range(3)])
    mailings.send(mailing, by=None)
    db.session.commit()
    mailings.expand(mailing, batch=2)
    db.session.rollback()
    expand_all(mailing, batch=2)
    assert (mailing.expanded, count(Mail), count(Invitation)) == (3, 3, 3)


def test_expand_passes_over_who_left_since(app: Flask) -> None:
    talk = factories.talk()
    gone, erased, elsewhere, stays = (factories.contact() for _ in range(4))
    mailing = drafted(talk, gone, erased, elsewhere, stays)
    mailings.send(mailing, by=None)
    gone.unsubscribed_at = now()
    erased.erased_at = now()
    db.session.commit()
    factories.invitation(talk, elsewhere)
    expand_all(mailing)
    assert [mail.contact_id for mail in db.session.scalars(select(Mail))] == [stays.id]
    assert mailings.progress(mailing).finished is False


def test_expand_invites_anew_who_was_withdrawn(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    invitation = factories.invitation(talk, person, answer=Answer.WITHDRAWN)
    mailing = drafted(talk, person)
    mailings.send(mailing, by=None)
    expand_all(mailing)
    assert invitation.answer == Answer.NONE
    assert count(Invitation) == 1


def test_two_mailings_to_the_same_person_send_one_invitation(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    first, second = drafted(talk, person), drafted(talk, person)
    mailings.send(first, by=None)
    mailings.send(second, by=None)
    expand_all(first)
    expand_all(second)
    assert count(Mail) == 1


def test_stop_aborts_what_waits_and_lets_another_mailing_bring_it(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk()
    sent, waiting, later = (factories.contact(last_name=name) for name in "ABC")
    mailing = drafted(talk, sent, waiting, later)
    mailings.send(mailing, by=organiser)
    mailings.expand(mailing, batch=2)
    first = db.session.scalars(select(Mail).where(Mail.contact_id == sent.id)).one()
    first.state = MailState.SENT
    db.session.commit()
    assert mailings.stop(mailing, by=organiser) == 1
    db.session.commit()
    assert mailing.state == MailingState.STOPPED
    assert mailings.expand(mailing)
    assert count(Mail) == 2
    assert mailings.recipients(drafted(talk, sent, waiting, later)) == [waiting, later]


def test_stop_of_a_draft_is_refused(app: Flask) -> None:
    with pytest.raises(RuleError, match="mailing_move_forbidden"):
        mailings.stop(drafted(factories.talk()), by=None)


def test_progress_counts_states_in_one_query_without_tests(app: Flask, organiser: Account) -> None:
    mailing = drafted(factories.talk(), *[factories.contact() for _ in range(3)])
    mailings.test(mailing, account=organiser, number=1)
    mailings.send(mailing, by=organiser)
    expand_all(mailing)
    mail = db.session.scalars(
        select(Mail).where(Mail.contact_id.is_not(None)).order_by(Mail.id)
    ).first()
    assert mail is not None
    mail.state = MailState.SENT
    db.session.commit()
    db.session.refresh(mailing)
    with counted() as statements:
        progress = mailings.progress(mailing)
    assert len(statements) == 1
    assert progress.states == {MailState.SENT: 1, MailState.QUEUED: 2}
    assert (progress.recipients, progress.expanded, progress.mails) == (3, 3, 3)
    assert (progress.waiting, progress.finished) == (2, False)


def test_test_goes_to_the_account_once_per_number(app: Flask, organiser: Account) -> None:
    person = factories.contact()
    mailing = drafted(factories.talk(), person)
    for number in (1, 1, 2):
        mailings.test(mailing, account=organiser, number=number)
    db.session.commit()
    mails = list(db.session.scalars(select(Mail).order_by(Mail.id)))
    assert [mail.recipient for mail in mails] == [organiser.email] * 2
    assert mails[0].params == {"as_contact": person.id}
    assert count(Invitation) == 0


def test_expand_moment_is_that_of_sending(app: Flask) -> None:
    """The mails of a mailing that was sent before the start still are written a little later, but
    none leaves after it: `not_after` is the start."""
    talk = factories.talk()
    mailing = drafted(talk, factories.contact())
    mailings.send(mailing, by=None)
    db.session.commit()
    with frozen(talk.starts_at + timedelta(minutes=1)):
        expand_all(mailing)
    mail = db.session.scalars(select(Mail)).one()
    assert mail.not_after == talk.starts_at
