"""What the search compares: folded words and the stems of those asked for; pure.

An index row stores `indexed(text)`, the folded words. A question is cut into `terms`, each with its
German stem, and a term stands in a row where one of its `patterns` is a part of what is stored. A
stem is the beginning of all its forms, and folding takes the umlauts of plurals, so that
"Bauanträge" is found in "Bauantragsverfahren". Both databases find the same. Writing rows is
`search_index`', asking `search`', showing where it matched `search_excerpts`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from webinar.text import fold

LONGEST = 200
"""Characters of a question that count."""
MOST_TERMS = 8
LONG = 6
"""Letters from which on a part of a word says enough."""
TRIGRAM = 3
"""Shorter parts are in no index of trigrams: with the blanks around a word they are."""
_WORD = re.compile(r"[^\W_]+(?:['’‘ʼ][^\W_]+)*")
_STEMMER = Stemmer.Stemmer("german")
_SMALL = (
    "aber als am an auf aus bei beim bis da das dass dem den der des die dies diese diesem "
    "diesen dieser doch durch ein eine einem einen einer eines er es fur gegen gibt hat hatte "
    "ich ihr im in ins ist ja kann kein keine man mehr mein mit muss nach nicht noch nun nur ob "
    "oder ohne sein sich sie sind so soll uber um und uns unser vom von vor wann war warum was "
    "weil wenn wer werden wie wieviel wir wird wo zu zum zur a about an and are at by for from "
    "how in is of on or the to what when where who with"
)
_PLAIN = frozenset(_SMALL.split())
"""Words that say nothing of what is looked for, folded."""


@dataclass(frozen=True)
class Term:
    """One word of a question: as typed (folded), its stem, and what a row must hold one of."""

    typed: str
    stem: str
    patterns: tuple[str, ...]

    def loosened(self) -> Term:
        """The same met already by the greater part of a long word, from its beginning or end:
        "Abwasserwärme" by "Abwasser", "Präqualifikation" by "Präqualifizierung"."""
        length = max(LONG - 1, -(-len(self.stem) // 2))
        if len(self.stem) < LONG:
            return self
        return Term(self.typed, self.stem, (self.stem[:length], self.stem[-length:]))


@dataclass(frozen=True)
class Found:
    """A word of a text as it stands there, from `start` to `end`, with what is stored of it."""

    start: int
    end: int
    stored: str


def terms(question: str) -> tuple[Term, ...]:
    """The words that count, each once; all of them where none says more than "der" and "wie"."""
    words = list(dict.fromkeys(fold(question[:LONGEST]).replace("@", " ").split()))
    telling = [word for word in words if word not in _PLAIN] or words
    by_stem = {stem_of(word): word for word in reversed(telling)}
    return tuple(_term(word, stem) for stem, word in reversed(by_stem.items()))[:MOST_TERMS]


def indexed(*texts: str) -> str:
    """Every word of the texts once, folded, between blanks; "" for no word at all."""
    words = [word for text in texts for word in fold(text).replace("@", " ").split()]
    return f" {' '.join(dict.fromkeys(words))} " if words else ""


def words_in(text: str) -> Iterable[Found]:
    """The words of the text in their order; "IT-Sicherheit" is two."""
    for match in _WORD.finditer(text):
        yield Found(match.start(), match.end(), _stored(match.group()))


def meets(found: Found, term: Term) -> bool:
    """Whether the database would find the term in this word."""
    return any(pattern in found.stored for pattern in term.patterns)


@lru_cache(maxsize=1 << 16)
def stem_of(word: str) -> str:
    """The stem of a folded word. Beyond Snowball: the plural in s after a vowel (Kitas, Autos) and
    words from Latin and Greek (Zentrum, Thema), whose plural loses their end."""
    stem: str = _STEMMER.stemWord(word)
    if len(stem) > 4 and stem[-1] == "s" and stem[-2] in "aiopy":
        stem = stem[:-1]
    if len(stem) > 5 and stem.endswith("um"):
        stem = stem[:-2]
    elif len(stem) > 4 and stem[-1] == "a":
        stem = stem[:-1]
    return stem if len(stem) >= TRIGRAM else word


@lru_cache(maxsize=1 << 16)
def _stored(word: str) -> str:
    return indexed(word)


def _term(word: str, stem: str) -> Term:
    return Term(word, stem, _patterns(word, stem))


def _patterns(word: str, stem: str) -> tuple[str, ...]:
    """What a row must hold. Three letters stand at an end of a word (Amtsblatt, Bauamt, but not in
    "Gesamtplan"), fewer are a word of their own: KI is not in Kita. Of a longer word with so short
    a stem the first four letters count as well: "Akten" is in eAkte, but not in "Aktuelles"."""
    if len(stem) < TRIGRAM:
        return (f" {stem} ",)
    if len(stem) == TRIGRAM and len(word) > TRIGRAM:
        return word[:4], f"{stem} "
    if len(stem) == TRIGRAM:
        return f" {stem}", f"{stem} "
    return (stem,)
