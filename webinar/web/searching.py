"""What the search pages share: the question out of the address, hits as a template prints them.

Each page says in what to look (`domain.search.Scope`) and where a hit leads. The question stands in
the address and nowhere else: it is neither stored nor logged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR

from flask import request
from sqlalchemy import ColumnElement

from webinar.domain import search, search_excerpts, search_filters
from webinar.domain.search import Hit, Results, Scope
from webinar.domain.search_excerpts import Piece
from webinar.domain.search_filters import Filters
from webinar.models import EntryKind, MaterialKind
from webinar.web.numbers import row_number, searched
from webinar.web.paging import page_number, ready

OFTEN = "60 per minute"
"""Searches of one network or link: more than one person types, less than a program asks."""


@dataclass(frozen=True)
class Shown:
    """A hit as the page shows it. `second`: of a passage, when its line is said; `anchor`: where on
    the page of its talk it stands; `address`: where it leads, "" where a form has to ask."""

    hit: Hit
    title: list[Piece]
    excerpt: list[Piece]
    second: int | None
    anchor: str
    address: str


def page(
    scope: Scope, leads: Callable[[Hit, str], str], *, offered: ColumnElement[bool] | None = None
) -> dict[str, object]:
    """What `parts/search.html` prints. `leads` gives the address of a hit, with its anchor;
    `offered` is the condition on the talks whose series, years and so on can be chosen."""
    question, filters = searched(), _filters()
    results = search.find(question, scope, filters=filters, number=page_number())
    shown = [_shown(hit, results, leads) for hit in results.hits]
    return {
        "question": question,
        "results": results,
        "filters": filters,
        "offers": None if offered is None else search_filters.offers(offered),
        "page": ready(
            shown,
            number=results.number,
            total=results.total,
            size=search.PER_PAGE,
            most=search.FARTHEST,
        ),
    }


def _filters() -> Filters:
    year = request.args.get("year", type=row_number)
    return Filters(
        series=request.args.get("series", type=row_number),
        year=year if year and year < MAXYEAR else None,
        topic=request.args.get("topic", type=row_number),
        speaker=request.args.get("speaker", type=row_number),
        organisation=request.args.get("organisation", "").replace("\0", "")[:200],
    )


def _shown(hit: Hit, results: Results, leads: Callable[[Hit, str], str]) -> Shown:
    second = None
    if hit.kind == EntryKind.PASSAGE:
        said = search_excerpts.second(hit.text, hit.seconds, results.terms)
        second = hit.place if said is None else said
    anchor = anchor_of(hit, second)
    return Shown(
        hit=hit,
        title=search_excerpts.excerpt(hit.title or hit.talk, results.terms),
        excerpt=search_excerpts.excerpt(" ".join(hit.text.split()), results.terms)
        if hit.kind != EntryKind.PASSAGE
        else search_excerpts.excerpt(hit.text, results.terms),
        second=second,
        anchor=anchor,
        address=leads(hit, anchor),
    )


def anchor_of(hit: Hit, second: int | None) -> str:
    """ "seite-4" of slides, "t=1025" of what was said, else nothing."""
    if second is not None:
        return f"t={second}"
    if hit.kind == EntryKind.PAGE and hit.material_kind == MaterialKind.SLIDES:
        return f"seite-{hit.place}"
    return ""


def at(address: str, hit: Hit, anchor: str) -> str:
    """The place on a page of a talk's archive: a page of the one set of slides or a second of the
    one film among several (`web.archives`). A second stands in the query too: the page starts the
    recording there where no script reads the fragment."""
    if not anchor:
        return address
    if anchor.startswith("t="):
        return f"{address}?film={hit.public_id}&{anchor}#{anchor}"
    return f"{address}?folien={hit.public_id}#{anchor}"
