"""What was taken from the archive, by whom: counted for good, with names for a term only.

A start counts once: what a player or a download manager asks for again within `SAME` is the same
start. Who asks how (ranges, prefetching) is sorted out by `webinar.web.counting`; who may open what
is `domain.grants`'. Speakers and the office are not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import contains_eager, joinedload

from webinar.clock import BERLIN, berlin, now
from webinar.domain import places
from webinar.extensions import db
from webinar.models import Contact, Material, Opening, OpeningKind, Talk

SAME = timedelta(minutes=30)


@dataclass(frozen=True)
class Figures:
    """Of one material: files saved, recordings begun, and the people that are still known."""

    material: Material
    downloads: int
    views: int
    people: int


def note(
    material_ids: Collection[int], *, kind: OpeningKind, contact_id: int | None = None
) -> None:
    """Count that the files were taken; what the person began a moment ago is not counted again.
    Without a contact (the public page) each counts."""
    again = _begun(material_ids, kind=kind, contact_id=contact_id)
    moment = now()
    db.session.add_all(
        Opening(
            material_id=material_id,
            contact_id=contact_id,
            kind=kind,
            opened_at=moment if contact_id is not None else _day_of(moment),
        )
        for material_id in material_ids
        if material_id not in again
    )
    db.session.flush()


def figures(talk: Talk) -> list[Figures]:
    """The counts of every material of the talk, in the order of the archive, in one query."""
    rows = db.session.execute(
        select(
            Material,
            func.count(case((Opening.kind == OpeningKind.DOWNLOAD, 1))),
            func.count(case((Opening.kind == OpeningKind.VIEW, 1))),
            func.count(Opening.contact_id.distinct()),
        )
        .join(Opening, Opening.material_id == Material.id, isouter=True)
        .where(Material.talk_id == talk.id)
        .group_by(Material.id)
        .order_by(Material.position, Material.id)
    )
    return [Figures(row[0], row[1], row[2], row[3]) for row in rows]


def listed(
    talk: Talk, *, days: int, text: str = "", material_id: int | None = None
) -> Select[Opening]:
    """Who took what of the talk, the newest first; of people whose names hold every word of `text`.
    What nobody's name stands at any more is not in it, nor what is over its term of `days`."""
    query = (
        select(Opening)
        .join(Opening.material)
        .join(Opening.contact)
        .where(
            Material.talk_id == talk.id,
            Opening.opened_at > now() - timedelta(days=days),
            *places.holding(text),
        )
        .options(
            contains_eager(Opening.material),
            contains_eager(Opening.contact).joinedload(Contact.organisation),
        )
        .order_by(Opening.opened_at.desc(), Opening.id.desc())
    )
    return query if material_id is None else query.where(Material.id == material_id)


def of_person(talk: Talk, contact: Contact, *, days: int) -> Sequence[Opening]:
    """What the person took of the talk within its term of `days`, the newest first."""
    query = (
        select(Opening)
        .join(Opening.material)
        .where(
            Material.talk_id == talk.id,
            Opening.contact_id == contact.id,
            Opening.opened_at > now() - timedelta(days=days),
        )
        .options(joinedload(Opening.material))
        .order_by(Opening.opened_at.desc(), Opening.id.desc())
    )
    return db.session.scalars(query).all()


def named(before: datetime) -> Select[int]:
    """The openings until then behind which there still is somebody."""
    return select(Opening.id).where(Opening.contact_id.is_not(None), Opening.opened_at <= before)


def forget(ids: Sequence[int]) -> int:
    """Take the names off the openings, and of their moments all but the day; returns how many."""
    query = select(Opening.id, Opening.opened_at).where(Opening.id.in_(ids))
    rows = db.session.execute(query).all()
    if rows:
        values = [{"id": row[0], "contact_id": None, "opened_at": _day_of(row[1])} for row in rows]
        db.session.execute(update(Opening), values)
    return len(rows)


def _begun(material_ids: Collection[int], *, kind: OpeningKind, contact_id: int | None) -> set[int]:
    if contact_id is None:
        return set()
    query = select(Opening.material_id).where(
        Opening.material_id.in_(material_ids),
        Opening.contact_id == contact_id,
        Opening.kind == kind,
        Opening.opened_at > now() - SAME,
    )
    return set(db.session.scalars(query))


def _day_of(moment: datetime) -> datetime:
    """The beginning of that day in Berlin: of a nobody the minute would say too much."""
    day = berlin(moment).date()
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
