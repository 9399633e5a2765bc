"""What every response carries, whoever asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import ENVIRON, signed_in
from tests.test_config import GOOD
from tests.web import world
from webinar import create_app
from webinar.models import Account


@pytest.mark.parametrize("path", ["/", "/anmelden", "/e/nichts.nichts", "/gibt-es-nicht"])
def test_policy_allows_nothing_inline_and_nothing_foreign(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]


def test_personal_pages_are_not_stored_and_not_told_about(client: FlaskClient) -> None:
    headers = client.get("/e/nichts.nichts").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


EVERYWHERE = {
    "X-Content-Type-Options": r"nosniff",
    "X-Frame-Options": r"DENY|SAMEORIGIN",
    "Cross-Origin-Opener-Policy": r"same-origin",
    "Cross-Origin-Resource-Policy": r"same-origin",
    "Referrer-Policy": r"no-referrer|same-origin",
    "Permissions-Policy": r".*geolocation=\(\).*",
    "Content-Security-Policy": r"default-src 'none'; .*base-uri 'none'.*",
}


def lacking(answer: TestResponse) -> Iterator[str]:
    """What is wrong with the headers of an answer."""
    headers = answer.headers
    for name, value in EVERYWHERE.items():
        if not re.fullmatch(value, headers.get(name, "")):
            yield f"{name}: {headers.get(name)}"
    if "unsafe" in headers["Content-Security-Policy"].replace("style-src 'unsafe-inline'", ""):
        yield "unsafe"
    kept = headers.get("Cache-Control", "")
    path = answer.request.path
    if answer.status_code >= 400 or path.startswith("/desk") or re.match(r"/[a-z]/", path):
        if not re.search("no-store|private", kept):
            yield f"Cache-Control: {kept}"
        if headers["Referrer-Policy"] != "no-referrer":
            yield "tells where it came from"
    elif "Set-Cookie" in headers and "no-store" not in kept:
        yield f"stores a cookie: {kept}"
    if "Set-Cookie" in headers and re.match(r"/[a-z]/", path):
        yield "sets a cookie"


@pytest.mark.once
def test_every_address_carries_the_policies_whoever_asks_and_however(
    app: Flask, administrator: Account
) -> None:
    """Pages, files, calls of machines; found, refused, with a method or a body that nobody takes.
    What is personal or refused is kept nowhere, and nothing that it leads to learns its address."""
    whole = world.build(app, administrator)
    asked = {path: rule for method in ("GET", "POST") for rule, path in whole.all_paths(method)}
    wrong = []
    for client in (signed_in(app, administrator), app.test_client()):
        for path, rule in asked.items():
            for method in {"GET", "PROPFIND"} & {*(rule.methods or ()), "PROPFIND"}:
                with client.open(path, method=method) as answer:
                    wrong += [(method, path, what) for what in lacking(answer)]
    for path, body in (("/\0", b""), ("/anmelden", b"{}"), ("/gibt/es/nicht", b"x")):
        with app.test_client().post(path, data=body, content_type="application/json") as answer:
            assert answer.status_code >= 400
            wrong += [("POST", path, what) for what in lacking(answer)]
    assert wrong == []


def test_desk_takes_a_form_over_https_from_a_browser_that_names_no_referrer(
    database_url: str,
) -> None:
    """Our own policy lets it name none."""
    app = create_app({**GOOD, "WEBINAR_DATABASE_URL": database_url})
    client = app.test_client()
    home = "https://termine.lra.example"
    page = client.get("/anmelden", base_url=home)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    given = {"email": "a@b.example", "password": "falsch", "csrf_token": token[1]}
    assert client.post("/anmelden", base_url=home, data=given).status_code in (200, 422)
    without = {**given, "csrf_token": "x"}
    assert client.post("/anmelden", base_url=home, data=without).status_code == 400


def test_production_insists_on_https(database_url: str) -> None:
    app = create_app({**GOOD, "WEBINAR_DATABASE_URL": database_url})
    answer = app.test_client().get("/anmelden")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers.get("Set-Cookie", "")
    assert cookie.startswith("__Host-webinar=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie


def test_forwarded_address_counts_only_behind_a_trusted_proxy(database_url: str) -> None:
    for proxies, expected in (("0", "127.0.0.1"), ("1", "203.0.113.9")):
        app = create_app(
            {**ENVIRON, "WEBINAR_DATABASE_URL": database_url, "WEBINAR_TRUSTED_PROXIES": proxies}
        )
        seen = []
        app.before_request(lambda seen=seen: seen.append(_address()))
        app.test_client().get("/anmelden", headers={"X-Forwarded-For": "203.0.113.9"})
        assert seen == [expected]


def _address() -> str | None:
    from flask import request  # noqa: PLC0415

    return request.remote_addr


def test_defect_shows_a_number_that_the_log_knows(
    capfd: pytest.CaptureFixture[str], app: Flask
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        raise ZeroDivisionError

    app.view_functions["sign_in.show"] = broken
    answer = app.test_client().get("/anmelden")
    number = answer.text.split('class="num">')[1].split("<")[0]
    assert answer.status_code == 500
    assert len(number) == 8
    logged = capfd.readouterr().err
    assert number in logged
    assert "ZeroDivisionError" in logged
