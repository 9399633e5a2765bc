"""A public page and a personal one by keyboard alone: all can be reached, in the order of the
page, with a focus that can be seen; and the answer is given without a mouse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import personal
from tests.browser.conftest import Setup

pytestmark = pytest.mark.browser

LONGEST = 120
"""Steps within which every page is walked through."""
FOCUSED = """async () => {
  // What has the focus is scrolled to with the next picture.
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const all = [...document.querySelectorAll('*')];
  const box = one.getBoundingClientRect();
  const shown = [one, one.nextElementSibling].filter(Boolean).some(part => {
    const style = getComputedStyle(part);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== 'none';
  });
  return {
    place: all.indexOf(one),
    name: (one.innerText || one.getAttribute('aria-label') || one.name || '').trim(),
    tag: one.tagName.toLowerCase(),
    seen: shown && box.width > 0 && box.height > 0
      && box.bottom > 0 && box.top < innerHeight && box.left >= 0 && box.right <= innerWidth + 1,
  };
}"""


@dataclass(frozen=True)
class Stop:
    """What has the focus: where it stands in the source, what it says, whether it can be seen."""

    place: int
    name: str
    tag: str
    seen: bool


def step(page: Page) -> Stop | None:
    page.keyboard.press("Tab")
    found = page.evaluate(FOCUSED)
    return None if found is None else Stop(**found)


def walked(page: Page) -> list[Stop]:
    """Every stop from the top of the page to its end."""
    stops: list[Stop] = []
    while len(stops) < LONGEST:
        found = step(page)
        if found is None or (stops and found.place <= stops[0].place):
            return stops
        stops.append(found)
    raise AssertionError(f"the focus never leaves the page: {stops[-5:]}")


def go_to(page: Page, name: str) -> None:
    """Tab on until the control of that name has the focus."""
    for _ in range(LONGEST):
        found = step(page)
        if found is not None and found.name.startswith(name):
            return
    raise AssertionError(f"{name!r} cannot be reached by keyboard")


def check(stops: list[Stop]) -> None:
    assert stops[0].name == "Zum Inhalt springen"
    places = [stop.place for stop in stops]
    assert places == sorted(places)
    assert [stop for stop in stops if not stop.seen] == []


def test_public_page_is_walked_by_keyboard(visitor: BrowserContext, setup: Setup) -> None:
    page = visitor.new_page()
    page.emulate_media(reduced_motion="reduce")  # where the focus is, not where it glides to
    page.goto(setup.web)
    check(walked(page))
    page.goto(setup.web)
    go_to(page, "Mehr zum Abend")
    page.keyboard.press("Enter")
    expect(page.locator(".ways")).to_be_visible()
    check(walked(page))
    go_to(page, "In den Kalender eintragen")
    page.keyboard.press("Enter")
    found = step(page)
    assert found is not None
    assert found.name == "Kalenderdatei für Outlook, Apple und andere"
    assert found.seen


def test_answer_is_given_and_changed_by_keyboard(visitor: BrowserContext, setup: Setup) -> None:
    page = visitor.new_page()
    page.emulate_media(reduced_motion="reduce")  # where the focus is, not where it glides to
    page.goto(personal.addresses(setup.folder)["answer", False, "none", None])
    check(walked(page))
    page.reload()
    go_to(page, "Zusagen")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(re.compile("Sie haben zugesagt|Warteliste"))
    check(walked(page))
    page.reload()
    go_to(page, "Doch absagen")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Sie haben abgesagt")
