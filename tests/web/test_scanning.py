"""Viruses: a real clamd with a signature of our own; nothing becomes a material unscanned."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import clamd, factories
from tests.adapters.test_documents import docx, with_entry
from tests.recorder import box, film
from tests.web.test_materials import path_of, upload, work
from tests.web.test_tus import announce, home, send
from webinar import settings_of
from webinar.adapters.antivirus import Scanner, ScannerAway
from webinar.adapters.storage import storage_of
from webinar.demo import decks
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Job, Material, Talk

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with clamd.running(stream=3 * MEBIBYTE) as address:
        yield address


@pytest.fixture
def environ(environ: dict[str, str], address: str) -> dict[str, str]:
    return environ | {"WEBINAR_CLAMAV": address, "WEBINAR_CLAMAV_STREAM_MB": "3"}


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk()


def infected_document() -> bytes:
    """A word processor's file with the word in one of its packed parts."""
    return with_entry(docx(), "word/media/bild.bin", clamd.WORD)


def test_form_sends_its_file_to_the_scanner_before_it_becomes_a_material(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    assert upload(desk, talk).status_code == 303
    assert db.session.query(Material).count() == 0
    assert "wird geprüft" in desk.get(path_of(talk)).text
    work(app)
    assert db.session.scalars(select(Material.title)).all() == ["merkblatt"]
    wrong = upload(desk, talk, film(), kind="slides")
    assert (wrong.status_code, "keine Folien" in wrong.text) == (422, True)


def test_what_the_scanner_finds_is_named_and_not_kept(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    content = decks.LEAFLET.read_bytes() + b"\n%" + clamd.WORD + b"\n%%EOF\n"
    path = announce(desk, talk, content, kind="handout").headers["Location"]
    send(desk, path, content, offset=0)
    work(app)
    page = desk.get(home(talk).removesuffix("hochladen/")).text
    assert f"„{clamd.NAME}“ gefunden" in page
    assert db.session.query(Material).count() == 0
    assert list(storage_of(settings_of(app)).keys()) == []


def test_film_is_scanned_in_windows_and_a_large_document_not_in_part(address: str) -> None:
    scanner = Scanner(address, 3 * MEBIBYTE)
    body = bytearray(8 * MEBIBYTE)
    scanner.check(io.BytesIO(body), windows=True)
    for place in (0, 3 * MEBIBYTE - 10, 5 * MEBIBYTE - 3, len(body) - len(clamd.WORD)):
        body[place : place + len(clamd.WORD)] = clamd.WORD
        with pytest.raises(RuleError, match="file_infected"):
            scanner.check(io.BytesIO(box(b"ftyp") + body), windows=True)
        body[place : place + len(clamd.WORD)] = bytes(len(clamd.WORD))
    with pytest.raises(RuleError, match="file_too_large_to_scan"):
        scanner.check(io.BytesIO(body), windows=False)
    with pytest.raises(ScannerAway):
        Scanner(address, 4 * MEBIBYTE).check(io.BytesIO(body), windows=True)


def test_scanner_that_is_away_delays_and_releases_nothing(
    app: Flask, desk: FlaskClient, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object, **_more: object) -> None:
        raise ScannerAway

    monkeypatch.setattr(Scanner, "check", away)
    upload(desk, talk)
    work(app)
    job = db.session.scalars(select(Job).where(Job.name == "take_upload")).one()
    assert (job.state, db.session.query(Material).count()) == ("queued", 0)
    assert "wird geprüft" in desk.get(path_of(talk)).text
    monkeypatch.undo()
    job.run_at = job.created_at
    db.session.commit()
    work(app)
    assert db.session.query(Material).count() == 1


def test_readiness_names_a_scanner_that_is_away(environ: dict[str, str], app: Flask) -> None:
    checks = app.test_client().get("/readyz").get_json()["checks"]
    assert checks["virus scanner"] == {"ok": True, "says": "answers"}


def test_infected_attachment_inside_a_document_is_found(address: str) -> None:
    with pytest.raises(RuleError, match="file_infected"):
        Scanner(address, 3 * MEBIBYTE).check(io.BytesIO(infected_document()), windows=False)
