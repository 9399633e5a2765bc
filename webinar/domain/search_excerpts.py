"""Cuts what a page of hits shows out of a found text, and says where its words stand; pure.

An excerpt is a list of pieces, marked or not: the template escapes each and puts `<mark>` around.
Which words meet a question is `search_words`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webinar.domain.search_words import Found, Term, meets, words_in

LENGTH = 220
"""Characters of an excerpt, about: it begins and ends with whole words."""
LEAD = 60
"""Characters before the first word that was found."""


@dataclass(frozen=True)
class Piece:
    """A part of an excerpt; `marked`: it is what was looked for."""

    text: str
    marked: bool = False


def excerpt(text: str, asked: Sequence[Term]) -> list[Piece]:
    """The part of the text that holds most of the terms, else its beginning."""
    met = _met(text, asked)
    start, end = _window(text, [word.start for word, _terms in _best(met)])
    pieces = _pieces(text, start, end, met)
    before = [Piece("… ")] if start else []
    after = [Piece(" …")] if end < len(text) else []
    return [*before, *pieces, *after]


def second(text: str, seconds: Sequence[Sequence[int]], asked: Sequence[Term]) -> int | None:
    """When the line with most of the terms is said, the first of equals; None where no line is.

    `seconds`: pairs of a line's place in the text and its second.
    """
    met = _met(text, asked)
    ends = [place for place, _second in seconds[1:]] + [len(text) + 1]
    best, most = None, 0
    for (place, moment), end in zip(seconds, ends, strict=True):
        terms = {term for word, found in met if place <= word.start < end for term in found}
        if len(terms) > most:
            best, most = moment, len(terms)
    return best


_Met = list[tuple[Found, frozenset[Term]]]


def _met(text: str, asked: Sequence[Term]) -> _Met:
    """The words of the text that meet a term, each with the terms."""
    found = []
    for word in words_in(text):
        terms = frozenset(term for term in asked if meets(word, term))
        if terms:
            found.append((word, terms))
    return found


def _best(met: _Met) -> _Met:
    """The run of met words within one excerpt's length that holds most different terms."""
    best: _Met = []
    most = 0
    for index, (first, _terms) in enumerate(met):
        run = [one for one in met[index:] if one[0].end - first.start <= LENGTH - LEAD]
        terms = len(frozenset().union(*(found for _word, found in run)))
        if terms > most:
            best, most = run, terms
    return best


def _window(text: str, places: Sequence[int]) -> tuple[int, int]:
    """Where the excerpt begins and ends, at blanks."""
    if len(text) <= LENGTH:
        return 0, len(text)
    start = max(0, places[0] - LEAD) if places else 0
    start = min(start, len(text) - LENGTH)
    if start:
        blank = text.find(" ", start)
        start = blank + 1 if 0 <= blank < start + LEAD else start
    end = min(len(text), start + LENGTH)
    if end < len(text):
        blank = text.rfind(" ", start + LENGTH // 2, end)
        end = blank if blank > 0 else end
    return start, end


def _pieces(text: str, start: int, end: int, met: _Met) -> list[Piece]:
    pieces, place = [], start
    for word, _terms in met:
        if word.start < place or word.end > end:
            continue
        pieces += [Piece(text[place : word.start]), Piece(text[word.start : word.end], marked=True)]
        place = word.end
    pieces.append(Piece(text[place:end]))
    return [piece for piece in pieces if piece.text]
