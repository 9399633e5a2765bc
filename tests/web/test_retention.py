"""The page of retention: for administrators, in the words of an office; the worker does it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from tests import factories
from tests.conftest import signed_in
from tests.web import everything
from tests.web.access_matrix import ADMIN, ANYBODY, MATRIX, READ, WRITE
from webinar.clock import now
from webinar.domain import anonymous, forgetting
from webinar.domain.retention import KINDS
from webinar.extensions import db
from webinar.jobs import worker
from webinar.models import (
    Account,
    AuditEntry,
    Contact,
    InboxMessage,
    Mail,
    MailState,
    Speaker,
    Talk,
)

PAGE = "/desk/aufbewahrung"


def test_page_lists_every_kind_and_what_went(app: Flask, administrator: Account) -> None:
    old = AuditEntry(
        action="talk.edited", record_type="talks", record_id=1, at=now() - timedelta(days=1200)
    )
    factories.save(old)
    number = old.id
    client = signed_in(app, administrator)
    page = client.get(PAGE).text
    assert page.count('<tr role="row"><th scope="row"') == len(KINDS)
    assert "1095 Tage" in page
    assert "Bisher ist nichts gegangen." in page
    assert client.post(f"{PAGE}/jetzt").status_code == 303
    db.session.remove()
    worker.run_once(app)
    page = client.get(PAGE).text
    assert page.count("Zeilen des Protokolls") == 2
    assert db.session.get(AuditEntry, number) is None


def test_every_page_shows_what_is_left_of_people(
    app: Flask, organiser: Account, administrator: Account
) -> None:
    """Evenings, messages, speakers whose people are gone."""
    found = everything.fill(app, organiser)
    paths = found.all_paths("GET")
    for talk_id in db.session.scalars(select(Talk.id)).all():
        anonymous.anonymise(talk_id, anonymous.people_at(talk_id), keep_archive=True)
    forgetting.blank_mails(db.session.scalars(select(Mail.id)).all())
    forgetting.blank_messages(db.session.scalars(select(InboxMessage.id)).all())
    db.session.execute(update(Mail).values(state=MailState.SENT, sent_at=now()))
    db.session.execute(update(Speaker).values(email=""))
    db.session.commit()
    client = signed_in(app, administrator)
    asked = {
        path: client.get(path).status_code
        for rule, path in paths
        if MATRIX[rule.endpoint] in (READ, WRITE, ADMIN, ANYBODY)
    }
    assert [path for path, status in asked.items() if status >= 500] == []
    page = client.get(f"/desk/veranstaltungen/{found.talk.id}/anmeldungen").text
    assert page.count("anonymisiert") == 3
    assert db.session.get_one(Contact, found.contact.id).last_name not in page
