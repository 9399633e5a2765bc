"""Somebody waits for the full hall, sees the place in line, and is let in by the office. On the
sample data, whose next evening is full in the hall."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Setup
from tests.browser.test_deputy_and_series import invited
from tests.browser.test_evening import answer_box, calendar, guest, letter

pytestmark = pytest.mark.browser


def position(page: Page) -> int:
    found = re.search(r"auf Platz (\d+)", answer_box(page).inner_text())
    assert found is not None, answer_box(page).inner_text()
    return int(found[1])


def test_who_waits_sees_the_place_in_line_and_gets_one(
    browser: Browser, setup: Setup, desk_page: Page
) -> None:
    page = guest(browser, scripts=False).new_page()
    own, email = invited(page, setup)
    page.get_by_label(re.compile("Vor Ort")).check()
    page.get_by_role("button", name="Zusagen").click()
    before = position(page)
    assert before > 1
    setup.mail(email, "Warteliste")

    desk_page.goto(f"{setup.web}/desk/veranstaltungen")
    desk_page.get_by_role("link", name=re.compile("Der digitale Bauantrag")).first.click()
    desk_page.get_by_role("link", name=re.compile("^Anmeldungen")).click()
    desk_page.get_by_label("Name oder Ort").fill(email)
    desk_page.get_by_role("button", name="Filtern").click()
    desk_page.locator("table.rows tbody th a").first.click()
    desk_page.get_by_role("link", name="Jetzt nachrücken lassen").click()
    desk_page.get_by_label("Grund").fill("Spricht im Anschluss")
    desk_page.get_by_role("button", name=re.compile("nachrücken lassen")).click()

    told = letter(setup.mail(email, "Ihre Teilnahme"))
    page.goto(own)
    expect(answer_box(page)).to_contain_text("Ihr Platz im Saal ist reserviert.")
    assert calendar(told).method == "REQUEST"
    expect(desk_page.get_by_text("Spricht im Anschluss")).to_be_visible()
