"""The day on which a file goes: the warning a week before, and letting it stay longer.

Deleting itself is `domain.materials`', on the day the job's (`jobs.materials`), which leaves a line
in the audit log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import contains_eager

from webinar.domain import audit, mail, materials, subtitles
from webinar.domain.shares import EVERY
from webinar.extensions import db
from webinar.models import Account, Material

WARNED = timedelta(days=7)
"""How long before its day the office hears of it."""


def ahead(*, talk_id: int | None = None, seen: ColumnElement[bool] = EVERY) -> Sequence[Material]:
    """What is deleted within a week, the soonest first; of the talks that are `seen`."""
    query = (
        select(Material)
        .join(Material.talk)
        .where(Material.delete_on <= materials.today() + WARNED, seen)
        .options(contains_eager(Material.talk))
        .order_by(Material.delete_on, Material.talk_id, Material.position, Material.id)
    )
    if talk_id is not None:
        query = query.where(Material.talk_id == talk_id)
    return db.session.scalars(query).all()


def is_ahead(material: Material) -> bool:
    """Whether it is deleted within a week."""
    return material.delete_on is not None and material.delete_on <= materials.today() + WARNED


def warn() -> int:
    """Tell the office what is deleted within a week: one mail for each talk and day, each material
    once for its day. Returns how many mails were asked for."""
    query = (
        select(Material)
        .where(
            Material.delete_on <= materials.today() + WARNED,
            Material.delete_on > materials.today(),
            or_(
                Material.deletion_told.is_(None),
                Material.deletion_told != Material.delete_on,
            ),
        )
        .order_by(Material.talk_id, Material.delete_on, Material.id)
        .with_for_update(of=Material)
    )
    count = 0
    rows = db.session.scalars(query).all()
    for (talk_id, day), group in groupby(rows, key=lambda row: (row.talk_id, row.delete_on)):
        _tell(talk_id, day, list(group))
        count += 1
    db.session.flush()
    return count


def _tell(talk_id: int, day: date | None, rows: Sequence[Material]) -> None:
    mail.to_office(
        "archive_notice",
        key=f"deletion:{day}:{rows[0].id}",
        talk=rows[0].talk,
        params={
            "what": "deletion",
            "talk_id": talk_id,
            "on": str(day),
            "materials": [row.id for row in rows],
        },
    )
    for row in rows:
        row.deletion_told = row.delete_on


def prolong(material: Material, *, days: int, by: Account) -> date:
    """Let it stay `days` longer, from today if its day is nearer; returns the new day. What has no
    day keeps none."""
    if material.delete_on is None:
        return materials.today()
    material.delete_on = max(material.delete_on, materials.today()) + timedelta(days=days)
    audit.record("material.prolonged", material, by=by, changes=audit.changes_of(material))
    subtitles.follow(material)
    return material.delete_on
