"""The page of a contact: what was sent, what came back, and the address put right there."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from tests.web.test_inbox import message, text_of
from webinar.clock import now
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    Contact,
    InboxKind,
    InboxState,
    Mail,
    MailState,
    Outcome,
    Role,
)


def lost(contact: Contact, **values: object) -> Mail:
    row = Mail(
        **{
            "template": "declined",
            "key": f"k{db.session.query(Mail).count()}",
            "recipient": contact.email,
            "contact": contact,
            "talk": factories.talk(title="Schulen ans Netz"),
            "state": MailState.BOUNCED,
            "reply": "5.1.1 smtp; 550 unknown",
            **values,
        }
    )
    factories.save(row)
    return row


def came_back(contact: Contact) -> None:
    message(
        contact,
        kind=InboxKind.BOUNCE,
        state=InboxState.ACTED,
        outcome=Outcome.BOUNCED,
        suggestion="",
        details={"status": "5.1.1"},
    )
    message(
        contact,
        kind=InboxKind.AUTOMATIC,
        state=InboxState.ACTED,
        outcome=Outcome.FILED,
        suggestion="",
        subject="Abwesend bis Montag",
    )


def page_of(contact: Contact) -> str:
    return f"/desk/kontakte/{contact.id}"


def test_page_shows_what_was_sent_and_what_came_back(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact(bounced_at=now())
    lost(contact)
    came_back(contact)
    page = text_of(desk, page_of(contact))
    for words in (
        "Bestätigung der Absage",
        "Schulen ans Netz",
        "Diese Adresse gibt es nicht.",
        "Automatische Antwort",
        "Abwesend bis Montag",
        "Adresse prüfen",
        "Richtige Adresse",
        "unzustellbar",
    ):
        assert words in page


def test_page_of_a_good_address_asks_for_none(app: Flask, desk: FlaskClient) -> None:
    page = text_of(desk, page_of(factories.contact()))
    assert "Adresse prüfen" not in page
    assert "noch keine Nachricht" in page


def test_page_needs_the_same_queries_for_one_and_three(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact(bounced_at=now())
    counts = []
    for many in (1, 2):
        for _ in range(many):
            lost(contact, state=MailState.SENT)
            came_back(contact)
        with counted() as statements:
            text_of(desk, page_of(contact))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_address_is_corrected_and_the_lost_message_sent_again(
    app: Flask, desk: FlaskClient
) -> None:
    contact = factories.contact(bounced_at=now())
    row, left = lost(contact), lost(contact)
    data = {"email": "neu@gemeinde.example", "mails": [str(row.id)]}
    answer = desk.post(f"{page_of(contact)}/adresse", data=data, follow_redirects=True)
    assert "1 Nachricht ist erneut unterwegs" in answer.text
    db.session.expire_all()
    assert (contact.email, contact.bounced_at) == ("neu@gemeinde.example", None)
    assert row.resent_as_id is not None
    assert left.resent_as_id is None


def test_wrong_entries_stand_at_their_field(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact(bounced_at=now())
    answer = desk.post(f"{page_of(contact)}/adresse", data={"email": contact.email})
    assert answer.status_code == 422
    assert "An diese Adresse ging die Nachricht schon." in answer.text
    factories.contact(email="rathaus@gemeinde.example")
    answer = desk.post(f"{page_of(contact)}/adresse", data={"email": "rathaus@gemeinde.example"})
    assert answer.status_code == 422
    assert "Beide nutzen diese Adresse" in answer.text


def test_mark_goes_when_the_address_is_right(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact(bounced_at=now())
    for _ in range(2):
        assert desk.post(f"{page_of(contact)}/adresse/stimmt").status_code == 303
    db.session.expire_all()
    assert contact.bounced_at is None
    actions = [row.action for row in db.session.query(AuditEntry)]
    assert actions == ["contact.address_trusted"]


def test_viewer_sees_the_mark_and_no_form(app: Flask) -> None:
    contact = factories.contact(bounced_at=now())
    page = text_of(signed_in(app, factories.account(role=Role.VIEWER)), page_of(contact))
    assert "Adresse prüfen" in page
    assert "Richtige Adresse" not in page
