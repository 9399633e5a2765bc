"""No more invitations: a button for people, one click for mail programs (RFC 8058)."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.personal import address, everything, looked_at
from webinar.clock import frozen, now
from webinar.domain import participation, registrations
from webinar.extensions import db
from webinar.models import AuditEntry, Contact, Mail, Mode, Purpose

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def subscriber() -> tuple[Contact, str]:
    contact = factories.contact(language="en")
    return contact, address(contact, Purpose.UNSUBSCRIBE)


def unsubscribed(contact: Contact) -> bool:
    db.session.refresh(contact)
    db.session.rollback()
    return contact.unsubscribed_at is not None


def test_looking_unsubscribes_nobody(client: FlaskClient) -> None:
    contact, path = subscriber()
    before = everything()
    assert set(looked_at(client, path)) == {200}
    assert everything() == before
    page = client.get(path).get_data(as_text=True)
    assert "This does not cancel any registration" in page
    assert contact.email in page
    assert "Set-Cookie" not in client.get(path).headers


def test_button_unsubscribes_and_can_be_undone(client: FlaskClient) -> None:
    contact, path = subscriber()
    answer = client.post(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert unsubscribed(contact)
    assert not contact.invitable
    page = client.get(path).get_data(as_text=True)
    assert "You get no more invitations" in page
    assert client.post(f"{path}/zurueck").status_code == 303
    assert not unsubscribed(contact)
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["contact.unsubscribed", "contact.resubscribed"]


def test_every_change_is_mailed_to_its_owner_once(client: FlaskClient) -> None:
    contact, path = subscriber()
    for hour in (9, 10):
        with frozen(factories.at(f"2027-01-04T{hour:02}:00")):
            for _ in range(2):
                client.post(path, data=ONE_CLICK)
            for _ in range(2):
                client.post(f"{path}/zurueck")
    assert not unsubscribed(contact)
    mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [mail.template for mail in mails] == ["unsubscribed", "resubscribed"] * 2
    assert {mail.recipient for mail in mails} == {contact.email}
    assert {mail.talk_id for mail in mails} == {None}


def test_nobody_is_mailed_for_a_contact_that_has_left(client: FlaskClient) -> None:
    contact, path = subscriber()
    contact.retired_at = now()
    db.session.commit()
    client.post(path, data=ONE_CLICK)
    assert unsubscribed(contact)
    assert db.session.scalar(select(func.count(Mail.id))) == 0


def test_mail_program_unsubscribes_with_one_click(client: FlaskClient) -> None:
    contact, path = subscriber()
    answer = client.post(path, data=ONE_CLICK)
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    assert unsubscribed(contact)


def test_one_click_may_come_as_multipart_and_twice(client: FlaskClient) -> None:
    contact, path = subscriber()
    for _ in range(2):
        answer = client.post(path, data=ONE_CLICK, content_type="multipart/form-data")
        assert answer.status_code == 200
    first = contact.unsubscribed_at
    assert unsubscribed(contact)
    client.post(path, data=ONE_CLICK)
    db.session.refresh(contact)
    assert first is None or contact.unsubscribed_at == first
    assert db.session.scalar(select(func.count(AuditEntry.id))) == 1


def test_registrations_stay(client: FlaskClient) -> None:
    contact, path = subscriber()
    talk = factories.talk()
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    client.post(path, data=ONE_CLICK)
    found = registrations.active_registration(talk, contact=contact)
    assert found is not None
    assert found.state == "confirmed"


def test_forged_link_unsubscribes_nobody(client: FlaskClient) -> None:
    contact, path = subscriber()
    assert client.post(path[:-2] + "xx", data=ONE_CLICK).status_code == 404
    assert not unsubscribed(contact)
