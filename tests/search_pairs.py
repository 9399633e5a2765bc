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
    # and once more, written with the search under way: harder ones
    # several words, not all of them where the answer stands
    Pair("Böhme Kosten", "bauen", "seite", 4),
    Pair("Kosten der Bauplattform", "bauen", "seite", 4),
    Pair("Feuerwehr Stellungnahme", "bauen", "sekunde", 340),
    Pair("Wie gewinnt man Wahlhelfer?", "wahl", "seite", 2),
    Pair("Wahlvorstand berufen", "wahl", "seite", 1),
    Pair("barrierefreies Wahllokal", "wahl", "seite", 4),
    Pair("Fördermittel Starkregen", "regen", "seite", 4),
    Pair("Friedhof Baum", "friedhof", "seite", 5),
    Pair("Fristen Wärmeplanung", "waerme", "seite", 1),
    Pair("Geschwister Ermäßigung Elternbeitrag", "kita", "seite", 2),
    Pair("Protokoll Ausschuss", "ki", "seite", 4),
    Pair("KI-Verordnung", "ki", "seite", 5),
    Pair("Mietverträge mit Vermietern", "wohnen", "seite", 2),
    Pair("Nachbarn Recht", "wohnen", "sekunde", 650),
    Pair("Drei Angebote", "vergabe", "seite", 2),
    # one word, another form or a part
    Pair("Anhang", "sicher", "sekunde", 980),
    Pair("Datensicherung", "sicher", "seite", 4),
    Pair("Kreisumlagen", "haushalt", "seite", 3),
    Pair("Hebesatz", "haushalt", "seite", 4),
    Pair("Feuerwehrautos", "haushalt", "seite", 5),
    Pair("Rücklage", "haushalt", "sekunde", 800),
    Pair("Urnengrab", "friedhof", "seite", 1),
    Pair("Grabmäler", "friedhof", "seite", 3),
    Pair("Bienen Imkerei", "friedhof", "sekunde", 510),
    Pair("Erzieherin", "kita", "seite", 3),
    Pair("Randzeit", "kita", "seite", 4),
    Pair("Bordstein", "strasse", "seite", 3),
    Pair("Radweg", "strasse", "seite", 5),
    Pair("Spielplätze", "strasse", "sekunde", 777),
    Pair("Schornsteinfeger", "waerme", "seite", 2),
    Pair("Abwasserwärme", "waerme", "sekunde", 400),
    Pair("Biogas", "waerme", "sekunde", 890),
    Pair("Reisepässe", "ozg", "sekunde", 100),
    Pair("leichter Sprache", "ozg", "seite", 4),
    Pair("Hundesteuer anmelden", "ozg", "seite", 1),
    Pair("Chatbot", "ki", "sekunde", 700),
    Pair("Personalrat", "ki", "sekunde", 444),
    Pair("Bezahlkarten", "wohnen", "seite", 5),
    Pair("Jobcenter", "wohnen", "sekunde", 360),
    Pair("Rahmenvertrag", "vergabe", "sekunde", 470),
    Pair("Präqualifikation", "vergabe", "seite", 4),
    Pair("Berufsschüler", "wahl", "sekunde", 210),
    Pair("Gehweg", "strasse", "seite", 3),
    # umlauts and names
    Pair("Oeztuerk", "sicher", "abend"),
    Pair("YILDIZ", "ozg", "abend"),
    Pair("mueller luedenscheid", "kita", "abend"),
    Pair("Gefluechtete", "wohnen", "abend"),
    Pair("Friedhoefe", "friedhof", "abend"),
    Pair("Hochschule Harz", "haushalt", "abend"),
    Pair("Löschfahrzeuge Sammelbestellung", "wehr", "seite", 4),
)
