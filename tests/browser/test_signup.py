"""A stranger registers for a public talk: form, mail, confirmation, own page, cancellation; without
script and without cookie."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Setup
from tests.browser.test_evening import answer_box, guest, letter, link

pytestmark = pytest.mark.browser

EVA = "eva.kern@verein.example"


def test_stranger_registers_confirms_and_cancels(browser: Browser, setup: Setup) -> None:
    context = guest(browser, scripts=False)
    page = context.new_page()
    page.goto(setup.web)
    page.get_by_role("link", name=re.compile("eRechnung im Rathaus")).click()
    page.get_by_label("Nachname").fill("Kern")
    page.get_by_label("E-Mail-Adresse").fill(EVA)
    form = page.locator("form[action*='/anmeldung']")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Bitte geben Sie den Vornamen ein.")
    expect(page.get_by_label("Nachname")).to_have_value("Kern")
    page.get_by_label("Vorname").fill("Eva")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitte sehen Sie in Ihr Postfach")

    page.goto(link(letter(setup.mail(EVA, "bestätigen Sie Ihre Anmeldung")), setup, "e"))
    page.get_by_role("button", name="Anmeldung bestätigen").click()
    expect(page.locator("main")).to_contain_text(re.compile("Sie sind angemeldet|Warteliste"))
    page.get_by_role("button", name=re.compile("Doch absagen|Warteliste verlassen")).click()
    expect(answer_box(page)).to_contain_text("Sie haben abgesagt")
    setup.mail(EVA, "Ihre Absage")
    assert context.cookies() == []
    context.close()
