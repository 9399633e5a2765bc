"""What each person's calendar is told about a talk, and with which sequence number.

The sequence belongs to talk and person and never falls, whatever is withdrawn and done again
(rule 7; RFC 5546, 2.1.4): it rises when time or place changed, and with every cancellation and
every return from one. A mere change of text keeps it.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from webinar.domain import rows
from webinar.domain.rows import find_or_add
from webinar.extensions import db
from webinar.models import CalendarEntry, Contact, Talk

_ENTRY = select(CalendarEntry).where(
    CalendarEntry.talk_id == bindparam("talk_id"),
    CalendarEntry.contact_id == bindparam("contact_id"),
)


def entry_of(talk: Talk, *, contact: Contact) -> CalendarEntry | None:
    """What the contact's calendar was told, if anything."""
    return rows.find(_ENTRY, {"talk_id": talk.id, "contact_id": contact.id})


def read_ahead(known: rows.Ahead) -> None:
    """Read the entries of many people in one query."""
    query = select(CalendarEntry).where(
        CalendarEntry.talk_id.in_(known.talks),
        CalendarEntry.contact_id.in_(known.contacts),
    )
    known.keep(_ENTRY, db.session.scalars(query), "talk_id", "contact_id")


def place_of(talk: Talk, *, side: str = "") -> str:
    """Time is not the only thing that moves an entry: where the person takes part, in one line.

    `side` is the person's `Mode`: who comes to the hall instead has another place in the calendar.
    """
    return "; ".join((talk.format, side, talk.venue, talk.venue_address))[:600]


def request(talk: Talk, *, contact: Contact, side: str = "") -> int:
    """Note that the calendar is told the talk as it stands, with the person's side; returns the
    sequence to send."""
    place = place_of(talk, side=side)
    entry = find_or_add(
        _ENTRY,
        lambda: CalendarEntry(
            talk_id=talk.id,
            contact_id=contact.id,
            told_start=talk.starts_at,
            told_end=talk.ends_at,
            told_place=place,
        ),
        given={"talk_id": talk.id, "contact_id": contact.id},
    )
    told = (entry.told_start, entry.told_end, entry.told_place)
    if entry.cancelled or told != (talk.starts_at, talk.ends_at, place):
        entry.sequence += 1
    entry.told_start, entry.told_end = talk.starts_at, talk.ends_at
    entry.told_place = place
    entry.cancelled = False
    return entry.sequence


def cancel(talk: Talk, *, contact: Contact) -> int | None:
    """Note that the entry is taken out; returns the sequence, or None where there is nothing."""
    entry = entry_of(talk, contact=contact)
    if entry is None or entry.cancelled:
        return None
    entry.sequence += 1
    entry.cancelled = True
    return entry.sequence
