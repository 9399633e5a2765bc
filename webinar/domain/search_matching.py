"""Asks a database for the terms of a question: which rows meet them, and how well.

Each database by its own index of trigrams, both with the same answer. Which rows may be seen, and
how many are shown, is `search`'; what a term is, `search_words`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select, table, text
from sqlalchemy.sql import column

from webinar.domain.search_words import Term
from webinar.extensions import db
from webinar.models import SearchEntry

# How much a term adds: the very word, the beginning of a word (as another form of it is), a part of
# one, a piece of the term; and once more for standing in a title, a name or a topic.
SAME, BEGINNING, PART, PIECE, HEAD = 8, 5, 2, 1, 4

Condition = ColumnElement[bool]


def score(asked: Sequence[Term]) -> ColumnElement[int]:
    """How well a row answers: the sum over the terms."""
    parts = [part for term in asked for part in (_weight(term), _in_head(term))]
    return cast(sum(parts[1:], start=parts[0]), Integer)


def _weight(term: Term) -> ColumnElement[int]:
    """Asked from the loosest to the strictest: most rows lack most words, and one look tells."""
    words = SearchEntry.words
    pieces = [one for one in term.patterns if term.stem not in one]
    piece = case((or_(*(_holds(words, one) for one in pieces)), PIECE), else_=0) if pieces else 0
    return case(
        (_lacks(words, term.stem), piece),
        (_lacks(words, f" {term.stem}"), PART),
        (_lacks(words, f" {term.typed} "), BEGINNING),
        else_=SAME,
    )


def _in_head(term: Term) -> ColumnElement[int]:
    return case((or_(*(_holds(SearchEntry.head, one) for one in term.patterns)), HEAD), else_=0)


def _holds(column: Any, part: str) -> Condition:
    return _place(column, part) > 0


def _lacks(column: Any, part: str) -> Condition:
    return _place(column, part) == 0


def _place(column: Any, part: str) -> ColumnElement[int]:
    return func.strpos(column, part) if _postgres() else func.instr(column, part)


def meets(asked: Sequence[Term], *, whole: bool) -> Condition:
    """The condition on `SearchEntry` that it holds all terms (`whole`), of which its talk may hold
    some, or else any."""
    return _meets_postgres(asked, whole=whole) if _postgres() else _meets_sqlite(asked, whole=whole)


def _meets_postgres(asked: Sequence[Term], *, whole: bool) -> Condition:
    """By pg_trgm's index, which LIKE uses. A pattern holds letters, figures and blanks alone."""

    def like(column: Any, term: Term) -> Condition:
        return or_(*(column.like(f"%{pattern}%") for pattern in term.patterns))

    here = or_(*(like(SearchEntry.words, term) for term in asked))
    if not whole or len(asked) == 1:
        return here
    either = (or_(like(SearchEntry.words, one), like(SearchEntry.context, one)) for one in asked)
    return and_(here, *either)


def _meets_sqlite(asked: Sequence[Term], *, whole: bool) -> Condition:
    """By FTS5's trigrams (https://sqlite.org/fts5.html, 3.3 and 4.3.4)."""

    def either(term: Term) -> str:
        return "(" + " OR ".join(f'"{pattern}"' for pattern in term.patterns) + ")"

    query = "{words} : (" + " OR ".join(map(either, asked)) + ")"
    if whole and len(asked) > 1:
        query += " AND " + " AND ".join(map(either, asked))
    trigrams = table("search_trigrams", column("rowid", Integer))
    matching = text("search_trigrams MATCH :question").bindparams(question=query)
    return SearchEntry.id.in_(select(trigrams.c.rowid).where(matching))


def _postgres() -> bool:
    return db.session.get_bind().dialect.name == "postgresql"
