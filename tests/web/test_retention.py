"""The page of retention: for administrators, in the words of an office; the worker does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import factories
from tests.conftest import signed_in
from tests.web import everything
from tests.web.access_matrix import ADMIN, ANYBODY, MATRIX, READ, WRITE
from webinar import settings_of
from webinar.clock import now
from webinar.domain import anonymous, forgetting
from webinar.domain.retention import KINDS, forecast, kind
from webinar.domain.retention_terms import in_force
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
TERMS = f"{PAGE}/fristen"


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


def typed(**days: str) -> dict[str, str]:
    """The form of the terms: empty but for these."""
    names = [kind.name for kind in KINDS if kind.bounds is not None]
    return {"general": "", **dict.fromkeys(names, ""), **days}


def answers_of(talk: Talk, *, ago: timedelta) -> None:
    """An evening that ended so long ago, with the answer of one person."""
    factories.invitation(talk, factories.contact())
    when = now() - ago
    db.session.execute(
        update(Talk)
        .where(Talk.id == talk.id)
        .values(starts_at=when - timedelta(hours=1), ends_at=when)
    )
    db.session.commit()


def test_terms_are_changed_after_showing_what_goes(app: Flask, administrator: Account) -> None:
    answers_of(factories.talk(), ago=timedelta(days=100))
    client = signed_in(app, administrator)
    page = client.get(TERMS).text
    assert "Leer: 365 Tage. Von 30 bis 3650." in page
    shorter = typed(evenings="90", audit="400")
    review = client.post(TERMS, data=shorter).text
    row = review.partition("Antworten, Anmeldungen")[2].partition("</tr>")[0]
    assert "365 Tage" in row
    assert "90 Tage" in row
    assert 'data-label="Dann fällig">1<' in row
    assert in_force(settings_of(app)).written == {}, "a review writes nothing"
    assert client.post(TERMS, data={**shorter, "step": "save"}).status_code == 303
    db.session.expire_all()
    assert in_force(settings_of(app)).written == {"evenings": 90, "audit": 400}
    lines = {line.kind.name: line for line in forecast(in_force(settings_of(app)))}
    assert (lines["evenings"].days, lines["evenings"].due) == (90, 1), "the dry run knows them"
    said = {
        key: value
        for line in db.session.scalars(select(AuditEntry))
        if line.action == "retention.changed"
        for key, value in line.changes.items()
    }
    assert said == {"term_evenings": [365, 90], "term_audit": [1095, 400]}
    log = client.get("/desk/protokoll").text
    assert "Aufbewahrungsfrist geändert" in log
    assert "365 → 90" in log
    assert client.get(PAGE).text.count("hier gewählt") == 2
    worker.run_once(app)
    db.session.remove()
    assert forecast(in_force(settings_of(app)))[0].due == 0, "the worker goes by them"


def test_empty_field_goes_back_to_the_settings(app: Flask, administrator: Account) -> None:
    client = signed_in(app, administrator)
    client.post(TERMS, data={**typed(general="200", mail_bodies="10"), "step": "save"})
    terms = in_force(settings_of(app))
    assert (kind("mails").term(terms), kind("mail_bodies").term(terms)) == (200, 10)
    client.post(TERMS, data={**typed(mail_bodies="10"), "step": "save"})
    db.session.expire_all()
    terms = in_force(settings_of(app))
    assert (terms.written, kind("mails").term(terms)) == ({"mail_bodies": 10}, 365)


@pytest.mark.parametrize(
    "wrong", [{"evenings": "29"}, {"audit": "364"}, {"inbox": "3651"}, {"general": "bald"}]
)
def test_no_term_is_out_of_bounds(
    app: Flask, administrator: Account, wrong: dict[str, str]
) -> None:
    client = signed_in(app, administrator)
    for step in ("", "save"):
        answer = client.post(TERMS, data={**typed(**wrong), "step": step})
        assert answer.status_code == 422
        assert next(iter(wrong.values())) in answer.text, "what was typed stays"
    assert in_force(settings_of(app)).written == {}


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
