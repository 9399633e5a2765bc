"""Whether the video server may create a room now, for how long and for how many.

Prosody asks before it creates a room and destroys the room when the time that it was told is over;
a running room cannot be extended. It is therefore told the last moment that anybody can grant.
Neighbour: `domain.rooms`, which knows the hours and who may enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from webinar.clock import now
from webinar.domain import rooms, times
from webinar.domain.rooms import Entry, Hours
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Room, Talk


@dataclass(frozen=True)
class Asked:
    """What becomes of a request: `entry` says whether the room may be created, `already` that it
    is held. Without a room there is none of that name, and never was or no longer is."""

    room: Room | None = None
    entry: Entry = Entry.NO_ROOM
    already: bool = False
    hours: Hours | None = None

    @property
    def granted(self) -> bool:
        return self.room is not None and self.entry is Entry.OPEN


def reserve(name: str, *, minutes: int, overrun: int) -> Asked:
    """Hold the room of that name if this is its hour; the clock is that of the office, who comes
    first. A room whose name was replaced cannot be created again."""
    room = _locked(Room.name == name)
    asked = _asked(room, minutes=minutes, overrun=overrun)
    if room is None or not asked.granted:
        return asked
    if room.reserved_at is not None:
        return Asked(room=room, entry=asked.entry, already=True, hours=asked.hours)
    room.reserved_at = now()
    db.session.flush()
    return asked


def held(room_id: int, *, minutes: int, overrun: int) -> Asked:
    """What was told for the room that is held; `NotThere` where none is."""
    room = db.session.scalar(select(Room).where(Room.id == room_id, Room.reserved_at.is_not(None)))
    if room is None:
        raise NotThere("record_missing")
    return _asked(room, minutes=minutes, overrun=overrun)


def release(room_id: int) -> None:
    """The room died; saying so twice does nothing more. `NotThere` where there never was one."""
    room = _locked(Room.id == room_id)
    if room is None:
        raise NotThere("record_missing")
    room.reserved_at = None
    db.session.flush()


def occupants(talk: Talk, *, margin: int) -> int | None:
    """How many the room takes: the places online, the speakers, and a margin for the office and
    for connections that have died and are not yet gone. None: without limit."""
    if talk.places_online is None:
        return None
    return talk.places_online + len(talk.appearances) + margin


def last_end(talk: Talk, *, extension: int, overrun: int) -> datetime:
    """The last moment that an organiser can grant, overrun included, all in minutes after the end:
    only then may the server destroy the room."""
    latest = max(times.end(talk), talk.ends_at + timedelta(minutes=extension))
    return latest + timedelta(minutes=overrun)


def _asked(room: Room | None, *, minutes: int, overrun: int) -> Asked:
    if room is None or room.retired_at is not None:
        return Asked()
    hours = rooms.hours(room.talk, minutes=minutes, overrun=overrun)
    return Asked(room=room, entry=rooms.staff_entry(room.talk, hours=hours), hours=hours)


def _locked(condition: ColumnElement[bool]) -> Room | None:
    query = select(Room).where(condition).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))
