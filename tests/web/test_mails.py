"""The list of messages and the page of one: states and failures in words, links blacked out."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.queries import counted
from webinar.domain import mailings
from webinar.extensions import db
from webinar.models import Account, Mail, MailingKind, MailState, Talk
from webinar.web.organiser import mail_causes

LIST = "/desk/nachrichten"


def mail(talk: Talk | None = None, **values: object) -> Mail:
    number = db.session.query(Mail).count()
    contact = factories.contact(organisation=factories.organisation())
    given = {
        "template": "confirmation",
        "key": f"k{number}",
        "recipient": contact.email,
        "contact_id": contact.id,
        "talk_id": talk.id if talk is not None else None,
        **values,
    }
    row = Mail(**given)
    factories.save(row)
    return row


def text_of(desk: FlaskClient, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\xa0", " ").replace("<wbr>", "")


def test_index_shows_state_kind_and_reason_the_newest_first(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk(title="Schulen ans Netz")
    older = mail(talk, state=MailState.FAILED, reply="550 5.2.2 mailbox full")
    newer = mail(talk, template="invitation", state=MailState.SENT)
    page = text_of(desk, LIST)
    assert page.index(newer.recipient) < page.index(older.recipient)
    for words in ("Einladung", "Bestätigung", "Schulen ans Netz", "Das Postfach ist voll."):
        assert words in page
    assert "mailbox full" not in page


def test_index_filters_by_state_and_talk(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    failed = mail(talk, state=MailState.BOUNCED)
    sent = mail(state=MailState.SENT)
    page = text_of(desk, f"{LIST}?state=failed")
    assert failed.recipient in page
    assert sent.recipient not in page
    page = text_of(desk, f"{LIST}?talk={talk.id}")
    assert failed.recipient in page
    assert sent.recipient not in page
    assert f'<h1 class="kern-heading-large">{talk.title}</h1>' in page
    assert "Keine Treffer." in text_of(desk, f"{LIST}?talk={talk.id}&state=sent")
    assert desk.get(f"{LIST}?talk=999").status_code == 404


def test_index_without_mails_says_so(app: Flask, desk: FlaskClient) -> None:
    assert "Noch keine Nachrichten." in text_of(desk, LIST)


def test_index_needs_the_same_queries_for_one_and_many(app: Flask, desk: FlaskClient) -> None:
    counts = []
    for many in (1, 2):
        for _ in range(many):
            mail(factories.talk())
        with counted() as statements:
            text_of(desk, LIST)
        counts.append(len(statements))
    assert counts == [6, 6]


def test_show_prints_the_frozen_text_without_usable_links(app: Flask, desk: FlaskClient) -> None:
    message = EmailMessage()
    message["Subject"] = "Ihre Teilnahme: Grüße"
    message.set_content("Antworten: http://localhost/e/AbCdEfGhIjKlMnOp.signatur12345\n<b>Ende</b>")
    message.add_alternative("<p>nur HTML</p>", subtype="html")
    row = mail(
        factories.talk(),
        content=message.as_bytes(),
        state=MailState.RETRY,
        attempts=1,
        reply="451 4.7.1 Greylisted",
    )
    page = text_of(desk, f"{LIST}/{row.id}")
    assert "Ihre Teilnahme: Grüße" in page
    assert "http://localhost/e/[link]" in page
    assert "signatur12345" not in page
    assert "&lt;b&gt;Ende" in page
    assert "Der Server des Empfängers bittet um einen späteren Versuch." in page
    assert "451 4.7.1 Greylisted" in page


def test_show_says_when_there_is_no_text_yet(app: Flask, desk: FlaskClient) -> None:
    assert "Der Text wird festgehalten" in text_of(desk, f"{LIST}/{mail().id}")
    kept = mail(state=MailState.SENT)
    assert "Der Text wird nicht mehr aufbewahrt." in text_of(desk, f"{LIST}/{kept.id}")
    assert desk.get(f"{LIST}/999").status_code == 404


def test_tests_and_speakers_are_named(app: Flask, desk: FlaskClient, organiser: Account) -> None:
    talk = factories.talk()
    draft = mailings.draft(talk, kind=MailingKind.INVITATION, by=organiser)
    mailings.test(draft, account=organiser, number=1)
    speaker = factories.speaker(talk, last_name="Metzger", title="")
    mail(talk, contact_id=None, speaker_id=speaker.id, template="speaker_link")
    db.session.commit()
    page = text_of(desk, LIST)
    assert "Test: Einladung" in page
    assert organiser.name in page
    assert "Metzger, Katharina" in page


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550 5.1.1 <a@b> User unknown", "This address does not exist."),
        ("550 No such user", "The address does not exist or takes no messages."),
        (
            "554 5.7.26 DMARC",
            "The recipient's server doubts that the message comes from you (SPF, DKIM, DMARC).",
        ),
        ("451 4.7.1 Greylisted", "The recipient's server asks us to try again later."),
        ("0 [Errno 111] Connection refused", "The mail server could not be reached."),
        ("599 strange", "The mail server did not take the message."),
        ("UndefinedError: 'x' is undefined", "The message could not be written."),
    ],
)
def test_cause_is_said_in_words(app: Flask, reply: str, words: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert mail_causes.words(reply) == words
