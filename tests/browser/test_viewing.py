"""The page of a talk in the archive before a real browser: seconds, pages, subtitles, axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Setup
from tests.browser.test_accessibility import problems
from webinar import create_app
from webinar.demo import environment
from webinar.domain import links
from webinar.extensions import db
from webinar.models import Answer, Invitation, Material, MaterialKind, Purpose

pytestmark = pytest.mark.browser


def archive_address(folder: Path) -> str:
    """The archive of the evening that was recorded, for somebody who was invited."""
    app = create_app(environment.prepare({"WEBINAR_VAR": str(folder)}).environ({}))
    settings = app.extensions["settings"]
    with app.app_context():
        film = db.session.scalars(
            select(Material).where(Material.kind == MaterialKind.RECORDING).order_by(Material.id)
        ).first()
        assert film is not None
        invited = select(Invitation).where(
            Invitation.talk_id == film.talk_id, Invitation.answer != Answer.WITHDRAWN
        )
        person = db.session.scalars(invited.order_by(Invitation.id)).first()
        assert person is not None
        link = links.contact_link(person.contact, purpose=Purpose.ARCHIVE, talk=film.talk)
        db.session.commit()
        found = links.address(link, base_url=settings.base_url, keys=settings.link_keys)
        db.session.remove()
        db.engine.dispose()
    return found


@pytest.fixture(scope="module")
def address(setup: Setup) -> str:
    return archive_address(setup.folder)


def second(page: Page) -> float:
    """Where the film stands once it has moved there."""
    script = """async video => {
        while (video.seeking || video.readyState < 2) {
            await new Promise(done => setTimeout(done, 50));
        }
        return video.currentTime;
    }"""
    return float(page.locator("video").evaluate(script))


def test_address_leads_to_the_second_and_its_page(visitor: BrowserContext, address: str) -> None:
    page = visitor.new_page()
    page.goto(f"{address}#t=10")
    expect(page.locator("#seite-4")).to_have_attribute("aria-current", "true")
    assert second(page) == pytest.approx(10, abs=0.5)
    expect(page.locator("#seite-4 img")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Scannen und ersetzen")).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_role("link", name="Zahlen aus dem Probebetrieb").click()
    expect(page.locator("#seite-6")).to_have_attribute("aria-current", "true")
    assert second(page) >= 12
    page.get_by_label("Tempo").select_option("1.5")
    assert page.locator("video").evaluate("video => video.playbackRate") == 1.5
    shown = "video => new Promise(done => { const track = video.textTracks[0];" + (
        "const look = () => track.cues && track.cues.length"
        " ? done([track.mode, track.language, track.cues[0].text]) : setTimeout(look, 50);"
        " look(); })"
    )
    mode, language, text = page.locator("video").evaluate(shown)
    assert (mode, language) == ("showing", "de")
    assert text.startswith("Guten Abend.")


def test_page_of_the_slides_has_an_address(visitor: BrowserContext, address: str) -> None:
    page = visitor.new_page()
    page.goto(f"{address}#seite-7")
    expect(page.locator("#seite-7")).to_be_in_viewport(ratio=0.5)
    expect(page.locator("#seite-7")).to_contain_text("Aufbewahrung und Aussonderung")


def test_without_script_the_page_is_plainer_and_whole(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("link", name="Scannen und ersetzen").click()
    source = page.locator("video").get_attribute("src") or ""
    assert source.endswith("#t=9")
    expect(page.get_by_label("Tempo")).to_be_hidden()
    page.get_by_role("link", name="Zur Seite 3").first.click()
    expect(page.locator("#seite-3")).to_be_in_viewport()
    context.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(browser: Browser, setup: Setup, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="de-DE")
    assert problems(context.new_page(), address, setup.web) == []
    context.close()
