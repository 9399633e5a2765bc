"""The page of retention: for administrators, in the words of an office; the worker does it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from tests import factories
from tests.conftest import signed_in
from webinar.clock import now
from webinar.domain.retention import KINDS
from webinar.extensions import db
from webinar.jobs import worker
from webinar.models import Account, AuditEntry

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
