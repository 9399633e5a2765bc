"""The ceiling of the search: the bare index query, by the bare driver behind bare Flask.

It matches, ranks and counts as the application does and answers with the ids of the ten best: no
grants, filters, texts, excerpts, page, forms or session.
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from bench.ceiling import POSTGRESQL, connection
from webinar.domain.search_words import Term, terms

app = Flask(__name__)

HOLDS = "strpos" if POSTGRESQL else "instr"
MARK = "%s" if POSTGRESQL else "?"


@app.get("/suche")
def search() -> Response:
    """The ids of the ten best rows, and how many there are."""
    asked = terms(request.args.get("q", ""))
    where, matched = _match(asked)
    score = " + ".join([_weight()] * len(asked))
    scored = [one for term in asked for one in (f" {term.typed} ", f" {term.stem}", term.stem)]
    statement = (
        f"SELECT id, count(*) OVER (), {score} AS score FROM search_entries"  # noqa: S608  no input
        f" WHERE {where} ORDER BY score DESC, id LIMIT 10"
    )
    rows = connection().execute(statement, [*scored, *matched]).fetchall()
    return jsonify([row[0] for row in rows])


def _weight() -> str:
    same, begins = (f"WHEN {HOLDS}(words, {MARK}) > 0 THEN {weight}" for weight in (8, 5))
    return (
        f"CASE {same} {begins} ELSE 2 END + CASE WHEN {HOLDS}(head, {MARK}) > 0 THEN 4 ELSE 0 END"
    )


def _match(asked: tuple[Term, ...]) -> tuple[str, list[str]]:
    if not POSTGRESQL:
        every = ("(" + " OR ".join(f'"{p}"' for p in term.patterns) + ")" for term in asked)
        trigrams = "SELECT rowid FROM search_trigrams WHERE search_trigrams MATCH ?"
        return f"id IN ({trigrams})", [" AND ".join(every)]
    parts = ["(" + " OR ".join(["words LIKE %s"] * len(term.patterns)) + ")" for term in asked]
    return " AND ".join(parts), [f"%{p}%" for term in asked for p in term.patterns]
