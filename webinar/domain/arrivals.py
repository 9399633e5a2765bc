"""Opening a personal link of a talk and reading all that its page says, by one statement.

In the minutes before the talk everybody comes at once. An act on a place reads under the talk's
lock instead (`domain.answering`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_
from sqlalchemy.orm import contains_eager

from webinar.domain import links, materials, standing
from webinar.extensions import db, reading
from webinar.models import Link, Purpose, Registration, Room, Talk


@dataclass(frozen=True)
class Arrival:
    """A link that opened, and what was read with it.

    `place`: the holder's place or waiting place. `seen`: what `standing` wants to know, where the
    page says more than whether the door is open. `room`: the talk's room, for who goes in.
    """

    link: Link
    place: Registration | None
    seen: Row[Any] | None = None
    room: Room | None = None


def at_page(text: str, *, purpose: Purpose, keys: Sequence[str]) -> Arrival:
    """For the page with the answer; raises `NotThere` as `links.open_link`."""
    link, row = _opened(_PAGE, text, purpose=purpose, keys=keys)
    return Arrival(link, row.Registration, seen=row)


def at_door(text: str, *, purpose: Purpose, keys: Sequence[str]) -> Arrival:
    """For the page in front of the room; raises `NotThere` as `links.open_link`."""
    link, row = _opened(_DOOR, text, purpose=purpose, keys=keys)
    return Arrival(link, row.Registration)


def going_in(text: str, *, purpose: Purpose, keys: Sequence[str]) -> Arrival:
    """For the click that leads into the room; raises `NotThere` as `links.open_link`.

    Reads alone and ends the transaction: on SQLite a click that writes nothing, as almost all do,
    waits for nobody.
    """
    with reading():
        link, row = _opened(_GOING_IN, text, purpose=purpose, keys=keys)
        db.session.commit()
    return Arrival(link, row.Registration, room=row.Room)


def _opened(
    query: Select[Any], text: str, *, purpose: Purpose, keys: Sequence[str]
) -> tuple[Link, Row[Any]]:
    given = links.given(text, purpose=purpose) | {"today": materials.today()}
    row = db.session.execute(query, given).unique().one_or_none()
    link = links.valid(None if row is None else row.Link, text, purpose=purpose, keys=keys)
    assert row is not None  # noqa: S101  there is no link without it
    return link, row


_PAGE = standing.joined(links.SHOWN.add_columns(*standing.COLUMNS))
_DOOR = standing.with_place(links.SHOWN.add_columns(Registration))
_GOING_IN = standing.with_place(
    links.NAMED.join(Link.contact)
    .join(Link.talk)
    .options(contains_eager(Link.contact), contains_eager(Link.talk))
    .add_columns(Registration, Room)
).outerjoin(Room, and_(Room.talk_id == Talk.id, Room.retired_at.is_(None)))
