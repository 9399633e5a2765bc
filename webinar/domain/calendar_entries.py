"""What each person's calendar is told about a talk, and with which sequence number.

The sequence belongs to talk and person and never falls, whatever is withdrawn and done again
(rule 7; RFC 5546, 2.1.4): it rises when time or place changed, and with every cancellation and
every return from one. A mere change of text keeps it.
"""

from __future__ import annotations

from sqlalchemy import Executable, Table, bindparam, case, or_, select, update

from webinar.domain.rows import Insert, here, written_once
from webinar.extensions import db
from webinar.models import CalendarEntry, Contact, Talk

_TABLE: Table = CalendarEntry.metadata.tables["calendar_entries"]
_OWN = (
    _TABLE.c.talk_id == bindparam("of_talk"),
    _TABLE.c.contact_id == bindparam("of_contact"),
)
_ENTRY = select(CalendarEntry).where(*_OWN).execution_options(populate_existing=True)


def _tell_again(insert: Insert) -> Executable:
    """Where there is an entry: tell it anew, with the next number if it says something else."""
    told, new = _TABLE.c, insert.excluded
    moved = or_(
        told.cancelled,
        told.told_start != new.told_start,
        told.told_end != new.told_end,
        told.told_place != new.told_place,
    )
    return insert.on_conflict_do_update(
        index_elements=["talk_id", "contact_id"],
        set_={
            "sequence": told.sequence + case((moved, 1), else_=0),
            "cancelled": False,
            **{name: new[name] for name in ("told_start", "told_end", "told_place", "changed_at")},
        },
    ).returning(told.sequence)


_TOLD = written_once(_TABLE, _tell_again)
_CANCELLED = (
    update(_TABLE)
    .where(*_OWN, _TABLE.c.cancelled.is_(False))
    .values(sequence=_TABLE.c.sequence + 1, cancelled=True)
    .returning(_TABLE.c.sequence)
)


def entry_of(talk: Talk, *, contact: Contact) -> CalendarEntry | None:
    """What the contact's calendar was told, if anything."""
    return db.session.scalar(_ENTRY, _of(talk, contact))


def place_of(talk: Talk, *, side: str = "") -> str:
    """Time is not the only thing that moves an entry: where the person takes part, in one line.

    `side` is the person's `Mode`: who comes to the hall instead has another place in the calendar.
    """
    return "; ".join((talk.format, side, talk.venue, talk.venue_address))[:600]


def request(talk: Talk, *, contact: Contact, side: str = "") -> int:
    """Note that the calendar is told the talk as it stands, with the person's side; returns the
    sequence to send."""
    told = {
        "talk_id": talk.id,
        "contact_id": contact.id,
        "told_start": talk.starts_at,
        "told_end": talk.ends_at,
        "told_place": place_of(talk, side=side),
    }
    return int(db.session.execute(here(_TOLD), told).scalar_one())


def cancel(talk: Talk, *, contact: Contact) -> int | None:
    """Note that the entry is taken out; returns the sequence, or None where there is nothing."""
    sequence = db.session.scalar(_CANCELLED, _of(talk, contact))
    return None if sequence is None else int(sequence)


def _of(talk: Talk, contact: Contact) -> dict[str, int]:
    return {"of_talk": talk.id, "of_contact": contact.id}
