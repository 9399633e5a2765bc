"""No page asks a foreign host for anything, breaks its own content policy, or complains in the
browser's console; pages behind links leave no cookie.

Crawled from the first pages along their links, one page of each kind, as anybody, as the holders of
links and as the office; at the end the logs hold nothing of what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request

from tests.browser import leaks, personal
from tests.browser.conftest import Setup, sign_in
from tests.lengths import length

pytestmark = [pytest.mark.browser, pytest.mark.deep]

PAGES = length(25, soak=400)
"""Of each crawl."""
PUBLIC = ("/", "/rueckblick", "/ueber-die-reihe", "/technik", "/meine", "/impressum", "/anmelden")
REFUSED = ("/gibt-es-nicht", "/e/ungueltig.ungueltig")
NOTE_VIOLATIONS = """document.addEventListener('securitypolicyviolation', event =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"""
ENDS = re.compile(r"/abmelden$|\.(ics|csv|xlsx|pdf|zip|mp4|vtt)$|/(datei|export)\b")
"""Files, and what ends the sign-in."""


def kind(address: str) -> str:
    """What pages of one kind have in common: the path without records and tokens."""
    path = urlsplit(address).path
    path = re.sub(r"/[\w-]{10,}\.[\w-]{20,}", "/TOKEN", path)
    return re.sub(r"\d+|(?<=/veranstaltungen/)(?!neu)[a-z][^/]*|(?<=/reihen/)[^/]+", "N", path)


class Crawl:
    """One browser, what it asked for and what it complained of."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.page, self.home = context.new_page(), home
        self.wrong: list[str] = []
        self.seen: set[str] = set()
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("request", self.note_request)
        context.on("console", self.note_message)

    def note_request(self, request: Request) -> None:
        if not request.url.startswith((self.home + "/", "data:", "blob:")):
            self.wrong.append(f"{self.page.url} asks {request.url}")

    def note_message(self, message: ConsoleMessage) -> None:
        # A page that is not there says so in the console, too: that is its answer, not a complaint.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.wrong.append(f"{self.page.url} says {message.text}")

    def run(self, start: Iterable[str], most: int) -> int:
        """Follow the links from there; returns how many pages were seen."""
        waiting = list(start)
        while waiting and len(self.seen) < most:
            address = waiting.pop(0)
            if kind(address) not in self.seen:
                self.seen.add(kind(address))
                waiting += self.visit(address)
        return len(self.seen)

    def visit(self, address: str) -> list[str]:
        try:
            self.page.goto(address)
        except Error as problem:
            if "Download is starting" not in str(problem):
                raise
            return []
        links = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        found = [urldefrag(str(link)).url for link in links]
        return [
            link
            for link in found
            if link.startswith(self.home + "/") and not ENDS.search(urlsplit(link).path)
        ]


@pytest.fixture
def crawl(visitor: BrowserContext, setup: Setup) -> Crawl:
    return Crawl(visitor, setup.web)


def test_public_pages_ask_nobody_else(crawl: Crawl, setup: Setup) -> None:
    assert crawl.run([setup.web + path for path in (*PUBLIC, *REFUSED)], PAGES) >= len(PUBLIC)
    assert crawl.wrong == []


def test_personal_pages_ask_nobody_else_and_leave_no_cookie(crawl: Crawl, setup: Setup) -> None:
    """Each purpose, with every answer, before and after the evening; where they lead to, too."""
    for address in personal.addresses(setup.folder).values():
        crawl.visit(address)
    crawl.run(personal.addresses(setup.folder).values(), PAGES)
    assert crawl.wrong == []
    assert crawl.page.context.cookies() == []


def test_desk_asks_nobody_else(crawl: Crawl, setup: Setup) -> None:
    sign_in(crawl.page, setup)
    assert crawl.run([setup.web + "/desk/"], PAGES) >= min(PAGES, 25)
    assert crawl.wrong == []


def test_crawl_notices_what_it_is_there_for(browser: Browser, setup: Setup) -> None:
    """A picture of another host and a style of the page's own, put into a real page."""
    context = browser.new_context()
    crawl = Crawl(context, setup.web)
    spoil(crawl.page, setup)
    assert any("policy: img-src" in line for line in crawl.wrong)
    assert any("policy: style-src" in line for line in crawl.wrong)
    context.close()


def spoil(page: Page, setup: Setup) -> None:
    page.goto(setup.web)
    with page.expect_console_message(lambda message: "policy: img" in message.text):
        page.evaluate(
            """() => {
                document.body.innerHTML += '<p style="color: red">x</p>';
                document.body.append(Object.assign(new Image(), {src: 'https://foreign.example/'}));
            }"""
        )


def test_leak_in_a_log_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "web.log").write_text('{"path": "/e/[link]"}\n')
    (tmp_path / "log" / "worker.log").write_text("refused: KERN@gemeinde.example\n")
    assert leaks.in_logs(tmp_path, {"kern@gemeinde.example", "/e/abc"}) == [
        "worker: KERN@gemeinde.example"
    ]
