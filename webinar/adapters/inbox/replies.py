"""A calendar's answer in a message: METHOD:REPLY (RFC 5546 3.2.3), wherever the part stands.

Read line by line and not as a whole object: Notes, Exchange and gateways write lines that a strict
reader refuses, and the six that matter are usually sound. ORGANIZER is not needed, since Exchange
leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message

from icalendar.parser import Contentline, Contentlines

from webinar.adapters.inbox.message import (
    addresses_in,
    clean_line,
    clean_text,
    file_name,
    parts,
    text,
)
from webinar.adapters.inbox.values import Reply, Said

MOST_LINES = 2_000
LONGEST_LINE = 10_000
UID_LENGTH = 300
COMMENT_LENGTH = 1_000
_TYPES = {"text/calendar", "application/ics", "text/x-vcalendar"}


@dataclass
class Found:
    """A calendar of the message: its method and what its first event says."""

    method: str = ""
    properties: dict[str, list[tuple[Mapping[str, object], str]]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        values = self.properties.get(name, [])
        return values[0][1] if values else ""


def calendars(message: Message) -> list[Found]:
    """The calendars of the message itself, not those of one that it encloses or returns."""
    found = []
    for part in parts(message):
        if part.get_content_type() in _TYPES or file_name(part).endswith((".ics", ".vcs")):
            calendar = _read(text(part))
            if not calendar.method:
                method = part.get_param("method")
                calendar.method = method.upper() if isinstance(method, str) else ""
            found.append(calendar)
    return found


def reply(found: Found, *, sender: str) -> Reply | None:
    """The answer that the calendar gives, or None where it lacks what makes one."""
    attendee = _attendee(found, sender)
    uid = clean_line(found.value("UID"))
    if attendee is None or not uid or len(uid) > UID_LENGTH:
        return None
    parameters, address = attendee
    said = _said(parameters)
    if said is None:
        return None
    return Reply(
        uid=uid,
        attendee=address,
        said=said,
        sequence=_number(found.value("SEQUENCE")),
        stamp=_moment(found.value("DTSTAMP")),
        comment=clean_text(found.value("COMMENT"))[:COMMENT_LENGTH],
        delegated_to=_first_address(parameters.get("DELEGATED-TO")),
        sent_by=_first_address(parameters.get("SENT-BY")),
    )


def _read(source: str) -> Found:
    found = Found()
    stack: list[str] = []
    complete = False
    for line in _lines(source):
        try:
            name, parameters, value = line.parts()
        except Exception:  # noqa: S112  foreign bytes: a damaged line says nothing
            continue
        name, value = str(name).upper(), str(value)
        if name == "BEGIN":
            stack.append(value.strip().upper())
        elif name == "END":
            complete = complete or stack[-1:] == ["VEVENT"]
            stack = stack[:-1]
        elif name == "METHOD" and not found.method:
            found.method = clean_line(value).upper()
        elif stack[-1:] == ["VEVENT"] and not complete:
            given = {str(key).upper(): parameters[key] for key in parameters}
            found.properties.setdefault(name, []).append((given, value))
    return found


def _lines(source: str) -> list[Contentline]:
    try:
        lines = Contentlines.from_ical(source)  # type: ignore[no-untyped-call]
    except Exception:
        return []
    return [x for x in lines[:MOST_LINES] if isinstance(x, Contentline) and len(x) < LONGEST_LINE]


def _attendee(found: Found, sender: str) -> tuple[Mapping[str, object], str] | None:
    """Who answers: a reply names one (RFC 5546 3.2.3); a delegation names the delegate as well."""
    people = [
        (parameters, address)
        for parameters, value in found.properties.get("ATTENDEE", [])
        if (address := _first_address(value))
    ]
    own = [person for person in people if person[1] == sender]
    said = [person for person in people if _said(person[0]) is not None]
    return next(iter([*own, *said, *people]), None)


def _said(parameters: Mapping[str, object]) -> Said | None:
    word = str(parameters.get("PARTSTAT", "")).strip().strip('"').lower()
    return Said(word) if word in list(Said) else None


def _first_address(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    found = addresses_in(str(first or ""))
    return found[0] if found else ""


def _number(value: str) -> int:
    digits = value.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0


def _moment(value: str) -> datetime | None:
    """DTSTAMP is in UTC (RFC 5545 3.8.7.2); some leave the Z out."""
    try:
        return datetime.strptime(value.strip().rstrip("Zz"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
