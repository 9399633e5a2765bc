"""Opening a personal link of a talk and reading all that its page says, by one statement.

In the minutes before the talk everybody comes at once. An act on a place reads under the talk's
lock instead (`domain.answering`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_

from webinar.domain import links, materials, standing
from webinar.extensions import db
from webinar.models import Link, Purpose, Registration, Room, Talk


@dataclass(frozen=True)
class Arrival:
    """A link that opened, and what was read with it.

    `place`: the holder's place or waiting place. `seen`: what `standing` wants to know, where the
    page says more than whether the door is open. `room`: the talk's room, where the link leads in.
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
    """For the door of the room; raises `NotThere` as `links.open_link`."""
    link, row = _opened(_DOOR, text, purpose=purpose, keys=keys)
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
_DOOR = standing.with_place(links.SHOWN.add_columns(Registration, Room)).outerjoin(
    Room, and_(Room.talk_id == Talk.id, Room.retired_at.is_(None))
)
