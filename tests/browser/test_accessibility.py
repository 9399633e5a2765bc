"""axe finds nothing (WCAG 2.2 A and AA) on any kind of page, light and dark, wide and narrow; and
no page asks another host for anything or scrolls sideways."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

from tests.browser import personal
from tests.browser.conftest import Setup, sign_in
from tests.lengths import length

pytestmark = [pytest.mark.browser, pytest.mark.deep]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": TAGS, "resultTypes": ["violations"]}
Scheme = Literal["light", "dark"]
BOTH: tuple[Scheme, ...] = ("light", "dark")
SCHEMES: dict[int, tuple[Scheme, ...]] = {
    1280: length(("light",), soak=BOTH),
    320: length(("dark",), soak=BOTH),
}
"""By the width of the window."""
PUBLIC = ["/", "/rueckblick", "/ueber-die-reihe", "/technik", "/impressum", "/datenschutz"]
PUBLIC += [
    "/barrierefreiheit",
    "/anmelden",
    "/kennwort",
    "/gibt-es-nicht",
    "/e/ungueltig.ungueltig",
    "/?lang=en",
]
DESK = ["/desk/", "/desk/veranstaltungen", "/desk/kontakte", "/desk/verteiler"]
DESK += ["/desk/referenten", "/desk/nachrichten", "/desk/reihen", "/desk/aufzeichnungen"]
DESK += ["/desk/konten", "/desk/konten/neu", "/desk/konto", "/desk/konto/bestaetigen"]
DESK += [f"/desk/konto/zweiter-faktor{page}" for page in ("", "/app", "/passkey")]
LEAD_ON = re.compile(
    r"^/(veranstaltungen/[^/]+|desk/(veranstaltungen|kontakte|verteiler|referenten|reihen|nachrichten)"
    r"/(\d+|neu|import/?)(/[a-z-]+)*/?)$"
)


@pytest.fixture(params=SCHEMES)
def page(request: pytest.FixtureRequest, browser: Browser):  # type: ignore[no-untyped-def]
    context = browser.new_context(viewport={"width": request.param, "height": 900}, locale="de-DE")
    yield context.new_page()
    context.close()


def problems(page: Page, address: str, home: str) -> list[str]:
    """What is wrong with the page at the address, a line each; it is loaded once for both looks."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(address)
    page.evaluate(Axe().axe_script)
    wrong = []
    assert page.viewport_size is not None
    for scheme in SCHEMES[page.viewport_size["width"]]:
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("options => axe.run(options)", OPTIONS)["violations"]
        wrong += [
            f"{address} ({scheme}): {rule['id']} at {rule['nodes'][0]['target']}:"
            f" {rule['nodes'][0]['html'][:120]}"
            for rule in found
        ]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    if page.evaluate(wide):
        wrong.append(f"{address}: scrolls sideways")
    wrong += [f"{address}: asks {url}" for url in asked if not url.startswith((home, "data:"))]
    page.remove_listener("request", note)
    return wrong


_found: dict[tuple[str, ...], list[str]] = {}


def one_of_each(page: Page, addresses: list[str], home: str) -> list[str]:
    """The addresses, and from their links one page of each further kind. Looked up once: a window
    of another width leads to the same pages."""
    key = (home, *addresses)
    if key not in _found:
        _found[key] = _one_of_each(page, addresses, home)
    return _found[key]


def _one_of_each(page: Page, addresses: list[str], home: str) -> list[str]:
    kinds: dict[str, str] = {}
    for address in addresses:
        page.goto(home + address)
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname)")
        for path in links:
            if LEAD_ON.match(path):
                kinds.setdefault(re.sub(r"\d+|(?<=/veranstaltungen/)[a-z][^/]*$", "N", path), path)
    return addresses + [path for path in kinds.values() if path not in addresses]


def test_public_pages_are_accessible(page: Page, setup: Setup) -> None:
    addresses = one_of_each(page, PUBLIC, setup.web)
    assert [line for a in addresses for line in problems(page, setup.web + a, setup.web)] == []


def test_desk_pages_are_accessible(page: Page, setup: Setup) -> None:
    sign_in(page, setup)
    addresses = one_of_each(page, one_of_each(page, DESK, setup.web), setup.web)
    assert len(addresses) > 20
    assert [line for a in addresses for line in problems(page, setup.web + a, setup.web)] == []


def test_personal_pages_are_accessible(page: Page, setup: Setup) -> None:
    """Every purpose of a link, before and after the evening, with every answer."""
    links = personal.addresses(setup.folder)
    assert {kind[0] for kind in links} >= {"answer", "enter", "archive", "speaker", "unsubscribe"}
    assert {kind[2:] for kind in links} >= {
        ("none", None),
        ("declined", None),
        ("accepted", "confirmed"),
        ("accepted", "waiting"),
    }
    assert [line for a in links.values() for line in problems(page, a, setup.web)] == []
