"""One row of an imported table: what its cells say, what is wrong with them, what was understood
although it was written otherwise. Knows no database; `domain.contact_imports` compares.

Remarks are `RuleError`s: the same codes and sentences as in forms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from webinar.domain import audiences, contacts, organisations
from webinar.errors import RuleError
from webinar.models import Contact, ContactForm
from webinar.text import clean, fold, normalise_address


class Column(StrEnum):
    """What a column of the table can hold."""

    FORM = "form"
    TITLE = "title"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    OFFICE = "office"
    ORGANISATION = "organisation"
    EMAIL = "email"
    AUDIENCES = "audiences"
    SALUTATION = "salutation"
    LANGUAGE = "language"


REQUIRED = (Column.LAST_NAME, Column.EMAIL)
HEADERS: dict[Column, str] = {
    Column.FORM: "Anrede;Anredeform;form of address;salutation form;gender;Geschlecht",
    Column.TITLE: "Titel;akad. Titel;akademischer Titel;akademischer Grad;title;academic title",
    Column.FIRST_NAME: "Vorname;Vornamen;Rufname;first name;given name;forename",
    Column.LAST_NAME: "Nachname;Name;Familienname;Zuname;last name;surname;family name",
    Column.OFFICE: "Amt;Funktion;Amt oder Funktion;Amtsbezeichnung;Position;Rolle;office;role",
    Column.ORGANISATION: "Organisation;Gemeinde;Kommune;Dienststelle;Behörde;Fraktion;"
    "Ort;Firma;organization;municipality;company",
    Column.EMAIL: "E-Mail;EMail;Mail;E-Mail-Adresse;Mailadresse;Mail-Adresse;email address",
    Column.AUDIENCES: "Verteiler;Verteilerliste;Gruppe;Gruppen;Liste;audience;audiences;group",
    Column.SALUTATION: "Briefanrede;persönliche Anrede;Anredezeile;salutation",
    Column.LANGUAGE: "Sprache;language",
}
"""The header names that are recognised, whatever their case and spelling of umlauts."""
FORMS = {
    "herr": ContactForm.HERR,
    "herrn": ContactForm.HERR,
    "mr": ContactForm.HERR,
    "m": ContactForm.HERR,
    "frau": ContactForm.FRAU,
    "mrs": ContactForm.FRAU,
    "ms": ContactForm.FRAU,
    "w": ContactForm.FRAU,
    "": ContactForm.NEUTRAL,
    "neutral": ContactForm.NEUTRAL,
    "keine": ContactForm.NEUTRAL,
    "ohne": ContactForm.NEUTRAL,
}
LANGUAGES = {"": "", "de": "de", "deutsch": "de", "german": "de"} | dict.fromkeys(
    ("en", "englisch", "english"), "en"
)
FORMULA = re.compile(r"[=+@-]")
"""How a cell begins that a spreadsheet would run (OWASP, CSV injection)."""
DASHES = frozenset({"-", "–", "—"})
"""What people write into a cell that stays empty."""


class TableRow(Protocol):
    """A row as the adapter reads it: at least as many cells as there are headers; `ragged` where
    the file had another number of them."""

    @property
    def number(self) -> int: ...
    @property
    def cells(self) -> Sequence[str]: ...
    @property
    def ragged(self) -> bool: ...


@dataclass
class Candidate:
    """One row: `number` as a spreadsheet counts it; `values` by column, only those mapped."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    audiences: list[str] = field(default_factory=list)
    defects: list[RuleError] = field(default_factory=list)
    notes: list[RuleError] = field(default_factory=list)

    def value(self, column: Column) -> str:
        return self.values.get(column, "")

    @property
    def key(self) -> tuple[str, str]:
        """Address and name: who it is."""
        name = contacts.name_key(self.value(Column.FIRST_NAME), self.value(Column.LAST_NAME))
        return self.value(Column.EMAIL), name


def recognise(headers: Sequence[str]) -> dict[str, int]:
    """Column to index of the header that names it; of several the first."""
    known = {_plain(name): column for column, names in HEADERS.items() for name in names.split(";")}
    found: dict[str, int] = {}
    for index, header in enumerate(headers):
        column = known.get(_plain(header))
        if column is not None:
            found.setdefault(column.value, index)
    return found


def _plain(header: str) -> str:
    return re.sub(r"[\s._:*-]+", "", fold(header))


def read(
    row: TableRow,
    *,
    mapping: Mapping[str, int],
    width: int,
    known_audiences: Collection[str],
) -> Candidate:
    """The row's values and remarks. `width` is the number of headers; `known_audiences` are the
    keys of the audiences that exist: a name with a comma is one name where it exists."""
    candidate = Candidate(row.number)
    raw = {Column(name): row.cells[index] for name, index in mapping.items()}
    if row.ragged:
        # Its cells may have slid into other columns: nothing more is said of them.
        code = "row_long" if len(row.cells) > width else "row_short"
        candidate.defects.append(RuleError(code, expected=width))
        candidate.values = {column: clean(cell) for column, cell in raw.items()}
        return candidate
    for column, cell in raw.items():
        candidate.values[column] = _cell(column, cell, candidate)
    _understand(candidate)
    if Column.AUDIENCES in raw:
        _split(candidate, raw[Column.AUDIENCES], known_audiences)
    return candidate


def _cell(column: Column, cell: str, candidate: Candidate) -> str:
    text = clean(cell)
    if text in DASHES:
        return ""
    mark = FORMULA if column is not Column.EMAIL else re.compile("=")
    if mark.match(text):
        candidate.defects.append(RuleError("cell_formula", field=column, value=text[:40]))
    elif len(text) > _length(column):
        candidate.defects.append(RuleError("cell_long", field=column, length=_length(column)))
    elif text != cell and column not in (Column.EMAIL, Column.AUDIENCES):
        candidate.notes.append(RuleError("blanks_removed", field=column, value=text))
    return text


def _length(column: Column) -> int:
    if column in (Column.AUDIENCES, Column.LANGUAGE, Column.FORM, Column.EMAIL):
        return 1000  # judged by what they must say, not by the column that stores it
    if column is Column.ORGANISATION:
        return organisations.NAME_LENGTH
    length: int = Contact.__table__.c[column.value].type.length  # type: ignore[attr-defined]  # all are Strings
    return length


def _understand(candidate: Candidate) -> None:
    values, notes, defects = candidate.values, candidate.notes, candidate.defects
    if not values[Column.LAST_NAME]:
        defects.append(RuleError("last_name_missing", field=Column.LAST_NAME))
    _understand_address(candidate)
    if Column.FORM in values:
        given = values[Column.FORM]
        form = FORMS.get(fold(given).rstrip("."))
        if form is None:
            notes.append(RuleError("form_neutral", field=Column.FORM, value=given))
        values[Column.FORM] = form or ContactForm.NEUTRAL
    if Column.LANGUAGE in values:
        given = values.pop(Column.LANGUAGE)
        language = LANGUAGES.get(fold(given))
        if language is None:
            defects.append(RuleError("language_unknown", field=Column.LANGUAGE, value=given))
        elif language:
            values[Column.LANGUAGE] = language


def _understand_address(candidate: Candidate) -> None:
    given = candidate.values[Column.EMAIL]
    if any(defect.field == Column.EMAIL for defect in candidate.defects):
        return
    try:
        address = normalise_address(given)
    except RuleError as defect:
        candidate.defects.append(defect)
        return
    candidate.values[Column.EMAIL] = address
    if address != given:
        candidate.notes.append(RuleError("address_normalised", field=Column.EMAIL, address=address))


def _split(candidate: Candidate, cell: str, known: Collection[str]) -> None:
    """Several names in one cell stand between semicolons, bars, line breaks or commas."""
    pieces = [clean(piece) for piece in re.split(r"[;|\r\n]", cell)]
    names: dict[str, str] = {}
    for piece in pieces:
        for name in _by_commas(piece, known):
            names.setdefault(audiences.key_of(name), name)
    candidate.audiences = list(names.values())
    candidate.values.pop(Column.AUDIENCES)
    if len(names) > 1:
        joined = "; ".join(candidate.audiences)
        candidate.notes.append(RuleError("audiences_split", field=Column.AUDIENCES, names=joined))
    for name in candidate.audiences:
        if len(name) > audiences.NAME_LENGTH:
            length = audiences.NAME_LENGTH
            candidate.defects.append(RuleError("cell_long", field=Column.AUDIENCES, length=length))


def _by_commas(text: str, known: Collection[str]) -> list[str]:
    """The names in the text; the longest that exists wins over its parts."""
    parts = [part.strip() for part in text.split(",")]
    found: list[str] = []
    start = 0
    while start < len(parts):
        end = len(parts)
        while end > start + 1 and audiences.key_of(", ".join(parts[start:end])) not in known:
            end -= 1
        name = ", ".join(parts[start:end])
        if name and name not in DASHES:
            found.append(name)
        start = end
    return found
