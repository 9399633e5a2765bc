"""The legal pages at the desk: written anew, kept in versions, an older one again; no gap stays."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.conftest import signed_in
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
