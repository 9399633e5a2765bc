"""A deputy is named, comes to the own page and is taken back; a whole series is accepted and left.
On the sample data, through the links of caught mails, as plain pages on a small telephone."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Setup
from tests.browser.test_evening import answer_box, calendar, guest, letter, link, words

pytestmark = pytest.mark.browser

DEPUTY = "jonas.weiss@vertretung.example"


def invited(page: Page, setup: Setup) -> tuple[str, str]:
    """The page and address of somebody in the sample data who has not answered yet."""
    seen: set[str] = set()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:  # the worker may still be sending
        for entry in setup.mails():
            if "Einladung" not in entry["subject"] or entry["id"] in seen:
                continue
            seen.add(entry["id"])
            text = words(letter(setup.mail(entry["to"], entry["subject"])))
            address = re.search(rf"{re.escape(setup.web)}/e/[\w.-]+", text)
            if address is None:
                continue
            page.goto(address[0])
            ways = page.get_by_role("link", name=re.compile("Vertretung benennen|Zu allen Abenden"))
            if page.get_by_text("Kommen Sie?").count() and ways.count() == 2:
                return address[0], str(entry["to"])
        time.sleep(1)
    raise AssertionError("nobody in the sample data can still answer")


def test_deputy_is_named_sees_the_page_and_is_taken_back(browser: Browser, setup: Setup) -> None:
    context = guest(browser, scripts=False)
    page = context.new_page()
    own, email = invited(page, setup)
    page.get_by_role("link", name="Vertretung benennen").click()
    page.get_by_label("Herr", exact=True).check()
    page.fill("#first_name", "Jonas")
    page.fill("#last_name", "Weiß")
    page.get_by_role("button", name="Prüfen").click()
    expect(page.locator("#email-e")).to_be_visible()
    expect(page.locator("#last_name")).to_have_value("Weiß")
    page.fill("#email", DEPUTY)
    page.get_by_role("button", name="Prüfen").click()
    expect(answer_box(page)).to_contain_text("Sehr geehrter Herr Weiß")
    page.get_by_role("button", name="Benennen und benachrichtigen").click()
    expect(answer_box(page)).to_contain_text("Jonas Weiß vertritt Sie.")

    asked = letter(setup.mail(DEPUTY, "Sie vertreten"))
    assert calendar(asked).method == "REQUEST"
    deputy = guest(browser, scripts=False).new_page()
    deputy.goto(link(asked, setup, "e"))
    expect(answer_box(deputy)).to_contain_text("Sie haben zugesagt")
    expect(answer_box(deputy)).to_contain_text("Sie vertreten")
    expect(deputy.get_by_role("link", name="Vertretung benennen")).to_have_count(0)
    setup.mail(email, "Ihre Vertretung")

    page.get_by_role("button", name="Vertretung zurücknehmen").click()
    expect(answer_box(page)).to_contain_text("Kommen Sie?")
    assert calendar(letter(setup.mail(DEPUTY, "nicht mehr nötig"))).method == "CANCEL"
    deputy.reload()
    expect(answer_box(deputy)).to_contain_text("Diese Einladung gilt nicht mehr.")
    assert context.cookies() == []
    assert own == page.url


def test_series_is_accepted_one_evening_declined_and_left(browser: Browser, setup: Setup) -> None:
    context = guest(browser, scripts=False)
    page = context.new_page()
    own, email = invited(page, setup)
    page.get_by_role("link", name="Zu allen Abenden der Reihe zusagen").click()
    expect(answer_box(page)).to_contain_text("Sie werden angemeldet")
    page.get_by_role("button", name="Zu allen Abenden zusagen").click()
    expect(answer_box(page)).to_contain_text("Sie haben der ganzen Reihe")
    setup.mail(email, "Sie kommen zu jedem Abend")
    page.goto(own)
    page.get_by_role("button", name=re.compile("Doch absagen|Warteliste verlassen")).click()
    expect(answer_box(page)).to_contain_text("Sie haben abgesagt")
    page.get_by_role("link", name="Sie haben der ganzen Reihe zugesagt").click()
    expect(answer_box(page)).to_contain_text("bleibt, wie Sie entschieden haben")
    page.get_by_role("button", name="Zusage zur Reihe beenden").click()
    expect(page.get_by_role("button", name="Zu allen Abenden zusagen")).to_be_visible()
    setup.mail(email, "Zusage zur Reihe beendet")
    assert context.cookies() == []
