"""The calendar part of a message in readable German: what a calendar program would enter.

Reads with `icalendar`; a part that it cannot read is still shown as raw text.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_time
from icalendar import Calendar

from webinar import clock


@dataclass(frozen=True, kw_only=True)
class CalendarView:
    """A calendar object; `rows` are pairs of German label and value, in reading order."""

    raw: str
    attached: bool
    problem: str | None = None
    rows: tuple[tuple[str, str], ...] = field(default=())


def read_calendar(raw: bytes, *, header_method: str | None, attached: bool) -> CalendarView:
    """Read the first event. `header_method` is what the MIME header promised (RFC 6047, 2.4)."""
    text = raw.decode("utf-8", "replace")
    try:
        calendar = Calendar.from_ical(raw)
        rows = tuple(_rows(calendar, header_method=header_method))
    # Any error of the parser means the same here: show the text, say that it is unreadable.
    except Exception as error:
        problem = f"Nicht lesbar: {type(error).__name__}: {error}"[:300]
        return CalendarView(raw=text, attached=attached, problem=problem)
    empty = None if rows else "Der Kalender enthält keinen Termin."
    return CalendarView(raw=text, attached=attached, problem=empty, rows=rows)


def _rows(calendar: Any, *, header_method: str | None) -> Iterable[tuple[str, str]]:
    event = next(iter(calendar.walk("VEVENT")), None)
    if event is None:
        return
    method = str(calendar.get("method", ""))
    if (header_method or "").upper() != method.upper():
        method = f"{method or '–'} (im MIME-Kopf: {header_method or '–'})"
    yield "Titel", str(event.get("summary", "–"))
    yield "Wann", _when(event)
    yield "Wo", str(event.get("location", "–"))
    yield "Einladende Stelle", _people(event.get("organizer"))
    yield "Eingeladen", _people(event.get("attendee"))
    yield "Methode", method or "–"
    yield "Fassung (SEQUENCE)", str(event.get("sequence", 0))
    yield "Stand", str(event.get("status", "–"))
    yield "Kennung (UID)", str(event.get("uid", "–"))
    if "url" in event:
        yield "Adresse", str(event["url"])


def _when(event: Any) -> str:
    start = event.decoded("dtstart", None)
    end = event.decoded("dtend", None)
    if not isinstance(start, date):
        return "–"
    if not isinstance(start, datetime):
        return f"{_day(start)}, ganztägig"
    if not isinstance(end, datetime):
        return f"{_day(_local(start))}, {_clock_time(_local(start))} Uhr"
    start, end = _local(start), _local(end)
    until = "" if end.date() == start.date() else f"{_day(end)}, "
    return f"{_day(start)}, {_clock_time(start)}–{until}{_clock_time(end)} Uhr"


def _local(moment: datetime) -> datetime:
    # A time without zone is the reader's own wall clock (RFC 5545, section 3.3.5, form 1).
    return clock.berlin(moment) if moment.tzinfo else moment.replace(tzinfo=clock.BERLIN)


def _day(moment: date) -> str:
    return format_date(moment, "EEEE, d. MMMM y", locale="de")


def _clock_time(moment: datetime) -> str:
    # The moment is already on the clocks in Berlin; Babel would otherwise turn it into UTC.
    return format_time(moment, "HH:mm", tzinfo=moment.tzinfo, locale="de")


def _people(value: Any) -> str:
    people = value if isinstance(value, list) else [value] if value is not None else []
    return "; ".join(_person(person) for person in people) or "–"


def _person(person: Any) -> str:
    address = str(person).removeprefix("mailto:").removeprefix("MAILTO:")
    name = person.params.get("CN")
    shown = f"{name} <{address}>" if name else address
    answer = person.params.get("PARTSTAT")
    return f"{shown}, {answer}" if answer else shown
