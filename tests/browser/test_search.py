"""A hit opens the right page of the slides and the right second of the recording."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests import factories, search_archive
from tests.conftest import fresh_sqlite
from tests.personal import address
from tests.search_corpus import CORPUS
from webinar import create_app
from webinar.domain import search_index
from webinar.extensions import db
from webinar.models import MaterialKind, MaterialPage, Purpose

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """What a browser does with a hit does not depend on the database."""
    template = request.getfixturevalue("migrated_sqlite")
    return fresh_sqlite(request.getfixturevalue("sqlite_path"), template=template)


@pytest.fixture
def web(app: Flask, environ: dict[str, str]) -> Iterator[str]:
    """The application, answering real requests beside the test."""
    server = make_server("127.0.0.1", 0, create_app(environ), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A telephone whose browser runs no script."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_hit_opens_the_page_and_the_second(web: str, page: Page) -> None:
    talk = search_archive.hold(CORPUS[0])
    second = search_archive.add(talk, MaterialKind.SLIDES)
    second.pages = [MaterialPage(number=2, text="Nachtrag\nZur Klärschlammverordnung")]
    search_index.index_material(second)
    db.session.commit()
    guest = factories.contact()
    factories.invitation(talk, guest)
    search = f"{web}{address(guest, Purpose.PREFERENCES)}/suche"

    page.goto(search)
    page.get_by_role("searchbox").fill("Bauantrag Verfahren")
    page.get_by_role("button", name="Suchen").click()
    expect(page.locator(".hits mark").first).to_have_text("Bauantragsverfahren")
    page.get_by_role("button", name="Das Bauantragsverfahren").click()
    assert page.url.endswith("#seite-2")
    expect(page.locator("#seite-2:target")).to_contain_text("in sieben Schritten")
    expect(page.locator("#seite-2")).to_be_in_viewport()

    page.goto(f"{search}?q=Klärschlamm")
    page.get_by_role("button", name="Nachtrag").click()
    expect(page.locator("#seite-2:target")).to_contain_text("Klärschlammverordnung")
    expect(page.locator("#seite-2:target")).to_be_in_viewport()

    page.goto(f"{search}?q=Denkmalschutz")
    page.get_by_role("button", name=talk.title).click()
    assert page.url.endswith("&t=610#t=610")
    source = page.locator("video").get_attribute("src")
    assert source is not None
    assert source.endswith("#t=610")
