"""Series: what the talks belong to, and what all their invitations say.

Leaves the talks themselves to `talks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from webinar.domain import audit, slugs
from webinar.domain.shares import EVERY
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Series, Talk
from webinar.text import clean


@dataclass(frozen=True, kw_only=True)
class SeriesValues:
    """What a form holds of a series; `signature` one line each for name and office."""

    name: str
    description: str = ""
    host: str = ""
    signature: str = ""


def find(series_id: int) -> Series:
    """The series; raises `NotThere`."""
    series = db.session.get(Series, series_id)
    if series is None:
        raise NotThere("record_missing")
    return series


def listed(*, seen: ColumnElement[bool] = EVERY) -> Select[Series]:
    """The series that are seen, by name."""
    return select(Series).where(seen).order_by(Series.name, Series.id)


def everything(*, seen: ColumnElement[bool] = EVERY) -> list[Series]:
    """The series that are seen, to choose from."""
    return list(db.session.scalars(listed(seen=seen)))


def talk_counts(series: Sequence[Series]) -> dict[int, int]:
    """How many talks each series has, by its id."""
    rows = db.session.execute(
        select(Talk.series_id, func.count())
        .where(Talk.series_id.in_([one.id for one in series]))
        .group_by(Talk.series_id)
    )
    return {row[0]: row[1] for row in rows}


def create(values: SeriesValues, *, by: Account) -> Series:
    """A new series; raises `RuleError` without a name."""
    series = Series(owner=by)
    _apply(series, values)

    def add() -> None:
        series.slug = slugs.free(Series.slug, series.name)
        db.session.add(series)

    slugs.flush_with(add)
    audit.record("series.created", series, by=by)
    return series


def edit(series: Series, values: SeriesValues, *, by: Account) -> None:
    """Change the series. Its address stays: it has been printed."""
    _apply(series, values)
    changes = audit.changes_of(series)
    db.session.flush()
    if changes:
        audit.record("series.edited", series, by=by, changes=changes)


def delete(series: Series, *, by: Account) -> None:
    """Remove a series without talks; raises `RuleError` while it has some."""
    count = talk_counts([series]).get(series.id, 0)
    if count:
        raise RuleError("series_has_talks", count=count)
    audit.record("series.deleted", series, by=by)
    db.session.delete(series)
    db.session.flush()


def _apply(series: Series, values: SeriesValues) -> None:
    if not clean(values.name):
        raise RuleError("name_missing", field="name")
    series.name = clean(values.name)
    series.description = values.description.strip()
    series.host = clean(values.host)
    lines = (clean(line) for line in values.signature.splitlines())
    series.signature = "\n".join(line for line in lines if line)
