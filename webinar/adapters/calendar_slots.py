"""Calendar objects of one talk for many people: made once with marks, filled many times.

The object is `webinar.adapters.calendar`'s; here only the lines that are a person's own are written
anew and folded anew, as icalendar folds them. What goes in is the link, the moment and, in a
personal message, the attendee.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Parameters
from icalendar.parser import Contentline

from webinar.adapters.addresses import ascii_address, display_name

MARK_STAMP = datetime(1987, 6, 15, 1, 2, 3, tzinfo=UTC)
"""The moment in a calendar made with marks: no talk was planned then."""
_STAMP = "%Y%m%dT%H%M%SZ"
_WIDTH = 74
"""Octets in a line, as icalendar counts them (RFC 5545 3.1 allows 75)."""
_FOLD = b"\r\n "
_NEXT_LINE = re.compile(rb"(?<=\r\n)(?! )")


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose the calendar is; `name` and `address` matter in personal messages only."""

    door: str
    name: str
    address: str
    stamp: datetime


class CalendarSlots:
    """The calendar that `marked` is but for its owner; `marks` is the owner in it, with a stamp of
    `MARK_STAMP` and an ASCII name of one word."""

    def __init__(self, marked: bytes, marks: Owner) -> None:
        self._personal = b"\r\nATTENDEE;" in marked
        values = _values(marks, personal=self._personal)
        pattern = re.compile("(" + "|".join(map(re.escape, values)) + ")")
        places = {value: place for place, value in enumerate(values)}
        self._parts: list[bytes | _Line] = []
        common = b""
        for folded in _NEXT_LINE.split(marked):
            line = folded.replace(_FOLD, b"").decode().removesuffix("\r\n")
            cut = pattern.split(line)
            if len(cut) == 1:
                common += folded
            else:
                slotted = _Line(cut[::2], [places[value] for value in cut[1::2]])
                self._parts += [common, slotted]
                common = b""
        self._parts.append(common)

    def fill(self, owner: Owner) -> bytes | None:
        """The owner's calendar, byte for byte what `calendar_bytes` makes. None for the owner of a
        personal message whose name is nothing to a calendar: the line would have another form."""
        if self._personal and not _common_name(owner):
            return None
        values = _values(owner, personal=self._personal)
        return b"".join(
            part if isinstance(part, bytes) else part.fill(values) for part in self._parts
        )


class _Line:
    """A content line with slots between its texts, the beginning folded already."""

    def __init__(self, texts: list[str], places: list[int]) -> None:
        done, fold, self._begun = _folded(texts[0]).rpartition(_FOLD)
        self._done = done + fold
        self._start = texts[0]
        self._places = places
        self._texts = texts[1:]

    def fill(self, values: tuple[str, ...]) -> bytes:
        rest = "".join(
            values[place] + text for place, text in zip(self._places, self._texts, strict=True)
        )
        last = self._begun + rest.encode()
        cut = [last[at : at + _WIDTH] for at in range(0, len(last), _WIDTH)]
        if not rest.isascii() or any(piece.endswith((b"\\", b"^")) for piece in cut[:-1]):
            # Nothing may be cut inside a character or an escape: the library knows how.
            return _folded(self._start + rest) + b"\r\n"
        return self._done + _FOLD.join(cut) + b"\r\n"


def _folded(line: str) -> bytes:
    content: bytes = Contentline(line).to_ical()  # type: ignore[no-untyped-call]
    return content


def _values(owner: Owner, *, personal: bool) -> tuple[str, ...]:
    anybody = (owner.door, owner.stamp.astimezone(UTC).strftime(_STAMP))
    if not personal:
        return anybody
    parameter = Parameters({"CN": _common_name(owner)}).to_ical().decode()
    return (*anybody, parameter, f"mailto:{ascii_address(owner.address)}")


def _common_name(owner: Owner) -> str:
    return display_name(owner.name).replace("^", "")
