"""What a mail said goes after its term; that it was sent stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests import factories
from webinar import settings_of
from webinar.clock import now
from webinar.domain import mail
from webinar.domain.retention import Round
from webinar.domain.retention_terms import in_force
from webinar.extensions import db
from webinar.models import Mail, MailState

LONG_AGO = timedelta(days=100)


def old(state: MailState, *, age: timedelta = LONG_AGO) -> Mail:
    key = f"{state}:{age}"
    assert mail.to_contact("declined", factories.contact(), key=key)
    row = factories.mail_of(key)
    when = now() - age
    db.session.execute(
        update(Mail)
        .where(Mail.id == row.id)
        .values(state=state, content=b"Subject: x\r\n\r\ny", sent_at=when, changed_at=when)
    )
    db.session.commit()
    db.session.refresh(row)
    return row


def drop(app: Flask) -> int:
    round_ = Round(in_force(settings_of(app)))
    while round_.step():
        db.session.commit()
    db.session.expire_all()
    return round_.counts.get("mail_bodies", 0)


@pytest.mark.parametrize("state", list(MailState))
def test_body_of_a_settled_mail_goes_and_the_rest_stays(app: Flask, state: MailState) -> None:
    row = old(state)
    before = (row.state, row.sent_at, row.changed_at, row.recipient, row.public_id)
    drop(app)
    waits = state in (MailState.QUEUED, MailState.SENDING, MailState.RETRY)
    assert (row.content is not None) is waits
    assert (row.state, row.sent_at, row.changed_at, row.recipient, row.public_id) == before


def test_body_stays_until_its_term(app: Flask) -> None:
    row = old(MailState.SENT, age=timedelta(days=89))
    assert drop(app) == 0
    assert row.content is not None


def test_desk_says_that_the_text_is_no_longer_kept(app: Flask, desk: FlaskClient) -> None:
    row = old(MailState.SENT)
    drop(app)
    page = desk.get(f"/desk/nachrichten/{row.id}").text
    assert "Der Text wird nicht mehr aufbewahrt" in page
    assert "An den Mailserver übergeben" in page
