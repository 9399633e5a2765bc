"""Four minutes before the start the room fails: the organiser lets a caller in, puts another
meeting in the room's place, and the participant's open page shows it without being touched."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Setup, sign_in
from tests.browser.test_accessibility import problems
from tests.browser.test_evening import letter, link, plan_talk

pytestmark = pytest.mark.browser

URL = "https://treffen.example.org/abend"
IDA = "ida.neu@pruefstadt.example"
LATER = 25_000
"""Milliseconds after which every open page has asked how the door stands."""


def opened(browser: Browser, width: int, *, scripts: bool = True) -> BrowserContext:
    return browser.new_context(
        locale="de-DE", viewport={"width": width, "height": 800}, java_script_enabled=scripts
    )


def let_in(desk: Page) -> None:
    desk.get_by_role("link", name="Zur Seite des Abends").click()
    expect(desk.locator("#lage")).to_contain_text("Beginn in")
    desk.fill("#f-q", "Ida Neu")
    desk.get_by_role("button", name="Suchen").click()
    expect(desk.locator("#anruf")).to_contain_text("Im Adressbuch gibt es keine Treffer")
    desk.get_by_role("link", name="Neue Person einlassen").click()
    desk.fill("#first_name", "Ida")
    desk.fill("#last_name", "Neu")
    desk.fill("#email", IDA)
    desk.get_by_role("button", name="Einlassen").click()
    expect(desk.locator("main")).to_contain_text("Ida Neu kann hinein.")


def put_another_meeting(desk: Page) -> None:
    desk.get_by_role("link", name=re.compile("Raum fällt aus")).click()
    desk.fill("#url", "http://treffen.example.org/abend")
    desk.get_by_role("button", name="Prüfen").click()
    expect(desk.locator("#url-e")).to_contain_text("https://")
    desk.fill("#url", URL)
    desk.get_by_role("button", name="Prüfen").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(
        "Sollen alle zu treffen.example.org wechseln?"
    )
    desk.get_by_role("button", name="Jetzt alle dorthin leiten").click()
    expect(desk.locator("#lage")).to_contain_text("treffen.example.org")


def test_participant_sees_another_meeting_without_reloading(browser: Browser, setup: Setup) -> None:
    organiser = opened(browser, 360)
    desk = organiser.new_page()
    desk.clock.install()
    sign_in(desk, setup)
    plan_talk(desk, setup)
    let_in(desk)
    evening = desk.url
    mail = letter(setup.mail(IDA, "Ihre Teilnahme"))

    guests = opened(browser, 320)
    ida = guests.new_page()
    ida.clock.install()
    ida.goto(link(mail, setup, "e"))
    expect(ida.locator("main")).to_contain_text("Der Raum ist geöffnet")
    plain = opened(browser, 320, scripts=False)
    without = plain.new_page()
    without.goto(link(mail, setup, "r"))
    expect(without.locator("main")).to_contain_text("Der Raum ist geöffnet")

    put_another_meeting(desk)
    ida.clock.fast_forward(LATER)
    lead = ida.get_by_role("link", name="Zum Ersatzraum")
    expect(lead).to_have_attribute("href", URL)
    expect(ida.locator("main")).to_contain_text("treffen.example.org")
    assert URL in str(letter(setup.mail(IDA, "Neuer Raum")).get_body(("plain",)))
    without.reload()  # as its browser does by itself each minute
    expect(without.get_by_role("link", name="Zum Ersatzraum")).to_be_visible()
    refresh = without.content()
    assert '<meta http-equiv="refresh" content="60">' in refresh

    desk.fill("#f-q", "gerade getippt")
    with desk.expect_response(evening):
        desk.clock.fast_forward(LATER)
    expect(desk.locator("#f-q")).to_have_value("gerade getippt")
    desk.get_by_role("link", name="Zurück in den gewohnten Raum").click()
    desk.get_by_role("button", name="Zurück in den gewohnten Raum").click()
    ida.clock.fast_forward(LATER)
    expect(ida.get_by_role("link", name="Zum Raum")).to_be_visible()
    setup.mail(IDA, "Wieder im Videoraum")

    pages = [evening, f"{evening}?q=ida", f"{evening}/ersatzraum", f"{evening}/einlassen/neu"]
    for width in (1280, 320):
        desk.set_viewport_size({"width": width, "height": 800})
        assert [line for page in pages for line in problems(desk, page, setup.web)] == []
    for context in (organiser, guests, plain):
        context.close()
