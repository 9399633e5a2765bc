"""What each person's calendar is told about a talk, and with which sequence number.

The sequence belongs to talk and person and never falls, whatever is withdrawn and done again
(rule 7; RFC 5546, 2.1.4): it rises when time or place changed, and with every cancellation and
every return from one. A mere change of text keeps it. It is never below the talk's own, which
downloads and feeds carry for those who were told nothing: they may be in the same calendar.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from webinar.domain.rows import find_or_add
from webinar.extensions import db
from webinar.models import CalendarEntry, Contact, Talk, TalkState

_ENTRY = select(CalendarEntry).where(
    CalendarEntry.talk_id == bindparam("talk_id"),
    CalendarEntry.contact_id == bindparam("contact_id"),
)


def entry_of(talk: Talk, *, contact: Contact) -> CalendarEntry | None:
    """What the contact's calendar was told, if anything."""
    return db.session.scalar(_ENTRY, {"talk_id": talk.id, "contact_id": contact.id})


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
            sequence=talk.sequence,
            told_start=talk.starts_at,
            told_end=talk.ends_at,
            told_place=place,
        ),
        given={"talk_id": talk.id, "contact_id": contact.id},
    )
    entry.sequence = _due(entry, talk, place=place)
    entry.told_start, entry.told_end = talk.starts_at, talk.ends_at
    entry.told_place = place
    entry.cancelled = False
    return entry.sequence


def cancel(talk: Talk, *, contact: Contact) -> int | None:
    """Note that the entry is taken out; returns the sequence, or None where there is nothing."""
    entry = entry_of(talk, contact=contact)
    if entry is None or entry.cancelled:
        return None
    entry.sequence = max(entry.sequence + 1, talk.sequence)
    entry.cancelled = True
    return entry.sequence


def shown(talk: Talk, entry: CalendarEntry | None, *, side: str = "") -> int:
    """The sequence of the talk as a page or a feed shows it to the person now; writes nothing.

    Who was told nothing of a move sees it there with the number that a message would have carried.
    """
    if entry is None:
        return talk.sequence
    if talk.state == TalkState.CANCELLED:
        return max(entry.sequence, talk.sequence)
    return _due(entry, talk, place=place_of(talk, side=side))


def _due(entry: CalendarEntry, talk: Talk, *, place: str) -> int:
    told = (entry.told_start, entry.told_end, entry.told_place)
    changed = entry.cancelled or told != (talk.starts_at, talk.ends_at, place)
    return max(entry.sequence + (1 if changed else 0), talk.sequence)
