"""What the public sees of the talks: published and cancelled ones, coming and past.

Neither rooms nor names of participants come from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import joinedload, selectinload

from webinar.clock import now
from webinar.domain import grants, materials, registrations, times
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import (
    Material,
    MaterialKind,
    Mode,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)

SHOWN = (TalkState.PUBLISHED, TalkState.CANCELLED)


@dataclass(frozen=True)
class Released:
    """What of a past talk can be had by those to whom it was granted."""

    kinds: frozenset[str]
    minutes: int | None
    """Length of the recording."""


def upcoming() -> Sequence[Talk]:
    """Talks that are not over, the next first; a cancelled one stays until its evening has gone."""
    return db.session.scalars(
        _shown().where(now() < times.END).order_by(Talk.starts_at, Talk.id)
    ).all()


def past(*, limit: int | None = None) -> Sequence[Talk]:
    """Talks that took place, the last first."""
    return db.session.scalars(
        _shown().where(_took_place()).order_by(Talk.starts_at.desc(), Talk.id).limit(limit)
    ).all()


def past_count() -> int:
    """How many talks took place."""
    return db.session.scalar(select(func.count(Talk.id)).where(_took_place())) or 0


def talk(slug: str) -> Talk:
    """The public talk of that address; raises `NotThere` for drafts and for none alike."""
    found = db.session.scalar(_shown().where(Talk.slug == slug))
    if found is None:
        raise NotThere("record_missing")
    return found


def all_series() -> Sequence[Series]:
    """The series of the office, oldest first."""
    return db.session.scalars(select(Series).order_by(Series.id)).all()


def photo_key(speaker_id: int) -> str:
    """Where the photo of a speaker of a public talk is stored; raises `NotThere`."""
    key = db.session.scalar(
        select(Speaker.photo_key)
        .join(TalkSpeaker, TalkSpeaker.speaker_id == Speaker.id)
        .join(Talk, Talk.id == TalkSpeaker.talk_id)
        .where(Speaker.id == speaker_id, Talk.state.in_(SHOWN))
        .limit(1)
    )
    if key is None:
        raise NotThere("record_missing")
    return key


def free_places(talk: Talk) -> dict[Mode, int | None]:
    """Places left on each side that the talk offers; None without limit."""
    return {mode: registrations.free(talk, mode) for mode in registrations.modes(talk)}


def released(talks: Sequence[Talk]) -> dict[int, Released]:
    """By talk id what was released, in one query."""
    rows = db.session.execute(
        select(Material.talk_id, Material.kind, Material.duration_seconds).where(
            Material.talk_id.in_([talk.id for talk in talks]), *grants.released(materials.today())
        )
    ).all()
    found: dict[int, Released] = {}
    for talk_id in {row.talk_id for row in rows}:
        mine = [row for row in rows if row.talk_id == talk_id]
        seconds = [
            row.duration_seconds
            for row in mine
            if row.kind == MaterialKind.RECORDING and row.duration_seconds
        ]
        found[talk_id] = Released(
            kinds=frozenset(row.kind for row in mine),
            minutes=max(1, round(sum(seconds) / 60)) if seconds else None,
        )
    return found


def _shown() -> Select[Talk]:
    return (
        select(Talk)
        .where(Talk.state.in_(SHOWN))
        .options(
            joinedload(Talk.series),
            selectinload(Talk.appearances).joinedload(TalkSpeaker.speaker),
        )
    )


def _took_place() -> ColumnElement[bool]:
    return and_(Talk.state == TalkState.PUBLISHED, now() >= times.END)
