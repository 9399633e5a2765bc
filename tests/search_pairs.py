"""Questions as people in offices type them, each with the place that answers it.

Written before the search they measure. A place is a page of the deck ("seite", 2), a second of the
recording ("sekunde", 340) or the talk itself ("abend", 0), all from `tests/search_corpus.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    question: str
    talk: str
    kind: str
    place: int = 0


PAIRS = (
    # parts of compounds, in both directions
    Pair("Bauantrag", "bauen", "seite", 2),
    Pair("Verfahren Bauantrag", "bauen", "seite", 2),
    Pair("Gefahrenkarte", "regen", "seite", 1),
    Pair("Starkregen Karten", "regen", "seite", 1),
    Pair("Briefwahl", "wahl", "seite", 3),
    Pair("Kalkulation der Gebühren", "friedhof", "seite", 2),
    Pair("Nahwärme", "waerme", "seite", 3),
    Pair("Atemschutz", "wehr", "seite", 2),
    Pair("Löschfahrzeug", "wehr", "seite", 4),
    # word forms
    Pair("Wahlhelfer", "wahl", "seite", 2),
    Pair("Wärmepumpe", "waerme", "seite", 4),
    Pair("Mietvertrag", "wohnen", "seite", 2),
    Pair("Kassenkredit", "haushalt", "seite", 2),
    Pair("Sirene", "regen", "seite", 5),
    Pair("Passwort", "sicher", "seite", 5),
    Pair("Brücke", "strasse", "sekunde", 500),
    Pair("Graben pflegen", "regen", "sekunde", 330),
    # umlauts either way
    Pair("Strassenausbau", "strasse", "abend"),
    Pair("Kuenstliche Intelligenz", "ki", "abend"),
    Pair("Rueckhaltebecken", "regen", "seite", 2),
    Pair("Boehme", "bauen", "abend"),
    Pair("Muller", "kita", "abend"),
    # what was said, to the second
    Pair("Denkmalschutz", "bauen", "sekunde", 610),
    Pair("Drehleiter", "wehr", "sekunde", 690),
    Pair("Schlagloch", "strasse", "sekunde", 25),
    Pair("Turnhalle freigegeben", "wohnen", "sekunde", 33),
)
