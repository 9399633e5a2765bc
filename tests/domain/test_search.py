"""The search finds what people ask for, and only what the asking person may open."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import delete, select

from tests import search_archive
from tests.search_corpus import CORPUS
from tests.search_pairs import PAIRS, Pair
from webinar.commands.search import rebuild
from webinar.domain import materials, search
from webinar.domain.search import Hit, Scope
from webinar.domain.search_excerpts import second
from webinar.extensions import db
from webinar.models import EntryKind, SearchEntry, Talk

FIRST = 5
WANTED = 0.9
"""The share of questions that are answered among the first five."""
KINDS = {"abend": EntryKind.TALK, "seite": EntryKind.PAGE, "sekunde": EntryKind.PASSAGE}


def everyone() -> Scope:
    return search.for_everyone(day=materials.today())


def answers(hit: Hit, pair: Pair, talks: dict[str, Talk], results: search.Results) -> bool:
    place = hit.place
    if hit.kind == EntryKind.PASSAGE:
        place = second(hit.text, hit.seconds, results.terms) or place
    return (hit.talk_id, hit.kind, place) == (talks[pair.talk].id, KINDS[pair.kind], pair.place)


def test_questions_are_answered_among_the_first_five(app: Flask) -> None:
    talks = search_archive.fill()
    missed = []
    for pair in PAIRS:
        results = search.find(pair.question, everyone())
        if not any(answers(hit, pair, talks, results) for hit in results.hits[:FIRST]):
            missed.append(pair)
    assert len(missed) <= len(PAIRS) * (1 - WANTED), missed


def test_rebuilding_writes_the_same_index(app: Flask) -> None:
    search_archive.hold(CORPUS[0])
    search_archive.hold(CORPUS[1])
    db.session.commit()
    columns = [column for column in SearchEntry.__table__.columns if column.name != "id"]
    query = select(*columns).order_by(SearchEntry.talk_id, SearchEntry.kind, SearchEntry.place)
    before = db.session.execute(query).all()
    db.session.execute(delete(SearchEntry))
    db.session.commit()
    assert search.find("Bauantrag", everyone()).total == 0
    said = app.test_cli_runner().invoke(rebuild)
    assert db.session.execute(query).all() == before
    assert search.find("Bauantrag", everyone()).total >= 1
    assert "2 of 2 talks" in said.output
