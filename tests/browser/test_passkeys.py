"""Passkeys in a real Chromium, with its virtual authenticator: made, used alone, used after the
password, and refused when it is a copy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page
from sqlalchemy import select, update
from werkzeug.serving import make_server

from tests import factories
from tests.factories import PASSWORD
from tests.ports import free_port
from webinar.extensions import db
from webinar.models import AccountSession, Passkey

pytestmark = pytest.mark.browser


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    # The name that keys are bound to is no address of numbers.
    return {**environ, "WEBINAR_BASE_URL": f"http://localhost:{PORT}"}


@pytest.fixture
def database_url(migrated_sqlite, sqlite_path) -> str:  # type: ignore[no-untyped-def]
    """What a browser does with keys does not depend on the database."""
    from tests.conftest import fresh_sqlite  # noqa: PLC0415

    return fresh_sqlite(sqlite_path, template=migrated_sqlite)


PORT = free_port()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{PORT}"
    server.shutdown()
    thread.join(60)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE")
    yield context.new_page()
    context.close()


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A security key that holds the person's finger already."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return wire, str(made["authenticatorId"])


def staff() -> str:
    """The address of a new account; nothing of the test's own may hold a lock meanwhile."""
    email = factories.account().email
    db.session.rollback()
    return email


def rows(*columns: Any) -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in db.session.execute(select(*columns))]
    db.session.rollback()
    return found


def by_password(page: Page, at: str, email: str) -> None:
    page.goto(f"{at}/anmelden")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("form:not([data-passkey]) button")


def sign_out(page: Page) -> None:
    page.click("nav button:has-text('Abmelden')")
    page.wait_for_url("**/anmelden")


def test_passkey_is_made_and_signs_in_alone_and_as_second_factor(served: str, page: Page) -> None:
    email = staff()
    wire, key = authenticator(page)
    by_password(page, served, email)
    page.wait_for_url("**/desk/")
    page.goto(f"{served}/desk/konto/zweiter-faktor/passkey")
    page.fill("input[name=name]", "Laptop im Büro")
    page.click("form[data-passkey] button")
    page.wait_for_selector("h1:has-text('Wiederherstellungscodes')")
    assert page.locator("ul.codes code").count() == 10
    assert rows(Passkey.name) == [("Laptop im Büro",)]

    sign_out(page)
    page.click("form[data-passkey] button")
    page.wait_for_url("**/desk/")

    sign_out(page)
    by_password(page, served, email)
    page.wait_for_url("**/anmelden/code")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/desk/")
    assert rows(AccountSession.method, AccountSession.second_factor) == [("passkey", True)]

    # A copy of the key counts on from an earlier number: whoever comes second is found out.
    db.session.execute(update(Passkey).values(sign_count=Passkey.sign_count + 1000))
    db.session.commit()
    sign_out(page)
    page.click("form[data-passkey] button")
    page.wait_for_selector(".kern-alert--danger")
    assert "öffnet hier kein Konto" in page.inner_text("main")

    wire.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})


def test_passkey_of_another_site_or_none_opens_nothing(served: str, page: Page) -> None:
    authenticator(page)
    page.goto(f"{served}/anmelden")
    page.click("form[data-passkey] button")
    page.wait_for_selector("[data-passkey-problem]:visible")


def test_without_a_script_the_page_offers_what_works(served: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    email = staff()
    by_password(page, served, email)
    page.wait_for_url("**/desk/")
    context.close()
