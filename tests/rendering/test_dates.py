"""Dates and times as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.rendering import dates

ZONE = "Europe/Berlin"
START = datetime(2027, 1, 14, 17, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)
H = dates.HARD_SPACE


def berlin(text: str, *, fold: int = 0) -> datetime:
    there = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE), fold=fold)
    return there.astimezone(UTC)


def test_span_is_written_as_in_a_letter() -> None:
    assert dates.span(START, END, ZONE) == f"Donnerstag, 14.{H}Januar 2027, 18:00–19:30{H}Uhr"
    assert dates.span(START, END, ZONE, language="en") == (
        f"Thursday, 14{H}January 2027, 18:00–19:30"
    )


def test_short_forms() -> None:
    assert dates.day(START, ZONE) == f"Donnerstag, 14.{H}Januar 2027"
    assert dates.date_only(START, ZONE) == f"14.{H}Januar 2027"
    assert dates.day_month(START, ZONE) == f"14.{H}Januar"
    assert dates.month(START, ZONE) == "Januar 2027"
    assert dates.numeric(START, ZONE) == "14.01.2027"
    assert dates.time(START, ZONE) == f"18:00{H}Uhr"
    assert dates.time(berlin("2027-01-07T08:04"), ZONE) == f"8:04{H}Uhr"
    assert dates.moment_text(START, ZONE) == f"Donnerstag, 14.{H}Januar 2027, 18:00{H}Uhr"
    assert dates.short_moment(berlin("2027-01-07T08:00"), ZONE) == f"7.{H}Januar, 8:00{H}Uhr"


def test_short_forms_in_english() -> None:
    assert dates.date_only(START, ZONE, language="en") == f"14{H}January 2027"
    assert dates.numeric(START, ZONE, language="en") == "14/01/2027"
    assert dates.short_moment(START, ZONE, language="en") == f"14{H}January, 18:00"


def test_the_clock_of_the_zone_counts() -> None:
    late = datetime(2027, 1, 14, 23, 30, tzinfo=UTC)
    assert dates.day(late, ZONE) == f"Freitag, 15.{H}Januar 2027"
    assert dates.day(late, "Europe/London") == f"Donnerstag, 14.{H}Januar 2027"
    assert dates.iso(late, "America/New_York") == "2027-01-14T18:30-05:00"


def test_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        dates.day(START.replace(tzinfo=None), ZONE)


def test_span_over_midnight_names_both_days() -> None:
    start, end = berlin("2027-01-14T22:00"), berlin("2027-01-15T00:30")
    assert dates.span(start, end, ZONE) == (
        f"Donnerstag, 14.{H}Januar 2027, 22:00{H}Uhr bis Freitag, 15.{H}Januar 2027, 0:30{H}Uhr"
    )
    assert dates.span(start, end, ZONE, language="en") == (
        f"Thursday, 14{H}January 2027, 22:00 to Friday, 15{H}January 2027, 0:30"
    )


def test_span_until_midnight_stays_on_its_day() -> None:
    start, end = berlin("2026-12-31T22:00"), berlin("2027-01-01T00:00")
    assert dates.span(start, end, ZONE) == f"Donnerstag, 31.{H}Dezember 2026, 22:00–24:00{H}Uhr"


def test_span_over_the_hour_that_spring_skips() -> None:
    start, end = berlin("2027-03-28T01:30"), berlin("2027-03-28T03:30")
    assert end - start == timedelta(hours=1)
    assert dates.span(start, end, ZONE) == f"Sonntag, 28.{H}März 2027, 1:30–3:30{H}Uhr"
    assert dates.iso(start, ZONE).endswith("+01:00")
    assert dates.iso(end, ZONE).endswith("+02:00")


def test_the_doubled_hour_of_autumn_says_which_one() -> None:
    first, second = berlin("2027-10-31T02:30"), berlin("2027-10-31T02:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert dates.time(first, ZONE) == f"2:30{H}Uhr{H}(MESZ)"
    assert dates.time(second, ZONE, language="en") == f"2:30{H}(CET)"
    assert dates.time_span(first, second, ZONE) == f"2:30{H}Uhr{H}(MESZ) bis 2:30{H}Uhr{H}(MEZ)"
    assert dates.iso(first, ZONE) == "2027-10-31T02:30+02:00"
    assert dates.iso(second, ZONE) == "2027-10-31T02:30+01:00"


def test_spans_around_the_doubled_hour_need_no_mark() -> None:
    start, end = berlin("2027-10-31T01:30"), berlin("2027-10-31T03:30")
    assert end - start == timedelta(hours=3)
    assert dates.time_span(start, end, ZONE) == f"1:30–3:30{H}Uhr"


def test_evenings_keep_their_clock_on_both_sides_of_the_changes() -> None:
    for text in ("2027-03-25T18:00", "2027-04-01T18:00", "2027-10-28T18:00", "2027-11-04T18:00"):
        assert dates.time(berlin(text), ZONE) == f"18:00{H}Uhr"
        assert dates.iso(berlin(text), ZONE).startswith(text)


def test_date_block_has_its_parts() -> None:
    block = dates.date_block(START, ZONE, end=END)
    assert (block.weekday, block.day, block.month, block.year) == (
        "Donnerstag",
        "14.",
        "Januar",
        "2027",
    )
    assert block.time == f"18:00–19:30{H}Uhr"
    assert block.datetime == "2027-01-14T18:00+01:00"
    assert dates.date_block(berlin("2027-02-08T18:00"), ZONE).day == "8."
    english = dates.date_block(START, ZONE, language="en")
    assert (english.day, english.month, english.time) == ("14", "January", "18:00")


@pytest.mark.parametrize(
    ("text", "heading", "english"),
    [
        ("2027-01-01T00:00", f"1.{H}Halbjahr 2027", "First half of 2027"),
        ("2027-06-30T23:59", f"1.{H}Halbjahr 2027", "First half of 2027"),
        ("2027-07-01T00:00", f"2.{H}Halbjahr 2027", "Second half of 2027"),
    ],
)
def test_half_year_goes_by_the_local_date(text: str, heading: str, english: str) -> None:
    assert dates.half_year(berlin(text), ZONE) == heading
    assert dates.half_year(berlin(text), ZONE, language="en") == english


@pytest.mark.parametrize(
    ("days", "german", "english"),
    [
        (0, "heute", "today"),
        (1, "morgen", "tomorrow"),
        (2, "in 2 Tagen", "in 2 days"),
        (9, "in 9 Tagen", "in 9 days"),
        (-1, "gestern", "yesterday"),
        (-3, "vor 3 Tagen", "3 days ago"),
    ],
)
def test_relative_day_in_words(days: int, german: str, english: str) -> None:
    moment = START + timedelta(days=days)
    assert dates.relative_day(moment, ZONE, now=START) == german
    assert dates.relative_day(moment, ZONE, now=START, language="en") == english


def test_relative_day_counts_calendar_days_and_not_hours() -> None:
    now = berlin("2027-03-27T23:50")
    assert dates.relative_day(berlin("2027-03-28T00:10"), ZONE, now=now) == "morgen"
    assert dates.days_until(berlin("2027-03-29T00:00"), ZONE, now=now) == 2


@pytest.mark.property
@given(
    st.integers(0, 60 * 24 * 365 * 100).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sampled_from(["Europe/Berlin", "Europe/London", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_iso_is_the_same_moment(moment: datetime, zone: str) -> None:
    assert datetime.fromisoformat(dates.iso(moment, zone)) == moment
