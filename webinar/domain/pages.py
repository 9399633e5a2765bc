"""The pages of a deck: found, and given the time at which each appears in the talk's recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from webinar.domain import audit
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Material, MaterialPage


def pages_of(materials: Sequence[Material]) -> dict[int, list[MaterialPage]]:
    """The pages of each material by its id, in one query."""
    found: dict[int, list[MaterialPage]] = {material.id: [] for material in materials}
    query = select(MaterialPage).where(MaterialPage.material_id.in_(found))
    for page in db.session.scalars(query.order_by(MaterialPage.number)):
        found[page.material_id].append(page)
    return found


def page_of(material: Material, *, number: int) -> MaterialPage:
    """One page; raises `NotThere`."""
    found = db.session.scalar(
        select(MaterialPage).where(
            MaterialPage.material_id == material.id, MaterialPage.number == number
        )
    )
    if found is None:
        raise NotThere("material_missing")
    return found


def set_times(
    material: Material, *, times: Mapping[int, int | None], recording: Material, by: Account
) -> None:
    """Say when each page appears in the recording, in milliseconds by number; None for "not at a
    moment of its own". Pages that `times` does not name keep theirs.

    Raises `RuleError` `page_time_behind_end` or `page_time_twice`, with the number of the page.
    """
    rows = pages_of([material])[material.id]
    end = None if recording.duration_seconds is None else (recording.duration_seconds + 1) * 1000
    taken: set[int] = set()
    for page in rows:
        at = times.get(page.number, page.starts_at_ms)
        if at is not None and end is not None and at >= end:
            raise RuleError("page_time_behind_end", number=page.number)
        if at is not None and at in taken:
            raise RuleError("page_time_twice", number=page.number)
        taken |= {at} if at is not None else set()
        page.starts_at_ms = at
    db.session.flush()
    audit.record("material.page_times", material, by=by)
