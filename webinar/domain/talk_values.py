"""What a form says of a talk, checked and written onto the row: texts, times, places, options.

Derives `starts_at` and `ends_at` from the wall clock. When a talk may change, who is told of it and
what becomes of places is `domain.talks`'; the questions of its form are `domain.questions`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webinar.domain import agendas, series, times
from webinar.domain.questions import QuestionValues
from webinar.errors import RuleError
from webinar.models import Format, Talk, Visibility
from webinar.text import clean

LONGEST = timedelta(hours=12)
"""An end before the start means the next day, unless the evening would last longer than this."""
END_OF_DAY = time(23, 59)


@dataclass(frozen=True, kw_only=True)
class TalkValues:
    """What a form holds of a talk. Times are those of the wall clock in `zone`; `second_hour` is
    None where nobody was asked which of the doubled hours is meant."""

    series_id: int
    title: str
    day: date
    start: time
    end: time
    zone: str = "Europe/Berlin"
    second_hour: bool | None = None
    abstract: str = ""
    agenda: str = ""
    format: Format = Format.ONLINE
    places_online: int | None = None
    places_hall: int | None = None
    venue: str = ""
    venue_address: str = ""
    venue_notes: str = ""
    opens_on: date | None = None
    opens_from: time | None = None
    closes_on: date | None = None
    closes_at: time | None = None
    places_per_organisation: int | None = None
    took_part_minutes: int | None = None
    took_part_percent: int | None = None
    """Who took part: who was there so long, or for that share of the talk; both empty: as the
    office counts."""
    visibility: Visibility = Visibility.INVITED
    recorded: bool = False
    contact_person: str = ""
    contact_phone: str = ""
    dial_in_pin: str | None = None
    """None leaves it as it is: the form asks only where rooms have a telephone."""
    topics: str | None = None
    """Names with commas between; None leaves them as they are. `domain.topics` reads them."""
    questions: tuple[QuestionValues | None, ...] | None = None
    """By position; None in a position removes that question, None as a whole leaves all as they
    are."""


def apply(talk: Talk, values: TalkValues) -> None:
    """Write the values onto the row; raises `RuleError` at the field of a bad one."""
    if not clean(values.title):
        raise RuleError("title_missing", field="title")
    # By its number only: a relationship would pull a mere proposal into the session.
    talk.series_id = series.find(values.series_id).id
    talk.title = clean(values.title)
    talk.abstract = values.abstract.replace("\r\n", "\n").strip()
    talk.agenda = agendas.read(values.agenda)
    talk.visibility = values.visibility
    talk.recorded = values.recorded
    talk.contact_person = clean(values.contact_person)
    talk.contact_phone = clean(values.contact_phone)
    if values.dial_in_pin is not None:
        talk.dial_in_pin = clean(values.dial_in_pin)
    _apply_times(talk, values)
    _apply_places(talk, values)
    _apply_attendance(talk, values)


def _apply_times(talk: Talk, values: TalkValues) -> None:
    start = datetime.combine(values.day, values.start)
    end = _end_of(start, values.end)
    twice = times.doubled(start, zone=values.zone)
    if twice and values.second_hour is None:
        raise RuleError("hour_doubled", field="hour", hour=f"{start:%H:%M}")
    talk.zone = values.zone
    talk.local_start, talk.local_end = start, end
    talk.second_hour = twice and bool(values.second_hour)
    talk.starts_at = times.moment(
        start, zone=values.zone, second_hour=talk.second_hour, field="start"
    )
    talk.ends_at = times.moment(end, zone=values.zone, field="end")
    if talk.ends_at <= talk.starts_at:
        talk.ends_at = times.moment(end, zone=values.zone, second_hour=True, field="end")
    if talk.ends_at <= talk.starts_at:
        raise RuleError("end_before_start", field="end")
    talk.registration_closes_at = _closing(talk, values)
    talk.registration_opens_at = _opening(talk, values)


def _end_of(start: datetime, end: time) -> datetime:
    """The wall clock of the end: after midnight it is the next day's."""
    found = datetime.combine(start.date(), end)
    if found < start and found + timedelta(days=1) - start <= LONGEST:
        found += timedelta(days=1)
    # The night of the clock change: from 2:50 to 2:10 can be twenty minutes. The moments decide.
    return found


def _closing(talk: Talk, values: TalkValues) -> datetime | None:
    if values.closes_on is None:
        if values.closes_at is not None:
            raise RuleError("closing_without_day", field="closes_on")
        return None
    local = datetime.combine(values.closes_on, values.closes_at or END_OF_DAY)
    field = "closes_on" if values.closes_at is None else "closes_at"
    closes = times.moment(local, zone=values.zone, field=field)
    if closes > talk.starts_at:
        raise RuleError("closing_after_start", field=field)
    return closes


def _opening(talk: Talk, values: TalkValues) -> datetime | None:
    """When registration opens; without a time at the beginning of the day."""
    if values.opens_on is None:
        if values.opens_from is not None:
            raise RuleError("opening_without_day", field="opens_on")
        return None
    local = datetime.combine(values.opens_on, values.opens_from or time())
    field = "opens_on" if values.opens_from is None else "opens_from"
    opens = times.moment(local, zone=values.zone, field=field)
    if opens >= talk.starts_at:
        raise RuleError("opening_after_start", field=field)
    if opens >= times.registration_end(talk):
        raise RuleError("opening_after_closing", field=field)
    return opens


def _apply_places(talk: Talk, values: TalkValues) -> None:
    """What does not count in this format is not kept: no hall without an evening on site."""
    talk.format = values.format
    talk.places_online = values.places_online if talk.online else None
    talk.places_hall = values.places_hall if talk.on_site else None
    talk.venue = clean(values.venue) if talk.on_site else ""
    talk.venue_address = clean(values.venue_address) if talk.on_site else ""
    talk.venue_notes = values.venue_notes.strip() if talk.on_site else ""
    if values.places_per_organisation == 0:
        raise RuleError("limit_of_none", field="places_per_organisation")
    talk.places_per_organisation = values.places_per_organisation


def _apply_attendance(talk: Talk, values: TalkValues) -> None:
    minutes, percent = values.took_part_minutes, values.took_part_percent
    if minutes is not None and percent is not None:
        raise RuleError("took_part_twice", field="took_part_percent")
    if minutes == 0:
        raise RuleError("took_part_nothing", field="took_part_minutes")
    if percent is not None and not 1 <= percent <= 100:
        raise RuleError("took_part_share", field="took_part_percent")
    if minutes is not None and timedelta(minutes=minutes) > talk.ends_at - talk.starts_at:
        raise RuleError("took_part_longer", field="took_part_minutes")
    talk.took_part_minutes, talk.took_part_percent = minutes, percent
