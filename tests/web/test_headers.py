"""What every response carries, whoever asks."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ENVIRON
from tests.test_config import GOOD
from webinar import create_app


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
