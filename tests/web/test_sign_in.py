"""Signing in at the desk, through the real form with its CSRF token."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.factories import PASSWORD
from webinar.models import Account


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/anmelden").text)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, email: str, password: str, path: str = "/anmelden"):  # type: ignore[no-untyped-def]
    data = {"email": email, "password": password, "csrf_token": token(client)}
    return client.post(path, data=data)


def test_right_password_opens_the_desk(client: FlaskClient, organiser: Account) -> None:
    answer = sign_in(client, organiser.email, PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/desk/")
    assert client.get("/desk/").status_code == 200


def test_wrong_password_and_unknown_address_look_the_same(
    client: FlaskClient, organiser: Account
) -> None:
    answers = [
        sign_in(client, organiser.email, "falsches Kennwort"),
        sign_in(client, "niemand@lra.example", "falsches Kennwort"),
    ]
    pages = [re.sub(r'(value|data-options)="[^"]*"', "", answer.text) for answer in answers]
    assert pages[0] == pages[1]
    assert "Adresse oder das Kennwort" in pages[0] or "Kennwort" in pages[0]
    assert client.get("/desk/").status_code == 302


def test_typed_address_is_kept_after_a_wrong_password(
    client: FlaskClient, organiser: Account
) -> None:
    assert f'value="{organiser.email}"' in sign_in(client, organiser.email, "falsch").text


def test_inactive_account_stays_outside(client: FlaskClient) -> None:
    account = factories.account(active=False)
    sign_in(client, account.email, PASSWORD)
    assert client.get("/desk/").status_code == 302


def test_form_without_token_is_refused(client: FlaskClient, organiser: Account) -> None:
    answer = client.post("/anmelden", data={"email": organiser.email, "password": PASSWORD})
    assert answer.status_code in (200, 400)
    assert client.get("/desk/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://boese.example/", "//boese.example", "/\\boese.example"]
)
def test_sign_in_leads_to_no_other_host(
    client: FlaskClient, organiser: Account, target: str
) -> None:
    answer = sign_in(client, organiser.email, PASSWORD, f"/anmelden?next={target}")
    assert answer.status_code == 303
    # A backslash that stays in the path, percent-encoded, is a page of ours that does not exist.
    assert urlsplit(answer.headers.get("Location", "")).netloc in ("", "localhost")
    assert not answer.headers.get("Location", "").startswith(("//", "/\\"))


def test_guessing_is_slowed_down(app: Flask, organiser: Account) -> None:
    client = app.test_client()
    value = token(client)
    data = {"email": organiser.email, "password": "geraten", "csrf_token": value}
    statuses = [client.post("/anmelden", data=data).status_code for _ in range(12)]
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429


def test_signing_out_ends_it(client: FlaskClient, organiser: Account) -> None:
    value = token(client)
    client.post(
        "/anmelden", data={"email": organiser.email, "password": PASSWORD, "csrf_token": value}
    )
    page = client.get("/desk/").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    client.post("/abmelden", data={"csrf_token": found[1]})
    assert client.get("/desk/").status_code == 302
