"""The legal pages at the desk: written anew, kept in versions, an older one again; no gap stays."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.conftest import signed_in
from webinar import settings_of
from webinar.config import LEGAL_FOLDER, PLACEHOLDER, TERM_GAPS
from webinar.domain import legal_texts, retention_changes
from webinar.domain.retention import KINDS
from webinar.domain.retention_terms import Terms
from webinar.extensions import db
from webinar.models import Account, AuditEntry, LegalText

PAGE = "/desk/rechtstexte/imprint/de"
VERSION = "/desk/rechtstexte/fassung"
FIRST = "# Impressum\n\nTelefon: [[Telefon]]\n"
SECOND = "# Impressum\n\nNeu geschrieben.\n"


@pytest.fixture
def administration(app: Flask, administrator: Account) -> FlaskClient:
    return signed_in(app, administrator)


def test_page_is_written_anew_and_an_older_text_comes_back(
    administration: FlaskClient, client: FlaskClient
) -> None:
    assert "comes with the program" in administration.get("/desk/rechtstexte?lang=en").text
    for text in (FIRST, FIRST, SECOND):
        assert administration.post(PAGE, data={"text": text}).status_code == 303
    first, second = db.session.scalars(select(LegalText).order_by(LegalText.id)).all()
    assert "Neu geschrieben." in client.get("/impressum").text
    assert "Neu geschrieben." not in client.get("/impressum?lang=en").text
    assert "0931 0000-1234" in administration.get(f"{VERSION}/{first.id}").text
    assert administration.post(f"{VERSION}/{first.id}/wieder").status_code == 303
    shown = client.get("/impressum").text
    assert "Telefon: 0931 0000-1234" in shown
    assert [row.text for row in db.session.scalars(select(LegalText).order_by(LegalText.id))] == [
        FIRST,
        SECOND,
        FIRST,
    ]
    page = administration.get(PAGE).text
    assert page.count("Miriam Hartmann") == 3
    assert second.account_id is not None
    assert administration.get(f"{VERSION}/999999").status_code == 404
    assert db.session.query(AuditEntry).filter_by(action="legal.written").count() == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Impressum\n\n[[Vertretung]]", "[[Vertretung]]"),
        ("Impressum ohne Überschrift", "Überschrift"),
        ("", "Text"),
    ],
)
def test_text_with_gaps_or_without_heading_is_refused_and_kept_in_the_form(
    administration: FlaskClient, text: str, said: str
) -> None:
    answer = administration.post(PAGE, data={"text": text})
    assert answer.status_code == 422
    assert said in answer.text
    assert text in answer.text
    assert db.session.query(LegalText).count() == 0


def test_index_warns_of_gaps_in_the_texts_that_come_with_the_program(
    administration: FlaskClient,
) -> None:
    page = administration.get("/desk/rechtstexte").text
    assert "Lücken" in page
    assert "Vertretung" in page


def choose(administration: FlaskClient, **days: str) -> None:
    names = [
        one.name
        for one in retention_changes.choices(Terms(settings_of(administration.application)))
    ]
    form = {**dict.fromkeys(names, ""), **days, "step": "save"}
    assert administration.post("/desk/aufbewahrung/fristen", data=form).status_code == 303


def test_privacy_notice_names_the_terms_in_force(
    administration: FlaskClient, client: FlaskClient
) -> None:
    german, english = (client.get(f"/datenschutz?lang={one}").text for one in ("de", "en"))
    for said in ("365 Tage nach dem Abend", "gestartet haben: 90 Tage.", "höchstens 3 Jahre."):
        assert said in german
    for said in ("365 days after the evening", "you started: 90 days.", "3 years at most."):
        assert said in english
    choose(administration, general="200", openings="14", audit="1460", archive_access="400")
    german, english = (client.get(f"/datenschutz?lang={one}").text for one in ("de", "en"))
    for said in ("200 Tage nach dem Abend", "14 Tage.", "höchstens 400 Tage.", "ändert: 4 Jahre."):
        assert said in german
    for said in ("200 days after the evening", "14 days.", "400 days at most.", "data: 4 years."):
        assert said in english
    assert "[[Frist" not in german + english


def test_own_text_follows_the_terms_and_the_version_stays_as_written(
    administration: FlaskClient, client: FlaskClient
) -> None:
    text = "# Datenschutz\n\n[[Speicherfrist]] Tage, Abrufe [[Frist_Abrufe]].\n"
    page = "/desk/rechtstexte/privacy/de"
    assert administration.post(page, data={"text": text}).status_code == 303
    assert "365 Tage, Abrufe 90 Tage." in client.get("/datenschutz").text
    choose(administration, general="100", openings="7")
    assert "100 Tage, Abrufe 7 Tage." in client.get("/datenschutz").text
    assert db.session.scalars(select(LegalText.text)).all() == [text]


def test_every_gap_of_a_term_names_a_kind_and_stands_in_both_notices() -> None:
    assert set(TERM_GAPS.values()) <= {kind.name for kind in KINDS}
    for language in legal_texts.LANGUAGES:
        notice = (LEGAL_FOLDER / f"privacy.{language}.md").read_text("utf-8")
        assert set(TERM_GAPS) <= {name.lower() for name in PLACEHOLDER.findall(notice)}
