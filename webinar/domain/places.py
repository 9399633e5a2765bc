"""Who holds a place at a talk and who waits for one, in order: what the desk lists.

Reads only. `domain.registrations` gives and frees places; what the invited answered lists
`domain.answers`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import contains_eager

from webinar.extensions import db
from webinar.models import Contact, Mode, Registration, RegistrationState, Talk
from webinar.text import fold

S = RegistrationState


def waits() -> ColumnElement[bool]:
    """Whether the registration waits for a side, with or without a place on the other."""
    return or_(
        Registration.state == S.WAITING,
        and_(Registration.state == S.CONFIRMED, Registration.wanted_mode.is_not(None)),
    )


def holding(text: str) -> list[ColumnElement[bool]]:
    """Contacts who hold every word of `text` in name, office, organisation or address."""
    return [Contact.search_key.contains(word, autoescape=True) for word in fold(text).split()]


def positions(*talks: Talk) -> dict[int, int]:
    """The place in the queue, from 1, of each registration that waits for one of the talks, in the
    order in which `domain.registrations` gives free places."""
    side = func.coalesce(Registration.wanted_mode, Registration.mode)
    place = func.row_number().over(
        partition_by=(Registration.talk_id, side),
        order_by=(Registration.queued_at, Registration.id),
    )
    rows = db.session.execute(
        select(Registration.id, place).where(
            Registration.talk_id.in_([talk.id for talk in talks]), waits()
        )
    )
    return {row[0]: row[1] for row in rows}


def listed(
    talk: Talk,
    *,
    text: str = "",
    side: Mode | None = None,
    state: RegistrationState | None = None,
) -> Select[Registration]:
    """Places and waiting places: first who has one, by name, then who waits, by side in order.

    With `state` waiting also those who hold a place and wait for the other side; `side` is the one
    that is held or waited for.
    """
    query = (
        select(Registration)
        .join(Registration.contact)
        .where(
            Registration.talk_id == talk.id,
            Registration.state.in_((S.CONFIRMED, S.WAITING)),
            *holding(text),
        )
        .options(
            contains_eager(Registration.contact).joinedload(Contact.organisation),
        )
    )
    if state is S.WAITING:
        awaited = func.coalesce(Registration.wanted_mode, Registration.mode)
        queued = query.where(waits(), *([] if side is None else [awaited == side]))
        return queued.order_by(awaited, Registration.queued_at, Registration.id)
    if state is not None:
        query = query.where(Registration.state == state)
    if side is not None:
        query = query.where(or_(Registration.mode == side, Registration.wanted_mode == side))
    waiting = Registration.state == S.WAITING
    return query.order_by(
        case((waiting, 1), else_=0),
        case((waiting, Registration.mode)),
        case((waiting, Registration.queued_at)),
        Contact.sort_key,
        Registration.id,
    )
