"""Finds talks, pages, passages and files by the words of a question, for one who asks.

Rule 10 holds for a hit as for the file itself: `Scope` says what the asking person may open, by the
conditions of `grants`, and neither hits nor their number come from anywhere else. Writing the index
is `search_index`', its words `search_words`', asking the databases for them `search_matching`',
cutting excerpts `search_excerpts`', what can be narrowed by `search_filters`'.

All words have to be met, in the row itself or by its talk, and one of them at least in the row
itself. Where no row meets all, those are shown that meet some; where there are none either, those
that meet a piece of a word (`Term.loosened`). `Results.partly` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from webinar.domain import grants, programme, search_filters, search_matching
from webinar.domain.search_filters import Filters
from webinar.domain.search_words import Term, terms
from webinar.extensions import db
from webinar.models import EntryKind, Material, SearchEntry, Talk

PER_PAGE = 10
FARTHEST = 50
"""Pages of hits that can be turned: whoever has not found it by then asks for something else."""

_KINDS = {kind: place for place, kind in enumerate(EntryKind)}
_ORDER = (
    SearchEntry.talk_id,
    case(_KINDS, value=SearchEntry.kind),
    SearchEntry.place,
    SearchEntry.id,
)
"""Among equals: the talk before its pages, pages before what was said, in their order."""

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Scope:
    """What is looked in: conditions on `SearchEntry` and `Talk`."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A place that was found. `material_id`, `material` and `material_kind` are those of the file
    that it stands in; `public_id` too, but of subtitles it is their recording's. `seconds` pairs
    places in the text of a passage with the second of each."""

    entry_id: int
    kind: EntryKind
    place: int
    title: str
    text: str
    seconds: list[list[int]]
    talk_id: int
    slug: str
    talk: str
    starts_at: datetime
    zone: str
    material_id: int | None
    public_id: str | None
    material: str | None
    material_kind: str | None
    score: int


@dataclass(frozen=True)
class Results:
    """One page of hits, `total` on all pages. `partly`: no place has all the words."""

    terms: tuple[Term, ...]
    hits: list[Hit]
    total: int
    number: int
    partly: bool = False


def for_desk() -> Scope:
    """Everything."""
    return Scope()


def for_everyone(*, day: date) -> Scope:
    """The talks of the programme, and of their materials what was released to everyone."""
    material = _openable(grants.opens_to_everyone(), day=day)
    return Scope((Talk.state.in_(programme.SHOWN), or_(_of_talk(), material)))


def for_contact(contact_id: int, *, day: date, talk_id: int | None = None) -> Scope:
    """The talks of the programme, and what the contact may open; of one talk only with
    `talk_id`."""
    material = _openable(grants.opens(contact_id), day=day)
    shown = and_(_of_talk(), Talk.state.in_(programme.SHOWN))
    if talk_id is None:
        return Scope((or_(shown, material),))
    return Scope((SearchEntry.talk_id == talk_id, material))


def find(
    question: str, scope: Scope, *, filters: Filters | None = None, number: int = 1
) -> Results:
    """Page `number` (from 1) of what answers the question, the best first. Asks the database once,
    and up to twice more where no row meets all words."""
    asked = terms(question)
    number = min(max(1, number), FARTHEST)
    if not asked:
        return Results(asked, [], 0, number)
    narrowed = scope.conditions + search_filters.conditions(filters or Filters())
    hits, total = _page(asked, narrowed, number, whole=True)
    if total:
        return Results(asked, hits, total, number)
    looser = tuple(term.loosened() for term in asked)
    for some in (asked, looser) if len(asked) > 1 else (looser,):
        hits, total = _page(some, narrowed, number, whole=False)
        if total:
            break
    return Results(some, hits, total, number, partly=bool(total))


def find_one(entry_id: int, scope: Scope) -> Hit | None:
    """The row of that number, if it lies in the scope: to open a hit anew."""
    query = _shown().add_columns(literal(0)).where(SearchEntry.id == entry_id, *scope.conditions)
    row = db.session.execute(query).one_or_none()
    return Hit(*row) if row is not None else None


def _page(
    asked: Sequence[Term], narrowed: tuple[Condition, ...], number: int, *, whole: bool
) -> tuple[list[Hit], int]:
    """The hits of one page and the number of all. The texts are read of these few rows alone.

    `met` is asked for twice, so that both databases write it down: a score is then reckoned once,
    and the words it is reckoned from are not carried through sorting and counting.
    """
    met = _met(asked, narrowed, whole=whole)
    best = _ordered(select(met.c.id, met.c.score, met.c.starts_at), met)
    page = best.limit(PER_PAGE).offset((number - 1) * PER_PAGE).subquery()
    total = select(func.count()).select_from(met).scalar_subquery()
    query = _shown().add_columns(page.c.score, total).join(page, page.c.id == SearchEntry.id)
    ordered = query.order_by(page.c.score.desc(), page.c.starts_at.desc(), *_ORDER)
    rows = db.session.execute(ordered).all()
    return [Hit(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def _met(asked: Sequence[Term], narrowed: tuple[Condition, ...], *, whole: bool) -> CTE:
    """What answers the question, in narrow rows."""
    return (
        select(
            SearchEntry.id,
            SearchEntry.talk_id,
            case(_KINDS, value=SearchEntry.kind).label("kind"),
            SearchEntry.place,
            Talk.starts_at,
            search_matching.score(asked).label("score"),
        )
        .join(Talk, Talk.id == SearchEntry.talk_id)
        .where(search_matching.meets(asked, whole=whole), *narrowed)
        .cte("met")
    )


def _ordered(query: Select[Any], met: CTE) -> Select[Any]:
    """As `_ORDER` has them among equals."""
    best = (met.c.score.desc(), met.c.starts_at.desc())
    return query.order_by(*best, met.c.talk_id, met.c.kind, met.c.place, met.c.id)


def _shown() -> Select[Any]:
    recording = aliased(Material)
    return (
        select(
            SearchEntry.id,
            SearchEntry.kind,
            SearchEntry.place,
            SearchEntry.title,
            SearchEntry.text,
            SearchEntry.seconds,
            SearchEntry.talk_id,
            Talk.slug,
            Talk.title,
            Talk.starts_at,
            Talk.zone,
            SearchEntry.material_id,
            func.coalesce(recording.public_id, Material.public_id),
            Material.title,
            Material.kind,
        )
        .join(Talk, Talk.id == SearchEntry.talk_id)
        .outerjoin(Material, Material.id == SearchEntry.material_id)
        .outerjoin(recording, recording.id == Material.recording_id)
    )


def _of_talk() -> Condition:
    return SearchEntry.kind == EntryKind.TALK


def _openable(opens: Condition, *, day: date) -> Condition:
    """Rows of materials that may be opened; of subtitles only together with their recording."""
    open_now = (select(Material.id, Material.recording_id).where(*grants.released(day), opens)).cte(
        "open_now"
    )
    recording = aliased(open_now)
    whole = or_(
        open_now.c.recording_id.is_(None), open_now.c.recording_id.in_(select(recording.c.id))
    )
    return SearchEntry.material_id.in_(select(open_now.c.id).where(whole))
