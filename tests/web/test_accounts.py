"""The accounts page of administrators, invitations, and setting a password by a link."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from webinar import settings_of
from webinar.domain import account_links
from webinar.domain.account_links import Why
from webinar.extensions import db
from webinar.jobs.handlers import HANDLERS
from webinar.jobs.letters import letter_of
from webinar.jobs.queue import work
from webinar.models import Account, AuditEntry, Job, Mail, Role

PASSWORD = "Tannenzapfen Regenrinne"


@pytest.fixture
def admin(app: Flask, administrator: Account) -> FlaskClient:
    return signed_in(app, administrator)


def test_colleague_is_invited_and_sets_a_password(app: Flask, admin: FlaskClient) -> None:
    data = {"name": "Bernd Wolf", "email": "B.Wolf@lra.example", "role": "organiser"}
    assert admin.post("/desk/konten/neu", data=data).status_code == 303
    mail = db.session.scalars(select(Mail)).one()
    text = letter_of(mail, settings_of(app)).text
    path = re.search(r"http://localhost(/kennwort/\S+)", text)
    assert path is not None
    stranger = app.test_client()
    assert "Willkommen, Bernd Wolf" in stranger.get(path[1]).text
    assert stranger.post(path[1], data={"password": "Bernd.Wolf.2026"}).status_code == 422
    assert stranger.post(path[1], data={"password": PASSWORD}).status_code == 303
    assert stranger.get("/desk/").status_code == 200
    assert stranger.get(path[1]).status_code == 404
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"account.created", "account.invited", "account.password_set"} <= actions


def test_wrong_entries_are_said_and_kept(admin: FlaskClient, organiser: Account) -> None:
    data = {"name": "", "email": organiser.email, "role": "king"}
    answer = admin.post("/desk/konten/neu", data=data)
    assert answer.status_code == 422
    assert organiser.email in answer.text
    answer = admin.post("/desk/konten/neu", data={**data, "name": "X", "role": "viewer"})
    assert "gibt es schon ein Konto" in answer.text


def test_list_and_page_show_state_and_acts(admin: FlaskClient, organiser: Account) -> None:
    factories.account(name="Neu Eingeladen", password=None)
    page = admin.get("/desk/konten").text
    assert "eingeladen" in page
    assert organiser.email in page
    edit = f"/desk/konten/{organiser.id}"
    assert "Deaktivieren" in admin.get(edit).text
    data = {"name": "Anders", "email": organiser.email, "role": "viewer"}
    assert admin.post(edit, data=data).status_code == 303
    assert (organiser.name, organiser.role) == ("Anders", Role.VIEWER)


def test_deactivated_account_is_out_at_once(
    app: Flask, admin: FlaskClient, organiser: Account
) -> None:
    theirs = signed_in(app, organiser)
    assert theirs.get("/desk/").status_code == 200
    admin.post(f"/desk/konten/{organiser.id}/deaktivieren")
    assert theirs.get("/desk/").status_code == 302
    admin.post(f"/desk/konten/{organiser.id}/aktivieren")
    theirs = signed_in(app, organiser)
    admin.post(f"/desk/konten/{organiser.id}/abmelden")
    assert theirs.get("/desk/").status_code == 302


def test_last_administrator_stays(admin: FlaskClient, administrator: Account) -> None:
    admin.post(f"/desk/konten/{administrator.id}/deaktivieren")
    data = {"name": "M", "email": administrator.email, "role": "viewer"}
    assert admin.post(f"/desk/konten/{administrator.id}", data=data).status_code == 422
    assert (administrator.active, administrator.role) == (True, Role.ADMIN)


def test_forgotten_password_is_answered_alike_for_everybody(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answers = [
        client.post("/kennwort", data={"email": email})
        for email in (organiser.email, "niemand@lra.example", "kein at")
    ]
    assert {(a.status_code, a.headers["Location"], a.data) for a in answers} == {
        (303, "/kennwort/verschickt", answers[0].data)
    }
    jobs = db.session.scalars(select(Job).where(Job.name == "send_reset").order_by(Job.id)).all()
    assert [job.params for job in jobs] == [{"account": organiser.id}, *[{"account": 0}] * 2]
    while work(settings_of(app), HANDLERS):
        pass
    mail = db.session.scalars(select(Mail)).one()
    assert mail.account_id == organiser.id
    assert "/kennwort/" in letter_of(mail, settings_of(app)).text


def test_mailbox_is_not_filled_by_strangers(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for _time in range(8):
        assert client.post("/kennwort", data={"email": organiser.email}).status_code == 303
    query = select(Job).where(Job.name == "send_reset")
    assert len(db.session.scalars(query).all()) == 4


def test_opening_a_link_changes_nothing_and_a_reset_ends_sessions(
    app: Flask, organiser: Account
) -> None:
    theirs = signed_in(app, organiser)
    keys = settings_of(app).link_keys
    token = account_links.token(organiser, why=Why.RESET, keys=keys)
    stranger = app.test_client()
    for _time in range(2):
        assert stranger.get(f"/kennwort/{token}").status_code == 200
    assert stranger.post(f"/kennwort/{token}", data={"password": PASSWORD}).status_code == 303
    assert theirs.get("/desk/").status_code == 302
    assert stranger.post(f"/kennwort/{token}", data={"password": PASSWORD}).status_code == 404


def test_account_of_somebody_who_left_is_erased(
    app: Flask, admin: FlaskClient, administrator: Account, organiser: Account
) -> None:
    path, number, name = f"/desk/konten/{organiser.id}", organiser.id, organiser.name
    factories.contact(last_name="Egal", office=f"Vertretung von {name}")
    assert "Konto löschen" not in admin.get(path).text
    for method in ("GET", "POST"):
        assert admin.open(f"{path}/loeschen", method=method).headers["Location"] == path
    assert "Nur ein deaktiviertes Konto" in admin.get(path).text
    own = f"/desk/konten/{administrator.id}/loeschen"
    assert admin.post(own).status_code == 303
    assert "Dies ist Ihr eigenes." in admin.get(own.removesuffix("/loeschen")).text
    assert admin.post(f"{path}/deaktivieren").status_code == 303
    assert "Konto löschen" in admin.get(path).text
    review = admin.get(f"{path}/loeschen").text
    assert f"Konto von {name} löschen?" in review
    assert f"Konto {number} [gelöscht]" in review
    assert admin.post(f"{path}/loeschen").headers["Location"] == "/desk/konten"
    assert name not in admin.get("/desk/konten").text
    for gone in (path, f"{path}/loeschen"):
        assert admin.get(gone).status_code == 404
    assert admin.post(f"{path}/aktivieren").status_code == 404
    log = admin.get("/desk/protokoll").text
    assert "Konto gelöscht" in log
    assert f"Konto {number} [gelöscht]" in log
    assert name not in log
    assert f'href="{path}"' not in log
