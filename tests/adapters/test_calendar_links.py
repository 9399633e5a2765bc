"""The addresses that fill in an entry on the web, read as a browser reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.test_calendar import LINK, PRINTABLE, event
from webinar.adapters import calendar_links
from webinar.adapters.calendar import Event
from webinar.clock import BERLIN

SUMMER = datetime(2027, 7, 8, 18, 0, tzinfo=BERLIN)


def google(given: Event) -> dict[str, str]:
    return fields(calendar_links.google(given), "calendar.google.com", "/calendar/render")


def outlook(given: Event, *, private: bool = False) -> dict[str, str]:
    host = "outlook.live.com" if private else "outlook.office.com"
    address = calendar_links.outlook(given, private=private)
    return fields(address, host, "/calendar/action/compose")


def fields(address: str, host: str, path: str) -> dict[str, str]:
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", host, path, "")
    assert address.isascii()
    assert "+" not in address  # Outlook shows one that stands for a blank
    found = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def test_google_takes_moments_in_utc_and_lines_as_they_are() -> None:
    assert google(event(summary='Grün & günstig, "größer"', description="Eins\r\nZwei")) == {
        "action": "TEMPLATE",
        "text": 'Grün & günstig, "größer"',
        "dates": "20270114T170000Z/20270114T183000Z",
        "location": f"Großer Sitzungssaal, {LINK}",
        "details": f"Eins\nZwei\n\n{LINK}",
    }
    assert google(event(start=SUMMER))["dates"] == "20270708T160000Z/20270708T173000Z"


@pytest.mark.parametrize("private", [False, True])
def test_outlook_takes_moments_in_utc_and_lines_as_html(private: bool) -> None:
    assert outlook(event(description="Eins <b>\nZwei & drei"), private=private) == {
        "rru": "addevent",
        "subject": "Der digitale Bauantrag",
        "startdt": "2027-01-14T17:00:00Z",
        "enddt": "2027-01-14T18:30:00Z",
        "location": f"Großer Sitzungssaal, {LINK}",
        "body": f"Eins &lt;b&gt;<br>Zwei &amp; drei<br><br>{LINK}",
    }


@pytest.mark.parametrize(
    ("start", "written"),
    [
        (datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN), "20270328T003000Z/20270328T020000Z"),
        (datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN), "20271031T003000Z/20271031T020000Z"),
        (datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=BERLIN), "20271031T013000Z/20271031T030000Z"),
    ],
)
def test_moments_hold_in_the_nights_when_the_clocks_change(start: datetime, written: str) -> None:
    # As the database has it: in UTC. Python adds hours on the wall clock otherwise.
    moment = start.astimezone(UTC)
    given = event(start=moment, end=moment + timedelta(minutes=90))
    assert google(given)["dates"] == written


def test_evening_online_has_the_link_for_its_place() -> None:
    assert google(event(location=""))["location"] == LINK


def test_long_text_is_cut_between_words_and_the_link_stays() -> None:
    words = "Größenänderungsgenehmigung " * 300
    for found in (google(event(description=words)), outlook(event(description=words))):
        text = found.get("details") or found["body"]
        assert text.endswith(LINK)
        assert "Größenänderungsgenehmigung …" in text
    for made in (calendar_links.google, calendar_links.outlook):
        assert 1000 < len(made(event(description=words))) <= calendar_links.LONGEST


@pytest.mark.property
@given(
    title=st.text(PRINTABLE, min_size=5, max_size=90),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=3000),
)
def test_any_title_comes_back_and_any_text_keeps_the_link(title: str, text: str) -> None:
    given = event(summary=title, description=text)
    assert google(given)["text"] == outlook(given)["subject"] == title
    assert google(given)["details"].endswith(LINK)
    assert outlook(given)["body"].endswith(LINK)
    assert "\n" not in outlook(given)["body"]
