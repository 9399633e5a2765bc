"""Acts on messages at the desk: one by one, whole lists, addresses; the line about the relay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from tests import factories
from tests.conftest import signed_in
from tests.web.test_mails import LIST, mail, text_of
from webinar.clock import now
from webinar.domain import delivery
from webinar.domain.outbox import Group, Narrowing
from webinar.extensions import db
from webinar.models import Contact, Mail, MailState, Role
from webinar.web.organiser import mail_causes

S = MailState


def state_of(row: Mail) -> str:
    db.session.expire_all()
    return row.state


def person(row: Mail) -> Contact:
    assert row.contact is not None
    return row.contact


def test_failed_message_says_why_and_what_can_be_done(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550 5.2.2 mailbox full")
    page = text_of(desk, f"{LIST}/{row.id}")
    for words in (
        "Das Postfach ist voll.",
        "Die Person muss Platz schaffen.",
        "550 5.2.2 mailbox full",
        "Jetzt erneut versuchen",
        "Adresse berichtigen",
        "Neu schreiben und erneut senden",
    ):
        assert words in page
    assert "Diese Nachricht anhalten" not in page


def test_viewer_sees_no_button(app: Flask) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550 5.2.2 full")
    client = signed_in(app, factories.account(role=Role.VIEWER))
    page = text_of(client, f"{LIST}/{row.id}")
    assert "Das Postfach ist voll." in page
    assert "/erneut" not in page
    assert "/adresse" not in page
    assert "/alle/" not in text_of(client, LIST)


def test_try_again_stop_and_resend(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550")
    answer = desk.post(f"{LIST}/{row.id}/erneut", follow_redirects=True)
    assert "wird sofort erneut versucht" in answer.text
    assert state_of(row) == S.QUEUED
    answer = desk.post(f"{LIST}/{row.id}/anhalten", follow_redirects=True)
    assert "ist angehalten" in answer.text
    assert state_of(row) == S.ABORTED
    answer = desk.post(f"{LIST}/{row.id}/neu-senden", follow_redirects=True)
    assert f"unterwegs an {row.recipient}" in answer.text
    assert "anstelle einer früheren Nachricht" in answer.text
    again = desk.post(f"{LIST}/{row.id}/neu-senden", follow_redirects=True)
    assert again.request.path == answer.request.path
    assert "Nachricht öffnen, die stattdessen versendet wurde" in text_of(desk, f"{LIST}/{row.id}")


def test_message_in_the_workers_hands_is_left_to_it(app: Flask, desk: FlaskClient) -> None:
    row = mail(template="declined")
    delivery.claim(count=1, until=now() + timedelta(minutes=5))
    db.session.commit()
    answer = desk.post(f"{LIST}/{row.id}/anhalten")
    assert answer.status_code == 422
    assert "wird gerade übergeben" in answer.text
    assert "/anhalten" not in text_of(desk, f"{LIST}/{row.id}")


def test_message_without_a_cause_says_so(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.OBSOLETE, template="declined", not_after=now() - timedelta(hours=1))
    page = text_of(desk, f"{LIST}/{row.id}")
    assert "Der Anlass dieser Nachricht ist vorbei" in page
    assert "/neu-senden" not in page
    answer = desk.post(f"{LIST}/{row.id}/neu-senden")
    assert answer.status_code == 422
    assert "Der Anlass dieser Nachricht ist vorbei" in answer.text


def test_address_is_corrected_and_the_message_sent_in_one_form(
    app: Flask, desk: FlaskClient
) -> None:
    row = mail(state=S.BOUNCED, template="declined", reply="5.1.1")
    contact = person(row)
    answer = desk.post(
        f"{LIST}/{row.id}/adresse", data={"email": "neu@gemeinde.example"}, follow_redirects=True
    )
    assert "unterwegs an neu@gemeinde.example" in answer.text
    db.session.expire_all()
    assert contact.email == "neu@gemeinde.example"
    assert (row.state, db.session.query(Mail).count()) == (S.BOUNCED, 2)


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Die E-Mail-Adresse fehlt."),
        ("kein at", "Leerzeichen"),
        ("alt", "@-Zeichen"),
    ],
)
def test_wrong_address_keeps_what_was_typed(
    app: Flask, desk: FlaskClient, email: str, words: str
) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550")
    answer = desk.post(f"{LIST}/{row.id}/adresse", data={"email": email})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{email}"' in answer.text
    assert db.session.query(Mail).count() == 1


def test_somebody_else_at_the_new_address_is_a_question(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550")
    other = factories.contact(email="rathaus@gemeinde.example")
    data = {"email": other.email}
    answer = desk.post(f"{LIST}/{row.id}/adresse", data=data)
    assert answer.status_code == 422
    assert "Beide nutzen diese Adresse" in answer.text
    answer = desk.post(f"{LIST}/{row.id}/adresse", data={**data, "decision": "second"})
    assert answer.status_code == 303


def test_message_that_nobody_can_correct_says_so(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.SENT, template="declined")
    answer = desk.post(f"{LIST}/{row.id}/adresse", data={"email": "neu@gemeinde.example"})
    assert answer.status_code == 422
    assert "wartet nicht auf eine andere Adresse" in answer.text


def test_others_at_the_same_address_are_named(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550")
    factories.contact(last_name="Mitleserin", email=row.recipient)
    page = text_of(desk, f"{LIST}/{row.id}")
    assert "Auch mit dieser Adresse geführt" in page
    assert "Mitleserin" in page


def test_address_that_a_colleague_changed_is_not_overwritten(app: Flask, desk: FlaskClient) -> None:
    row = mail(state=S.FAILED, template="declined", reply="550")
    data = {"email": "neu@gemeinde.example", "seen": "2020-01-01T00:00:00+00:00"}
    answer = desk.post(f"{LIST}/{row.id}/adresse", data=data)
    assert answer.status_code == 422
    assert "in der Zwischenzeit geändert" in answer.text or "inzwischen geändert" in answer.text


def test_list_is_stopped_after_a_look_at_it(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk(title="Schulen ans Netz")
    row = mail(talk)
    other = mail(template="declined")
    page = text_of(desk, f"{LIST}/alle/anhalten?talk={talk.id}")
    for words in ("Diese Nachrichten anhalten?", "Schulen ans Netz", "1 × Bestätigung"):
        assert words in page
    answer = desk.post(
        f"{LIST}/alle/anhalten?talk={talk.id}", data={"newest": row.id}, follow_redirects=True
    )
    assert "1 Nachricht geht nicht mehr hinaus" in answer.text
    assert (state_of(row), other.state) == (S.ABORTED, S.QUEUED)
    assert "Nichts aus dieser Liste wartet" in text_of(desk, f"{LIST}/alle/anhalten?talk={talk.id}")


def test_list_is_tried_again_with_its_causes(app: Flask, desk: FlaskClient) -> None:
    rows = [mail(state=S.RETRY, reply="451 4.7.1 Greylisted") for _ in range(2)]
    rows.append(mail(state=S.FAILED, reply="554 5.7.1 Relay access denied"))
    page = text_of(desk, f"{LIST}/alle/erneut")
    assert "2 × Der Server des Empfängers bittet um einen späteren Versuch." in page
    assert "1 × Ihr Mailserver leitet nichts an diese Adresse weiter." in page
    answer = desk.post(f"{LIST}/alle/erneut", data={"newest": rows[-1].id}, follow_redirects=True)
    assert "3 Nachrichten werden sofort erneut versucht" in answer.text
    assert {state_of(row) for row in rows} == {S.QUEUED}


def test_list_without_what_was_seen_does_nothing(app: Flask, desk: FlaskClient) -> None:
    row = mail()
    desk.post(f"{LIST}/alle/anhalten", data={"newest": "unsinn"})
    assert state_of(row) == S.QUEUED


def test_relay_that_refuses_everybody_is_one_sentence(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    for number in range(5):
        to = f"a@gemeinde{number}.example"
        mail(talk, state=S.FAILED, recipient=to, reply="554 5.7.1 Relay access denied")
    page = text_of(desk, LIST)
    assert "Der Mailserver nimmt zurzeit keine Nachrichten an." in page
    assert "Ihr Mailserver leitet nichts an diese Adresse weiter. Seit" in page
    overview = text_of(desk, "/desk/")
    assert "Es gehen keine Nachrichten hinaus" in overview
    assert "unzustellbare" not in overview


def test_health_line_says_what_waits_and_when_the_last_left(app: Flask, desk: FlaskClient) -> None:
    mail(state=S.SENT, sent_at=factories.at("2026-01-04T08:04"))
    mail(next_try_at=now() - timedelta(hours=2))
    page = text_of(desk, LIST)
    for words in ("1 Nachricht wartet", "die älteste seit", "zuletzt versendet", "4. Januar"):
        assert words in page
    assert "nichts geht hinaus" in page


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550 5.1.1 <a@b> User unknown", "This address does not exist."),
        ("550 5.1.10 null MX", "The domain takes no mail."),
        ("452 4.2.2 over quota", "The mailbox is full."),
        ("550 5.7.1 Service unavailable; blocked using zen.spamhaus.org", "took the message for"),
        ("550 5.7.26 unauthenticated", "doubts that the message comes from you"),
        ("550 5.7.1 rejected per DMARC policy", "doubts that the message comes from you"),
        ("554 5.7.1 Relay access denied", "passes on nothing"),
        ("450 4.7.1 Greylisted", "asks us to try again later"),
        ("552 5.3.4 too big", "too large for the recipient's server"),
        ("454 4.7.0 TLS not available", "No encrypted connection"),
        ("0 SSLCertVerificationError: self-signed", "No encrypted connection"),
        ("535 5.7.8 Error: authentication failed", "does not accept this program's sign-in"),
        ("0 TimeoutError: timed out", "does not answer in time"),
        ("0 gaierror: [Errno -2] Name or service not known", "name of the mail server"),
        ("0 ConnectionRefusedError: [Errno 111]", "could not be reached"),
        ("421 4.4.2 timeout", "could not be reached"),
        ("450 4.9.9 strange", "not available at the moment"),
        ("", "nothing says why"),
    ],
)
def test_common_refusals_are_said_in_words(app: Flask, reply: str, words: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert words in mail_causes.words(reply)
        assert mail_causes.advice(reply, retried=False)


def test_lists_stay_quick_by_their_indexes(app: Flask, desk: FlaskClient) -> None:
    """What the desk asks of the whole outbox is answered from indexes, not from frozen mails."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the rows that it has")
    lost = Mail.state.in_(("failed", "bounced")), Mail.resent_as_id.is_(None)
    sent = Narrowing(group=Group.SENT).conditions()
    asked = {
        "COVERING INDEX ix_mails_state_sent_at": select(func.max(Mail.sent_at)).where(
            Mail.state.in_(("sent", "bounced"))
        ),
        "COVERING INDEX ix_mails_resent_as_id_state": select(func.count()).where(*lost),
        "ix_mails_state_id": select(Mail.recipient).where(*sent).order_by(Mail.id.desc()),
    }
    for index, query in asked.items():
        compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = str(db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).all())
        assert index in plan
        assert "TEMP B-TREE" not in plan
