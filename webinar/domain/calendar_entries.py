"""What each person's calendar is told about a talk, and with which sequence number.

The sequence belongs to talk and person and never falls, whatever is withdrawn and done again
(rule 7; RFC 5546, 2.1.4): it rises when time or place changed, and with every cancellation and
every return from one. A mere change of text keeps it. It is never below the talk's own, which
downloads and feeds carry for those who were told nothing: they may be in the same calendar.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Table,
    bindparam,
    case,
    or_,
    select,
    update,
)

from webinar.domain import rows
from webinar.domain.rows import Upsert, here, written_once
from webinar.extensions import db
from webinar.models import CalendarEntry, Contact, Talk, TalkState

_TABLE: Table = CalendarEntry.metadata.tables["calendar_entries"]
_OWN = (
    _TABLE.c.talk_id == bindparam("of_talk"),
    _TABLE.c.contact_id == bindparam("of_contact"),
)
"""An UPDATE keeps the names of its columns for the values."""
_ENTRY = (
    select(CalendarEntry)
    .where(
        CalendarEntry.talk_id == bindparam("talk_id"),
        CalendarEntry.contact_id == bindparam("contact_id"),
    )
    .execution_options(populate_existing=True)
)


def _at_least(number: ColumnElement[int], least: ColumnElement[int]) -> ColumnElement[int]:
    """The greater of both; the databases have no name in common for it."""
    return case((number >= least, number), else_=least)


def _tell_again(insert: Upsert) -> Executable:
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
            "sequence": _at_least(told.sequence + case((moved, 1), else_=0), new.sequence),
            "cancelled": False,
            **{name: new[name] for name in ("told_start", "told_end", "told_place", "changed_at")},
        },
    ).returning(told.sequence)


_TOLD = written_once(_TABLE, _tell_again)
_CANCELLED = (
    update(_TABLE)
    .where(*_OWN, _TABLE.c.cancelled.is_(False))
    .values(
        sequence=_at_least(_TABLE.c.sequence + 1, bindparam("least", type_=Integer)),
        cancelled=True,
    )
    .returning(_TABLE.c.sequence)
)


def entry_of(talk: Talk, *, contact: Contact) -> CalendarEntry | None:
    """What the contact's calendar was told, if anything."""
    return rows.find(_ENTRY, {"talk_id": talk.id, "contact_id": contact.id})


def read_ahead(known: rows.Ahead) -> None:
    """Read the entries of many people in one query."""
    query = (
        select(CalendarEntry)
        .where(
            CalendarEntry.talk_id.in_(known.talks),
            CalendarEntry.contact_id.in_(known.contacts),
        )
        .execution_options(populate_existing=True)
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
    told = {
        "talk_id": talk.id,
        "contact_id": contact.id,
        "sequence": talk.sequence,
        "told_start": talk.starts_at,
        "told_end": talk.ends_at,
        "told_place": place_of(talk, side=side),
    }
    return int(db.session.execute(here(_TOLD), told).scalar_one())


def cancel(talk: Talk, *, contact: Contact) -> int | None:
    """Note that the entry is taken out; returns the sequence, or None where there is nothing."""
    given = {"of_talk": talk.id, "of_contact": contact.id, "least": talk.sequence}
    sequence = db.session.scalar(_CANCELLED, given)
    return None if sequence is None else int(sequence)


def shown(talk: Talk, entry: CalendarEntry | None, *, side: str = "") -> int:
    """The sequence of the talk as a page or a feed shows it to the person now; writes nothing.

    Who was told nothing of a move sees it there with the number that a message would have carried.
    """
    if entry is None:
        return talk.sequence
    if talk.state == TalkState.CANCELLED:
        return max(entry.sequence, talk.sequence)
    told = (entry.told_start, entry.told_end, entry.told_place)
    changed = entry.cancelled or told != (
        talk.starts_at,
        talk.ends_at,
        place_of(talk, side=side),
    )
    return max(entry.sequence + (1 if changed else 0), talk.sequence)
