"""What is refused at the edge, whatever page was asked for."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests import factories
from tests.personal import address, everything
from webinar import create_app
from webinar.extensions import db
from webinar.models import Purpose

NUL = "Sofie\x00Kern"


@pytest.mark.parametrize(
    "path",
    [
        "/veranstaltungen/der-%00-abend",
        "/veranstaltungen/a/kalender.ics?x=%00",
        "/?lang=%00",
        "/gibt-es-nicht/%00",
        "/anmelden?next=/desk/%00",
        "/e/abc%00def.ghi",
        "/r/abc?%00=1",
    ],
)
def test_address_with_nul_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert "Diese Anfrage ist nicht lesbar" in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/desk/kontakte?q=%00",
        "/desk/veranstaltungen?q=Bau%00antrag",
        "/desk/nachrichten?q=%00",
        "/desk/kontakte/import/%00",
    ],
)
def test_search_for_nul_is_refused(desk: FlaskClient, path: str) -> None:
    assert desk.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/desk/kontakte/neu", "/desk/reihen/neu", "/desk/referenten/neu"])
def test_form_with_nul_is_refused_and_nothing_kept(desk: FlaskClient, path: str) -> None:
    before = everything()
    values = {"last_name": NUL, "name": NUL, "email": "kern@gemeinde.example"}
    assert desk.post(path, data=values).status_code == 400
    assert desk.post(path, data={"x\x00": "1"}).status_code == 400
    assert desk.post(path, data=values, content_type="multipart/form-data").status_code == 400
    assert everything() == before


def test_sign_in_with_nul_is_refused(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    client = app.test_client()
    values = {"email": "hartmann\x00@lra.example", "password": "ein langes Kennwort"}
    assert client.post("/anmelden", data=values).status_code == 400
    assert client.post("/anmelden", json=values).status_code == 400


def test_answer_with_nul_is_refused(client: FlaskClient) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact)
    path = address(contact, Purpose.ANSWER, talk)
    assert client.post(f"{path}/zusage", data={"mode": "onl\x00ine"}).status_code == 400


def test_uploaded_bytes_may_hold_nul_but_their_names_not(desk: FlaskClient) -> None:
    path = f"/desk/veranstaltungen/{factories.talk().id}/unterlagen/neu"
    for name, status in (("folien.pdf", 422), ("folien\x00.pdf", 400)):
        values = {"file": (io.BytesIO(b"a\x00b"), name), "kind": "slides"}
        answer = desk.post(path, data=values, content_type="multipart/form-data")
        assert answer.status_code == status


def test_database_that_is_away_is_a_page_that_asks_for_patience(environ: dict[str, str]) -> None:
    away = create_app({**environ, "WEBINAR_DATABASE_URL": "postgresql://root@127.0.0.1:1/none"})
    for path in ("/", "/desk/", "/desk/kontakte"):
        client = away.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = "someone"
            session["_fresh"] = True
        answer = client.get(path)
        assert answer.status_code == 503
        assert "Zurzeit nicht erreichbar" in answer.text
        assert answer.headers["Retry-After"] == "30"
        assert "Content-Security-Policy" in answer.headers


def test_wrong_statement_is_a_defect_and_no_outage(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    db.session.execute(text("ALTER TABLE series RENAME TO lost"))
    db.session.commit()
    try:
        answer = client.get("/")
    finally:
        db.session.rollback()
        db.session.execute(text("ALTER TABLE lost RENAME TO series"))
        db.session.commit()
    assert answer.status_code == 500
    assert "schiefgegangen" in answer.text
