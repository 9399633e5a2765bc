"""Data protection at the desk: files for the person, and erasing after a page that says what it
means; every column has a word that the person can read."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import JSON, LargeBinary, String

from tests import factories
from tests.conftest import signed_in
from webinar.domain import forgetting, participation, personal_data, traces
from webinar.extensions import db
from webinar.models import Account, Contact, Format, Mode, Speaker
from webinar.web.organiser import personal_words


@pytest.fixture
def administration(app: Flask, administrator: Account) -> FlaskClient:
    return signed_in(app, administrator)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return " ".join(page.get_textpage().get_text_range() for page in document)


def test_contact_gets_files_and_can_be_erased(administration: FlaskClient) -> None:
    talk = factories.talk(title="Wärmeplanung")
    contact = factories.contact(first_name="Hannah", last_name="Seubert")
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    page = administration.get(f"/desk/kontakte/{contact.id}/datenschutz").text
    assert "Wärmeplanung" in page
    assert "1 Einladung und 1 Anmeldung bleiben" in page
    assert "nirgends" in page, "what hangs on the person is counted above"
    answer = administration.get(f"/desk/kontakte/{contact.id}/auskunft.json")
    assert answer.json["records"]["contacts"][0]["email"] == contact.email
    assert answer.json["records"]["registrations"][0]["talk"] == "Wärmeplanung"
    answer = administration.get(f"/desk/kontakte/{contact.id}/auskunft.pdf")
    assert answer.content_type == "application/pdf"
    said = text_of(answer.data)
    for word in ("Was wir über Hannah Seubert", contact.email, "Anmeldung", "Wärmeplanung"):
        assert word in said
    number = contact.id
    assert administration.post(f"/desk/kontakte/{number}/loeschen").status_code == 303
    assert administration.get(f"/desk/kontakte/{number}/datenschutz").status_code == 404
    assert db.session.get(Contact, number) is None


def test_speaker_gets_files_and_can_be_erased(administration: FlaskClient) -> None:
    speaker = factories.speaker(factories.talk(title="Haushalt"))
    page = administration.get(f"/desk/referenten/{speaker.id}/datenschutz").text
    assert "Haushalt" in page
    answer = administration.get(f"/desk/referenten/{speaker.id}/auskunft.json")
    assert answer.json["records"]["speakers"][0]["last_name"] == speaker.last_name
    number = speaker.id
    assert administration.post(f"/desk/referenten/{number}/daten-loeschen").status_code == 303
    assert db.session.get(Speaker, number) is None


def test_values_are_said_in_words(app: Flask) -> None:
    contact = factories.contact(form="frau")
    talk = factories.talk(format=Format.HYBRID, venue="Großer Sitzungssaal")
    participation.accept(factories.invitation(talk, contact), mode=Mode.HALL)
    db.session.commit()
    with app.test_request_context("/?lang=de"):
        found = personal_words.sections(personal_data.of(contact))
    pairs = {tuple(pair) for section in found for record in section["records"] for pair in record}
    assert pairs >= {
        ("Anrede", "Frau"),
        ("Sprache", "Deutsch"),
        ("Zweck", "Betreten des Raums"),
        ("Art", "Bestätigung"),
        ("Ort", "online und im Saal, im Saal, Großer Sitzungssaal"),
    }


def test_every_column_that_can_hold_a_person_has_a_word() -> None:
    tables = db.metadata.tables
    reached = personal_data.reached(tables["contacts"]) | personal_data.reached(tables["speakers"])
    assert reached - set(personal_words.TABLES) == set()
    missing = {
        column.name
        for name in reached
        for column in forgetting.personal_columns(tables[name])
        if isinstance(column.type, (String, JSON, LargeBinary))
    } - set(personal_words.COLUMNS)
    assert missing == set()
    # ... and what somebody wrote, where the person may be named in passing
    looked_in = list(traces.columns())
    assert {table.name for table, _ in looked_in} - set(personal_words.TABLES) == set()
    assert {column.name for _, column in looked_in} - set(personal_words.COLUMNS) == set()
