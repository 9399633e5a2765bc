"""Who holds a place at a talk and who waits for one, in order: what the desk lists.

Reads only. `domain.registrations` gives and frees places; what the invited answered lists
`domain.answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import contains_eager

from webinar.extensions import db
from webinar.models import (
    Contact,
    Mode,
    Organisation,
    Registration,
    RegistrationState,
    Source,
    Talk,
    audience_members,
)
from webinar.text import fold

S = RegistrationState


class Sort(StrEnum):
    """How lists of people are ordered: by name after DIN 5007, or by time, either way round."""

    NAME = "name"
    NAME_DOWN = "name-down"
    TIME = "time"
    TIME_DOWN = "time-down"


def waits() -> ColumnElement[bool]:
    """Whether the registration waits for a side, with or without a place on the other."""
    return or_(
        Registration.state == S.WAITING,
        and_(Registration.state == S.CONFIRMED, Registration.wanted_mode.is_not(None)),
    )


def holding(text: str) -> list[ColumnElement[bool]]:
    """Contacts who hold every word of `text` in name, office, organisation or address."""
    return [Contact.search_key.contains(word, autoescape=True) for word in fold(text).split()]


def belonging(
    *, audience_id: int | None = None, organisation_id: int | None = None
) -> list[ColumnElement[bool]]:
    """Contacts of the audience and the organisation, where one is given."""
    found: list[ColumnElement[bool]] = []
    if audience_id is not None:
        member = audience_members.c
        found.append(
            exists().where(member.contact_id == Contact.id, member.audience_id == audience_id)
        )
    if organisation_id is not None:
        found.append(Contact.organisation_id == organisation_id)
    return found


def ordered(sort: Sort, moment: Any, key: Any) -> list[ColumnElement[Any]]:
    """The columns to order people by: `moment` is the time that counts, `key` decides between
    equals. Who has no time stands last, whichever way round."""
    name = [Contact.sort_key, key]
    if sort is Sort.NAME:
        return name
    if sort is Sort.NAME_DOWN:
        return [Contact.sort_key.desc(), key.desc()]
    timed = moment.desc() if sort is Sort.TIME_DOWN else moment
    return [case((moment.is_(None), 1), else_=0), timed, *name]


def organisations_of(talk: Talk) -> Sequence[Organisation]:
    """The organisations that somebody with a place or a waiting place belongs to, by name."""
    here = (
        select(Contact.organisation_id)
        .join(Registration, Registration.contact_id == Contact.id)
        .where(Registration.talk_id == talk.id, Registration.state.in_((S.CONFIRMED, S.WAITING)))
    )
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(here))
        .order_by(Organisation.sort_key, Organisation.id)
    ).all()


def positions(*talks: Talk, among: Iterable[Registration] | None = None) -> dict[int, int]:
    """The place in the queue, from 1, of each registration that waits for one of the talks, in the
    order in which `domain.registrations` gives free places. With `among` only of these rows: a page
    of a long queue need not read all of it."""
    side = func.coalesce(Registration.wanted_mode, Registration.mode)
    place = func.row_number().over(
        partition_by=(Registration.talk_id, side),
        order_by=(Registration.queued_at, Registration.id),
    )
    line = select(Registration.id.label("id"), place.label("place")).where(
        Registration.talk_id.in_([talk.id for talk in talks]), waits()
    )
    query = line
    if among is not None:
        ranked = line.subquery()
        # Nobody on the page waits, as a rule: then the database need not number the queue.
        ids = {row.id for row in among if row.state == S.WAITING or row.wanted_mode is not None}
        if not ids:
            return {}
        query = select(ranked.c.id, ranked.c.place).where(ranked.c.id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(query)}


def listed(
    talk: Talk,
    *,
    text: str = "",
    side: Mode | None = None,
    state: RegistrationState | None = None,
    source: Source | None = None,
    audience_id: int | None = None,
    organisation_id: int | None = None,
    sort: Sort | None = None,
) -> Select[Registration]:
    """Places and waiting places: first who has one, by name, then who waits, by side in order;
    unless `sort` wishes it otherwise.

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
            *belonging(audience_id=audience_id, organisation_id=organisation_id),
        )
        .options(
            contains_eager(Registration.contact).joinedload(Contact.organisation),
        )
    )
    if source is not None:
        query = query.where(Registration.source == source)
    if state is S.WAITING:
        awaited = func.coalesce(Registration.wanted_mode, Registration.mode)
        queued = query.where(waits(), *([] if side is None else [awaited == side]))
        if sort is not None:
            return queued.order_by(*ordered(sort, Registration.created_at, Registration.id))
        return queued.order_by(awaited, Registration.queued_at, Registration.id)
    if state is not None:
        query = query.where(Registration.state == state)
    if side is not None:
        query = query.where(or_(Registration.mode == side, Registration.wanted_mode == side))
    if sort is not None:
        return query.order_by(*ordered(sort, Registration.created_at, Registration.id))
    waiting = Registration.state == S.WAITING
    return query.order_by(
        case((waiting, 1), else_=0),
        case((waiting, Registration.mode)),
        case((waiting, Registration.queued_at)),
        Contact.sort_key,
        Registration.id,
    )
