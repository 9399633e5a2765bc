"""What is written with icalendar is read back with `ical`, an implementation of its own."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar
from ical.calendar_stream import CalendarStream
from ical.event import Event as ReadEvent

from webinar.adapters.calendar import (
    Attendee,
    Event,
    Method,
    PartStat,
    Status,
    calendar_bytes,
    feed_bytes,
)
from webinar.clock import BERLIN

LINK = "https://termine.lra.example/z/Qm7x2K"
WEISS = Attendee(name="Dr. Anna Weiß", address="weiss@gemeinde.example")
EVENING = datetime(2027, 1, 14, 18, 0, tzinfo=BERLIN)


def event(**changed: Any) -> Event:
    start = changed.pop("start", EVENING)
    values = {
        "uid": "talk-7Qm2@termine.lra.example",
        "sequence": 3,
        "stamp": datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
        "start": start,
        "end": start + timedelta(minutes=90),
        "zone": "Europe/Berlin",
        "summary": "Der digitale Bauantrag",
        "description": "Der Weg eines Bauantrags.",
        "location": "Großer Sitzungssaal",
        "url": LINK,
        "organiser_name": "Büro des Landrats",
        "organiser_address": "termine@lra.example",
    }
    return Event(**{**values, **changed})


def read(content: bytes) -> Calendar:
    calendars = CalendarStream.from_ics(content.decode("utf-8")).calendars
    assert len(calendars) == 1
    return calendars[0]


def read_one(content: bytes) -> ReadEvent:
    (found,) = read(content).events
    return found


def download(**changed: Any) -> bytes:
    return calendar_bytes(event(**changed), method=None)


def lines(content: bytes) -> list[str]:
    """The content lines, unfolded as RFC 5545 3.1 says."""
    return content.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")


def extras(found: ReadEvent) -> dict[str, str]:
    return {extra.name: extra.value for extra in found.extras}


def test_request_is_for_one_person_and_from_the_office() -> None:
    content = calendar_bytes(event(), method=Method.REQUEST, attendee=WEISS)
    assert read(content).method == "REQUEST"
    found = read_one(content)
    (attendee,) = found.attendees
    assert str(attendee.uri) == "mailto:weiss@gemeinde.example"
    assert (attendee.common_name, attendee.status, attendee.rsvp) == (
        "Dr. Anna Weiß",
        "ACCEPTED",
        False,
    )
    assert found.organizer is not None
    assert str(found.organizer.uri) == "mailto:termine@lra.example"
    assert found.organizer.common_name == "Büro des Landrats"


def test_request_can_ask_for_an_answer() -> None:
    asked = Attendee(name="", address="a@b.example", partstat=PartStat.NEEDS_ACTION, rsvp=True)
    (attendee,) = read_one(calendar_bytes(event(), method=Method.REQUEST, attendee=asked)).attendees
    assert (attendee.common_name, attendee.status, attendee.rsvp) == (None, "NEEDS-ACTION", True)


def test_event_keeps_identity_sequence_and_stamp_of_the_caller() -> None:
    found = read_one(download())
    assert (found.uid, found.sequence) == ("talk-7Qm2@termine.lra.example", 3)
    assert "DTSTAMP:20261201T083000Z" in lines(download())
    berlin = datetime(2026, 12, 1, 9, 30, tzinfo=BERLIN)
    assert "DTSTAMP:20261201T083000Z" in lines(download(stamp=berlin))


def test_event_is_busy_and_cannot_be_countered_and_rings_no_alarm() -> None:
    found = read_one(calendar_bytes(event(), method=Method.REQUEST, attendee=WEISS))
    assert (found.status, found.transparency) == ("CONFIRMED", "OPAQUE")
    assert extras(found) == {
        "x-microsoft-cdo-busystatus": "BUSY",
        "x-microsoft-disallow-counter": "TRUE",
    }
    assert found.alarm == []


def test_cancel_names_the_same_event_and_person() -> None:
    content = calendar_bytes(event(sequence=4), method=Method.CANCEL, attendee=WEISS)
    found = read_one(content)
    assert read(content).method == "CANCEL"
    assert (found.status, found.sequence) == ("CANCELLED", 4)
    assert found.uid == "talk-7Qm2@termine.lra.example"
    assert [str(a.uri) for a in found.attendees] == ["mailto:weiss@gemeinde.example"]
    assert found.transparency == "TRANSPARENT"


def test_attendee_belongs_to_personal_messages_only() -> None:
    for method in (Method.REQUEST, Method.CANCEL):
        with pytest.raises(ValueError, match="attendee"):
            calendar_bytes(event(), method=method)
    for open_method in (Method.PUBLISH, None):
        with pytest.raises(ValueError, match="attendee"):
            calendar_bytes(event(), method=open_method, attendee=WEISS)


def test_download_has_no_method_and_publish_names_nobody() -> None:
    assert read(download()).method is None
    published = calendar_bytes(event(), method=Method.PUBLISH)
    assert read(published).method == "PUBLISH"
    assert not any(line.startswith("ATTENDEE") for line in lines(download()) + lines(published))


def test_link_stands_where_every_client_shows_it() -> None:
    found = read_one(download())
    assert str(found.url) == LINK
    assert found.location == f"Großer Sitzungssaal, {LINK}"
    assert found.description == f"Der Weg eines Bauantrags.\n\n{LINK}"


def test_link_is_not_repeated_where_the_caller_wrote_it() -> None:
    found = read_one(download(location=LINK, description=f"Hier: {LINK}"))
    assert (found.location, found.description) == (LINK, f"Hier: {LINK}")
    assert read_one(download(location="", description="")).location == LINK


def test_link_is_a_uri_and_is_not_escaped() -> None:
    odd = "https://termine.lra.example/z/a,b;c"
    assert f"URL:{odd}" in lines(download(url=odd))


@pytest.mark.parametrize(
    ("start", "offset"),
    [
        (datetime(2027, 1, 14, 18, 0, tzinfo=BERLIN), 1),
        (datetime(2027, 7, 8, 18, 0, tzinfo=BERLIN), 2),
        (datetime(2027, 3, 27, 18, 0, tzinfo=BERLIN), 1),
        (datetime(2027, 3, 28, 18, 0, tzinfo=BERLIN), 2),
        (datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN), 1),
        (datetime(2027, 10, 30, 18, 0, tzinfo=BERLIN), 2),
        (datetime(2027, 10, 31, 18, 0, tzinfo=BERLIN), 1),
        (datetime(2027, 10, 31, 1, 30, tzinfo=BERLIN), 2),
        (datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN), 2),
        (datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=BERLIN), 1),
    ],
)
def test_times_mean_the_same_to_a_reader_who_trusts_only_our_zone(
    start: datetime, offset: int
) -> None:
    instant = start.astimezone(UTC)
    assert start.utcoffset() == timedelta(hours=offset)
    content = download(start=instant, end=instant + timedelta(minutes=90))
    # Under a name of no known zone the reader has nothing but the rules in the file.
    renamed = content.replace(b"Europe/Berlin", b"Amtsstube")
    for found in (read_one(content), read_one(renamed)):
        assert found.dtstart.astimezone(UTC) == instant
        assert found.dtend.astimezone(UTC) == instant + timedelta(minutes=90)


def test_times_are_written_on_the_wall_clock() -> None:
    written = lines(download(start=datetime(2027, 7, 8, 16, 0, tzinfo=UTC)))
    assert "DTSTART;TZID=Europe/Berlin:20270708T180000" in written
    assert "DTEND;TZID=Europe/Berlin:20270708T193000" in written


def test_zone_has_one_rule_for_each_half_of_the_year() -> None:
    (zone,) = read(download()).timezones
    assert len(zone.standard) == len(zone.daylight) == 1
    assert not any("RDATE" in line for line in lines(download()))


def test_zone_agrees_with_the_zone_database_on_every_day_of_ten_years() -> None:
    noon = datetime(2026, 1, 1, 12, 0, tzinfo=BERLIN)
    days = [noon + timedelta(days=number) for number in range(0, 3650, 5)]
    feed = feed_bytes([event(uid=f"{day:%j-%Y}@x", start=day) for day in days], name="x")
    found = read(feed.replace(b"Europe/Berlin", b"Amtsstube")).events
    assert [one.dtstart.astimezone(UTC) for one in found] == [d.astimezone(UTC) for d in days]


def test_other_zones_are_written_in_utc_and_need_no_rules() -> None:
    content = download(zone="Europe/Lisbon")
    assert "DTSTART:20270114T170000Z" in lines(content)
    assert b"VTIMEZONE" not in content


def test_unknown_zone_naive_times_and_backward_times_are_refused() -> None:
    with pytest.raises(KeyError):
        download(zone="Europe/Wuerzburg")
    naive = datetime(2027, 1, 14, 18, 0)  # noqa: DTZ001 -- the mistake that is refused
    for changed in ({"start": naive}, {"stamp": naive}, {"end": EVENING}):
        with pytest.raises(ValueError, match=r"aware|ends"):
            download(**changed)


TITLES = [
    "Bauen",
    "Grün, günstig; größer",
    'Was heißt "digital"?',
    "Zeile eins\nZeile zwei",
    "Ablage C:\\Neu\\Nord",
    "Fußgängerüberführungsgenehmigungsverfahrensbeschleunigung für kleine Städte und Märkte in Bay",
    "🏛️ Rathaus der Zukunft: " + "🏗️" * 20,
]


@pytest.mark.parametrize("title", TITLES)
def test_title_survives_folding_and_escaping(title: str) -> None:
    content = calendar_bytes(event(summary=title), method=Method.REQUEST, attendee=WEISS)
    assert read_one(content).summary == title


def assert_well_formed(content: bytes) -> None:
    assert content.endswith(b"END:VCALENDAR\r\n")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode("utf-8")  # raises if a fold had cut a character


def test_lines_are_folded_by_octets() -> None:
    assert_well_formed(download(summary="ü" * 300, description="a" + "€" * 300))


PRINTABLE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])


@pytest.mark.property
@given(
    title=st.text(PRINTABLE, min_size=5, max_size=90),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
)
def test_any_title_and_text_come_back_as_written(title: str, text: str) -> None:
    content = download(summary=title, description=text)
    assert_well_formed(content)
    found = read_one(content)
    assert found.summary == title
    plain = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", "", re.sub("\r\n?", "\n", text))
    assert found.description is not None
    assert found.description.removesuffix(LINK).rstrip() == plain.rstrip()


@pytest.mark.property
@given(name=st.text(PRINTABLE, max_size=90))
def test_any_name_leaves_the_attendee_readable(name: str) -> None:
    attendee = Attendee(name=name, address="weiss@gemeinde.example")
    content = calendar_bytes(event(), method=Method.REQUEST, attendee=attendee)
    assert_well_formed(content)
    (found,) = read_one(content).attendees
    assert str(found.uri) == "mailto:weiss@gemeinde.example"
    (line,) = [one for one in lines(content) if one.startswith("ATTENDEE")]
    assert line.count('"') in (0, 2)


def test_names_with_quotes_and_addresses_in_them_stay_harmless() -> None:
    tricky = Attendee(name='"Weiß"; RSVP=TRUE: mailto:x@y, Dr.', address="w@x.example")
    content = calendar_bytes(event(), method=Method.REQUEST, attendee=tricky)
    (found,) = read_one(content).attendees
    assert found.common_name == "Weiß RSVP=TRUE mailto x y Dr."
    assert (str(found.uri), found.rsvp) == ("mailto:w@x.example", False)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "address", ["a@b.example\r\nATTENDEE:mailto:x@y", "a b@c.example", "a@b@c.example", "", "a"]
)
def test_address_that_is_no_bare_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|line"):
        calendar_bytes(event(), method=Method.REQUEST, attendee=Attendee(name="A", address=address))


@pytest.mark.hostile
@pytest.mark.parametrize("part", ["uid", "url"])
def test_line_break_in_an_identifier_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        download(**{part: "https://x.example/\r\nATTENDEE:mailto:x@y"})


def test_address_with_umlauts_in_its_domain_is_written_as_mail_writes_it() -> None:
    attendee = Attendee(name="A", address="rathaus@müller.example")
    content = calendar_bytes(event(), method=Method.REQUEST, attendee=attendee)
    assert b"mailto:rathaus@xn--mller-kva.example" in content.replace(b"\r\n ", b"")


def test_feed_says_its_name_and_how_often_to_ask() -> None:
    feed = feed_bytes([event()], name="After-Work-Wissen, 2027")
    calendar = read(feed)
    assert (calendar.method, calendar.name) == ("PUBLISH", ["After-Work-Wissen, 2027"])
    assert calendar.refresh_interval == timedelta(hours=1)
    written = lines(feed)
    assert "X-WR-CALNAME:After-Work-Wissen\\, 2027" in written
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in written
    assert "X-PUBLISHED-TTL:PT1H" in written


def test_feed_holds_all_talks_nobody_and_one_zone() -> None:
    dates = [date(2027, month, 14) for month in range(1, 13)]
    talks = [
        event(uid=f"{day}@x", start=datetime(day.year, day.month, day.day, 18, tzinfo=BERLIN))
        for day in dates
    ]
    feed = feed_bytes([*talks, event(uid="off@x", status=Status.CANCELLED)], name="x")
    calendar = read(feed)
    assert [one.uid for one in calendar.events] == [f"{day}@x" for day in dates] + ["off@x"]
    assert calendar.events[-1].status == "CANCELLED"
    assert feed.count(b"BEGIN:VTIMEZONE") == 1
    assert b"ATTENDEE" not in feed
    assert feed == feed_bytes([*talks, event(uid="off@x", status=Status.CANCELLED)], name="x")


def test_feed_without_talks_is_still_a_calendar() -> None:
    assert read(feed_bytes([], name="leer")).events == []
