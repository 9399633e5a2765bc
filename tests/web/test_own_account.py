"""The own account, second factors at the sign-in, and the proof before what is dangerous."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.factories import PASSWORD
from webinar.clock import now
from webinar.domain import second_factors, totp
from webinar.extensions import db
from webinar.models import Account, AccountSession, Role
from webinar.web import fresh
from webinar.web.sign_in import sessions

NEW = "Tannenzapfen Regenrinne"


def sign_in(client: FlaskClient, account: Account, password: str = PASSWORD) -> str:
    client.application.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/anmelden", data={"email": account.email, "password": password})
    return answer.headers.get("Location", answer.text)


def secret_of(client: FlaskClient) -> str:
    found = re.search(r'<p class="num key">([A-Z2-7 ]+)</p>', client.get(APP).text)
    assert found is not None
    return found[1].replace(" ", "")


EXPORT = "/desk/kontakte/liste.csv"
APP = "/desk/konto/zweiter-faktor/app"


def test_password_is_changed_by_the_current_one_and_ends_other_sessions(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    other = signed_in(app, organiser)
    sign_in(client, organiser)
    wrong = client.post("/desk/konto/kennwort", data={"current": "falsch", "password": NEW})
    assert wrong.status_code == 422
    assert "Das Kennwort ist falsch." in wrong.text
    weak = client.post(
        "/desk/konto/kennwort", data={"current": PASSWORD, "password": "Sommer2026!!"}
    )
    assert "bald erraten" in weak.text
    right = client.post("/desk/konto/kennwort", data={"current": PASSWORD, "password": NEW})
    assert right.status_code == 303
    assert client.get("/desk/konto").status_code == 200
    assert other.get("/desk/konto").status_code == 302
    assert sign_in(app.test_client(), organiser, NEW).endswith("/desk/")


def test_sessions_are_listed_and_ended_one_by_one(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    other = app.test_client()
    for browser in (client, other):
        sign_in(browser, organiser)
    strange = factories.account()
    theirs = signed_in(app, strange)
    query = select(AccountSession.id).order_by(AccountSession.id.desc())
    of_others = db.session.scalars(query.where(AccountSession.account_id == strange.id)).one()
    (last, _first) = db.session.scalars(query.where(AccountSession.account_id == organiser.id))
    end = "/desk/konto/sitzungen/{}/beenden"
    assert client.post(end.format(of_others)).status_code == 404
    assert client.post(end.format(last)).status_code == 303
    assert theirs.get("/desk/konto").status_code == 200
    assert other.get("/desk/konto").status_code == 302
    assert client.get("/desk/konto").status_code == 200


def test_app_with_codes_is_set_up_and_then_asked_for(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    sign_in(client, organiser)
    secret = secret_of(client)
    assert client.post(APP, data={"code": "000000"}).status_code == 422
    assert secret_of(client) == secret
    codes = client.post(APP, data={"code": totp.code(secret, totp.step_of(now()))}).text
    found = re.findall(r"<code>([a-z2-9-]+)</code>", codes)
    assert len(found) == 10
    assert secret not in (organiser.totp or "")

    fresh_browser = app.test_client()
    assert sign_in(fresh_browser, organiser).endswith("/anmelden/code")
    assert fresh_browser.get("/desk/").status_code == 302
    assert fresh_browser.post("/anmelden/code", data={"code": "123456"}).status_code == 422
    assert fresh_browser.post("/anmelden/code", data={"code": found[0]}).status_code == 303
    assert fresh_browser.get("/desk/").status_code == 200


def test_guessing_the_code_is_slowed_down(
    app: Flask, client: FlaskClient, organiser: Account
) -> None:
    second_factors.set_up_totp(
        organiser,
        secret=(s := totp.new_secret()),
        typed=totp.code(s, totp.step_of(now())),
        keys=sessions.keys(),
    )
    db.session.commit()
    sign_in(client, organiser)
    statuses = [
        client.post("/anmelden/code", data={"code": "000000"}).status_code for _ in range(8)
    ]
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429


def test_role_that_needs_a_second_factor_gets_nowhere_else(
    app: Flask, environ: dict[str, str]
) -> None:
    from webinar import create_app  # noqa: PLC0415

    strict = create_app({**environ, "WEBINAR_SECOND_FACTOR_ROLES": "admin"})
    client = signed_in(strict, factories.account(role=Role.ADMIN))
    answer = client.get("/desk/kontakte")
    assert answer.headers["Location"].endswith("/desk/konto/zweiter-faktor")
    assert (
        "Ihre Rolle braucht einen zweiten Faktor" in client.get("/desk/konto/zweiter-faktor").text
    )
    assert signed_in(strict, factories.account()).get("/desk/kontakte").status_code == 200


def test_stale_session_proves_itself_before_what_is_dangerous(
    client: FlaskClient, organiser: Account
) -> None:
    sign_in(client, organiser)
    session = db.session.scalars(select(AccountSession)).one()
    session.fresh_at = now() - timedelta(minutes=16)
    db.session.commit()
    assert client.get("/desk/kontakte").status_code == 200
    asked = client.get(f"{EXPORT}?q=a")
    assert "/desk/konto/bestaetigen" in asked.headers["Location"]
    proof = asked.headers["Location"]
    assert client.post(proof, data={"password": "falsch"}).status_code == 422
    on = client.post(proof, data={"password": PASSWORD})
    assert on.headers["Location"].endswith(f"{EXPORT}?q=a")
    assert client.get(on.headers["Location"]).status_code == 200


def test_proof_leads_to_no_other_host(client: FlaskClient, organiser: Account) -> None:
    sign_in(client, organiser)
    for target in ("https://boese.example", "//boese.example", "/desk/\\boese", "/desk/../\t//b"):
        answer = client.post(
            "/desk/konto/bestaetigen", query_string={"next": target}, data={"password": PASSWORD}
        )
        assert answer.headers["Location"] == "/desk/"


def test_every_endpoint_that_needs_a_proof_exists(app: Flask) -> None:
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {*fresh.NEEDED, *fresh.NEEDED.values()} <= known


def test_whatever_deletes_or_lists_many_people_needs_a_proof(app: Flask) -> None:
    words = ("delete", "remove", "export", "discard")
    free = {
        "reservations.delete",  # the video server's
        "talk_speakers.remove",  # comes back with one click
        "reminders.remove",
        "mailings.discard",
        "imports.discard",
        "uploads.delete",  # one's own, on its way
        "uploads.discard",
        "cuts.discard",  # can be made anew
    }
    found = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[2] in words
    }
    assert sorted(found - set(fresh.NEEDED) - free) == []
