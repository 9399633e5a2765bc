"""What lists of people share: the order that the address asks for, its links, and the files that
hold what is on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flask import Response, request, url_for

from webinar.adapters import spreadsheet
from webinar.adapters.spreadsheet import Value
from webinar.domain.places import Sort
from webinar.web import downloads

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DOWN = {Sort.NAME: Sort.NAME_DOWN, Sort.TIME: Sort.TIME_DOWN}
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Heading:
    """A column to sort by: where pressing it leads, and how it stands (`aria-sort`)."""

    address: str
    aria: str


def word_of(name: str, words: type[Word]) -> Word | None:
    """The word of the enum that the address holds under the name; None for none or another."""
    given = request.args.get(name, "")
    return words(given) if given in list(words) else None


def headings(sort: Sort | None, *, kept: dict[str, object], **values: object) -> dict[str, Heading]:
    """A heading for the columns `name` and `time`; pressing the one that rules turns it round.

    `kept` narrows the list, `values` are the parts of its address.
    """
    found = {}
    for up, down in DOWN.items():
        leads_to = down if sort is up else up
        given = {**kept, **values, "sort": leads_to.value}
        aria = "ascending" if sort is up else "descending" if sort is down else "none"
        address = url_for(str(request.endpoint), **given)  # type: ignore[arg-type]
        found[up.value] = Heading(address, aria)
    return found


def file(
    headers: Sequence[str], rows: Iterable[Sequence[Value]], *, kind: str, name: str
) -> Response:
    """The table as "csv" or "xlsx", to save."""
    write = spreadsheet.write_csv if kind == "csv" else spreadsheet.write_xlsx
    response = Response(write(headers, rows), content_type=TYPES[kind])
    response.headers["Content-Disposition"] = downloads.disposition(f"{name}.{kind}")
    return response
