"""The warning a week before files go, once for each day that was set; letting them stay longer."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.domain.archive import link, slides
from webinar.clock import frozen, now
from webinar.domain import deletions, materials, overview
from webinar.domain.mail_health import health
from webinar.domain.overview import DueKind
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Mail, Role


def test_office_is_warned_a_week_before_once_for_each_day(
    app: Flask, organiser: Account, administrator: Account
) -> None:
    factories.account(role=Role.VIEWER)
    talk, other = factories.talk(), factories.talk()
    rows = [slides(talk, "a"), slides(talk, "b"), link(talk), slides(other, "c")]
    day = materials.today() + timedelta(days=8)
    for row in (rows[0], rows[1], rows[3]):
        row.delete_on = day
    db.session.commit()
    assert (deletions.warn(), list(deletions.ahead())) == (0, [])
    with frozen(now() + timedelta(days=1)):
        assert [deletions.warn(), deletions.warn()] == [2, 0]
        mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
        assert {mail.account_id for mail in mails} == {organiser.id, administrator.id}
        assert mails[0].params == {
            "what": "deletion",
            "talk_id": talk.id,
            "on": str(day),
            "materials": [rows[0].id, rows[1].id],
        }
        dues = [due for due in overview.due(health()) if due.kind is DueKind.DELETION]
        assert [(due.talk, due.count) for due in dues] == [(talk, 2), (other, 1)]
        assert deletions.prolong(rows[0], days=365, by=organiser) == day + timedelta(days=365)
        assert not deletions.is_ahead(rows[0])
        assert deletions.warn() == 0
        line = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert line is not None
        assert line.action == "material.prolonged"
    with frozen(now() + timedelta(days=366)):
        assert deletions.warn() == 1
        assert deletions.prolong(rows[2], days=9, by=organiser) == materials.today()
        assert rows[2].delete_on is None
