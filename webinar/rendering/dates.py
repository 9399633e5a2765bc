"""Dates and times as people read them, German and English.

In running text "Donnerstag, 14. Januar 2027, 18:00–19:30 Uhr": an en dash within the time, spaces
that do not break between day and month and before "Uhr". Takes aware datetimes and the name of the
zone whose clocks count; a naive one is a ValueError. Leaves the arithmetic of talks to
`webinar.domain.times`. Neighbour: `salutations`.

Where the clocks go back an hour comes twice; a time within it says which one: "2:30 Uhr (MESZ)".
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

HARD_SPACE = "\u00a0"
EN_DASH = "–"
_ZONES_IN_GERMAN = {"CET": "MEZ", "CEST": "MESZ"}


@dataclass(frozen=True)
class DateBlock:
    """The parts of a date block, in reading order; `datetime` is the attribute of `<time>`."""

    weekday: str
    day: str
    """With its full stop in German."""
    month: str
    year: str
    time: str
    datetime: str


def day(moment: datetime, zone: str, *, language: str = "de") -> str:
    """Donnerstag, 14. Januar 2027"""
    return _written(_local(moment, zone), "EEEE, {d} MMMM y", language=language)


def calendar_day(on: date, *, language: str = "de") -> str:
    """Donnerstag, 14. Januar 2027, of a day without a clock."""
    return _written(on, "EEEE, {d} MMMM y", language=language)


def date_only(moment: datetime, zone: str, *, language: str = "de") -> str:
    """14. Januar 2027"""
    return _written(_local(moment, zone), "{d} MMMM y", language=language)


def day_month(moment: datetime, zone: str, *, language: str = "de") -> str:
    """14. Januar"""
    return _written(_local(moment, zone), "{d} MMMM", language=language)


def month(moment: datetime, zone: str, *, language: str = "de") -> str:
    """Januar 2027"""
    return format_date(_local(moment, zone), "MMMM y", locale=language)


def numeric(moment: datetime, zone: str, *, language: str = "de") -> str:
    """14.01.2027 for tables of figures; in English 14/01/2027."""
    pattern = "dd/MM/y" if language == "en" else "dd.MM.y"
    return format_date(_local(moment, zone), pattern, locale=language)


def time(moment: datetime, zone: str, *, language: str = "de") -> str:
    """18:00 Uhr"""
    there = _local(moment, zone)
    return _hour(_clock(there), which=_which_hour(there, language), language=language)


def time_span(start: datetime, end: datetime, zone: str, *, language: str = "de") -> str:
    """18:00–19:30 Uhr; an end at midnight is 24:00. Says no day, even where the end has another."""
    first, last = _local(start, zone), _local(end, zone)
    marks = _which_hour(first, language), _which_hour(last, language)
    if any(marks):
        between = " to " if language == "en" else " bis "
        return between.join(
            _hour(_clock(at), which=mark, language=language)
            for at, mark in zip((first, last), marks, strict=True)
        )
    until = "24:00" if _ends_at_midnight(first, last) else _clock(last)
    return _hour(f"{_clock(first)}{EN_DASH}{until}", which="", language=language)


def moment_text(moment: datetime, zone: str, *, language: str = "de") -> str:
    """Mittwoch, 13. Januar 2027, 12:00 Uhr"""
    return f"{day(moment, zone, language=language)}, {time(moment, zone, language=language)}"


def short_moment(moment: datetime, zone: str, *, language: str = "de") -> str:
    """7. Januar, 8:00 Uhr"""
    return f"{day_month(moment, zone, language=language)}, {time(moment, zone, language=language)}"


def span(start: datetime, end: datetime, zone: str, *, language: str = "de") -> str:
    """Donnerstag, 14. Januar 2027, 18:00–19:30 Uhr; over midnight both days in full."""
    first, last = _local(start, zone), _local(end, zone)
    if first.date() == last.date() or _ends_at_midnight(first, last):
        times = time_span(start, end, zone, language=language)
        return f"{day(start, zone, language=language)}, {times}"
    until = "to" if language == "en" else "bis"
    ends = (moment_text(at, zone, language=language) for at in (start, end))
    return f" {until} ".join(ends)


@lru_cache(maxsize=256)
def date_block(
    moment: datetime, zone: str, *, end: datetime | None = None, language: str = "de"
) -> DateBlock:
    """The parts of the date block; with `end` its time is a span."""
    there = _local(moment, zone)
    times = (
        time(moment, zone, language=language)
        if end is None
        else time_span(moment, end, zone, language=language)
    )
    return DateBlock(
        weekday=format_date(there, "EEEE", locale=language),
        day=f"{there.day}" if language == "en" else f"{there.day}.",
        month=format_date(there, "MMMM", locale=language),
        year=str(there.year),
        time=times,
        datetime=iso(moment, zone),
    )


def iso(moment: datetime, zone: str) -> str:
    """2027-01-14T18:00+01:00, as the `datetime` attribute of `<time>` takes it."""
    return _local(moment, zone).isoformat(timespec="minutes")


def half_year(moment: datetime, zone: str, *, language: str = "de") -> str:
    """1. Halbjahr 2027: the heading, also to group by."""
    there = _local(moment, zone)
    first = there.month <= 6
    if language == "en":
        return f"{'First' if first else 'Second'} half of {there.year}"
    return f"{1 if first else 2}.{HARD_SPACE}Halbjahr {there.year}"


def days_until(moment: datetime, zone: str, *, now: datetime) -> int:
    """Calendar days from today to the day of `moment`, both on the clocks of the zone."""
    return (_local(moment, zone).date() - _local(now, zone).date()).days


def relative_day(moment: datetime, zone: str, *, now: datetime, language: str = "de") -> str:
    """heute, morgen, in 9 Tagen, gestern, vor 3 Tagen"""
    days = days_until(moment, zone, now=now)
    if language == "en":
        near = {0: "today", 1: "tomorrow", -1: "yesterday"}
        return near.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")
    near = {0: "heute", 1: "morgen", -1: "gestern"}
    return near.get(days) or (f"in {days} Tagen" if days > 0 else f"vor {-days} Tagen")


def _local(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment for people needs its time zone")
    return moment.astimezone(ZoneInfo(zone))


def _written(there: date, pattern: str, *, language: str) -> str:
    number = "d" if language == "en" else "d."
    bound = pattern.replace("{d} ", f"{number}{HARD_SPACE}")
    return format_date(there, bound, locale=language)


def _clock(there: datetime) -> str:
    return f"{there.hour}:{there.minute:02}"


def _hour(figures: str, *, which: str, language: str) -> str:
    word = "" if language == "en" else f"{HARD_SPACE}Uhr"
    return f"{figures}{word}{which and f'{HARD_SPACE}({which})'}"


def _which_hour(there: datetime, language: str) -> str:
    """The zone's abbreviation where the clock shows this time twice, else nothing."""
    if there.replace(fold=0).timestamp() == there.replace(fold=1).timestamp():
        return ""
    short = there.tzname() or ""
    return short if language == "en" else _ZONES_IN_GERMAN.get(short, short)


def _ends_at_midnight(first: datetime, last: datetime) -> bool:
    next_day = last.date() - first.date() == timedelta(days=1)
    return next_day and (last.hour, last.minute) == (0, 0)
