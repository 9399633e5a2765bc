"""Calendar objects (RFC 5545) and the scheduling messages made of them (RFC 5546).

Turns values into bytes. Sequence, stamp and the wording come from the caller, who alone knows what
a calendar was last told. Neighbour: `webinar.adapters.mime`, which puts the bytes into a mail.

The time zone is written here by hand: icalendar's own writes every change of the clocks as an
RDATE, which several clients read one hour late in summer and Exchange cannot map.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vDuration,
    vRecur,
    vText,
    vUri,
)
from icalendar import Event as Component

from webinar.adapters.addresses import ascii_address, display_name, one_line
from webinar.clock import BERLIN

PRODUCT = "-//webinar//webinar//DE"
REFRESH = timedelta(hours=1)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Method(StrEnum):
    """What a calendar object asks of its reader (RFC 5546 1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


class Status(StrEnum):
    """RFC 5545 3.8.1.11; tentative is the evening of who waits for a place."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


class PartStat(StrEnum):
    """What the attendee has said so far (RFC 5545 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One talk as one calendar is to know it.

    `uid` is the talk's for ever; `sequence` grows with time, place and cancellation; `stamp` is the
    moment of this message (in a feed: of the last change). Moments are aware. `url` is the link
    that stands in LOCATION, DESCRIPTION and URL: it may be passed on, so it must open nothing but
    the door to the talk.
    """

    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    zone: str
    summary: str
    description: str
    location: str
    url: str
    organiser_name: str
    organiser_address: str
    status: Status = Status.CONFIRMED


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendee:
    """The one person a personal message is for; `address` is exactly the mail's To address.

    `rsvp` only while answers by mail are read, never with an address that nobody reads.
    """

    name: str
    address: str
    partstat: PartStat = PartStat.ACCEPTED
    rsvp: bool = False


def calendar_bytes(
    event: Event, *, method: Method | None, attendee: Attendee | None = None
) -> bytes:
    """One event as UTF-8 with CRLF, lines of at most 75 octets.

    REQUEST and CANCEL are personal and need their `attendee`; PUBLISH and a download (`None`) go to
    anybody and must name none: ValueError otherwise, also for naive moments, an end before the
    start and line breaks in addresses. CANCEL sets STATUS:CANCELLED by itself (RFC 5546 3.2.5).
    """
    personal = method in (Method.REQUEST, Method.CANCEL)
    if personal is not (attendee is not None):
        raise ValueError("an attendee belongs into REQUEST and CANCEL, and nowhere else")
    calendar = _calendar(method, [event])
    component = _component(event, cancelled=method is Method.CANCEL)
    if attendee is not None:
        component.add("attendee", _attendee(attendee))
    calendar.add_component(component)
    return _bytes(calendar)


def feed_bytes(events: Iterable[Event], *, name: str) -> bytes:
    """A calendar to subscribe to (METHOD:PUBLISH), named for people, polled once an hour.

    The same events give the same bytes, so that an ETag of them holds. NAME and REFRESH-INTERVAL
    are RFC 7986 5.1 and 5.7; the X- properties say the same to Apple and Microsoft.
    """
    listed = list(events)
    calendar = _calendar(Method.PUBLISH, listed)
    calendar.add("name", _Text(name))
    calendar.add("x-wr-calname", _Text(name))
    calendar.add("refresh-interval", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for event in listed:
        calendar.add_component(_component(event, cancelled=False))
    return _bytes(calendar)


def _bytes(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content


def _calendar(method: Method | None, events: list[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method is not None:
        calendar.add("method", method.value)
    if any(_keeps_wall_clock(event) for event in events):
        calendar.add_component(_berlin())
    return calendar


_BUSY = {Status.CONFIRMED: "BUSY", Status.TENTATIVE: "TENTATIVE", Status.CANCELLED: "FREE"}


def _component(event: Event, *, cancelled: bool) -> Component:
    status = Status.CANCELLED if cancelled else event.status
    busy = _BUSY[status]
    component = Component()
    component.add("uid", one_line(event.uid))
    component.add("sequence", event.sequence)
    component.add("dtstamp", _aware(event.stamp).astimezone(UTC))
    _add_times(component, event)
    component.add("summary", _Text(event.summary))
    component.add("location", _Text(_with_link(event.location, event.url, ", ")))
    component.add("description", _Text(_with_link(event.description, event.url, "\n\n")))
    component.add("url", vUri(one_line(event.url)))
    component.add("organizer", _person(event.organiser_name, event.organiser_address))
    component.add("status", status.value)
    component.add("transp", "TRANSPARENT" if busy == "FREE" else "OPAQUE")
    component.add("x-microsoft-cdo-busystatus", busy)
    component.add("x-microsoft-disallow-counter", "TRUE")
    return component


def _add_times(component: Component, event: Event) -> None:
    if _aware(event.end) <= _aware(event.start):
        raise ValueError("a talk ends after it starts")
    zone = BERLIN if _keeps_wall_clock(event) else UTC
    component.add("dtstart", event.start.astimezone(zone))
    component.add("dtend", event.end.astimezone(zone))


def _keeps_wall_clock(event: Event) -> bool:
    """Whether the event is written on Berlin's clock; all others are written in UTC.

    The second of the two hours between 2 and 3 in October has no local spelling: a local time that
    occurs twice means the first (RFC 5545 3.3.5).
    """
    if event.zone != BERLIN.key:
        ZoneInfo(event.zone)  # an unknown name is the caller's mistake, not a reason for UTC
        return False
    return not any(_aware(m).astimezone(BERLIN).fold for m in (event.start, event.end))


def _berlin() -> Timezone:
    """Europe/Berlin with one rule for each half of the year, valid since 1996 (2000/84/EC)."""
    zone = Timezone()
    zone.add("tzid", BERLIN.key)
    halves = (
        (TimezoneStandard, "CET", datetime(1970, 10, 25, 3), 10, 2, 1),  # noqa: DTZ001 local onset
        (TimezoneDaylight, "CEST", datetime(1970, 3, 29, 2), 3, 1, 2),  # noqa: DTZ001 local onset
    )
    for kind, name, onset, month, before, after in halves:
        half = kind()
        half.add("tzname", name)
        half.add("dtstart", onset)
        half.add("rrule", vRecur(freq="YEARLY", bymonth=month, byday="-1SU"))
        half.add("tzoffsetfrom", timedelta(hours=before))
        half.add("tzoffsetto", timedelta(hours=after))
        zone.add_component(half)
    return zone


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{ascii_address(address)}")
    # A caret would be written twice (RFC 6868), and most clients would show it so.
    if common_name := display_name(name).replace("^", ""):
        person.params["CN"] = common_name
    return person


def _attendee(attendee: Attendee) -> vCalAddress:
    person = _person(attendee.name, attendee.address)
    person.params["CUTYPE"] = "INDIVIDUAL"
    person.params["ROLE"] = "REQ-PARTICIPANT"
    person.params["PARTSTAT"] = attendee.partstat.value
    person.params["RSVP"] = "TRUE" if attendee.rsvp else "FALSE"
    return person


def _with_link(text: str, url: str, separator: str) -> str:
    """Where the link shows: CONFERENCE alone is invisible in Outlook, Apple and Thunderbird."""
    if url in text:
        return text
    return separator.join(part for part in (text.rstrip(), url) if part)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("calendar objects take aware datetimes only")
    return moment


class _Text(vText):
    r"""TEXT (RFC 5545 3.3.11). icalendar takes a typed `\N`, as in a path, for a line break."""

    def to_ical(self) -> bytes:
        text = _UNPRINTABLE.sub("", self.replace("\r\n", "\n").replace("\r", "\n"))
        for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
            text = text.replace(plain, escaped)
        return text.encode()
