"""The shape that every table takes here, its limits, and the defusing of formulas.

Neighbours: `csv_file` and `xlsx_file`, which turn bytes into records of text cells.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from webinar.errors import RuleError
from webinar.text import clean

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_CELL = 5_000
LAST_ROW_OF_EXCEL = 1_048_576

# Spreadsheets run a cell that starts with one of these as a formula. Apostrophes before it are
# covered too, or reading back could not tell ours from theirs.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")

Value = str | int | float | None


class TableKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it, at least as many cells as there are headers.

    `ragged`: the file had fewer cells here than headers, or text in cells beyond them.
    """

    number: int
    cells: tuple[str, ...]
    ragged: bool = False


@dataclass(frozen=True)
class Table:
    """What a file held. `encoding` and `delimiter` are empty for XLSX."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str
    kind: TableKind


def refuse(code: str, **values: object) -> RuleError:
    """The error that the file is refused with."""
    return RuleError(code, field="file", **values)


def make_table(
    records: Iterable[list[str]], *, encoding: str, delimiter: str, kind: TableKind
) -> Table:
    """The table of the records, within the limits; they are counted from 1, blank ones too."""
    filled = ((number, cells) for number, cells in _checked(records) if any(map(str.strip, cells)))
    _, first = next(filled, (0, list[str]()))
    headers = tuple(clean(fused(cell)) for cell in _trimmed(first, least=0))
    if not headers:
        raise refuse("table_empty")
    rows: list[Row] = []
    for number, cells in filled:
        if len(rows) == MAX_ROWS:
            raise refuse("table_too_many_rows", limit=MAX_ROWS)
        rows.append(_row(number, cells, width=len(headers), short=kind is TableKind.CSV))
    return Table(headers, tuple(rows), encoding=encoding, delimiter=delimiter, kind=kind)


def _checked(records: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The records with their numbers, within the limits of columns and cells."""
    for number, cells in enumerate(records, start=1):
        if len(_trimmed(cells, least=0)) > MAX_COLUMNS:
            raise refuse("table_too_many_columns", row=number, limit=MAX_COLUMNS)
        if any(len(cell) > MAX_CELL for cell in cells):
            raise refuse("table_cell_too_long", row=number, limit=MAX_CELL)
        yield number, cells


def defused(value: Value) -> Value:
    """The value, with an apostrophe before what a spreadsheet would run."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula, or for one that was defused."""
    return _FORMULA.match(text) is not None


def is_defused(text: str) -> bool:
    """Whether `fused` would take an apostrophe off the text."""
    return _DEFUSED.match(text) is not None


def fused(cell: str) -> str:
    """The cell as it was before `defused`."""
    return cell[1:] if is_defused(cell) else cell


def _row(number: int, cells: list[str], *, width: int, short: bool) -> Row:
    """The row, filled up to the width; a sheet has no short rows, its cells are just empty."""
    found = [fused(cell) for cell in _trimmed(cells, least=width)]
    ragged = len(found) > width or (short and len(cells) < width)
    return Row(number, tuple(found + [""] * (width - len(found))), ragged=ragged)


def _trimmed(cells: list[str], *, least: int) -> list[str]:
    """The cells without empty ones at the end beyond `least`."""
    width = len(cells)
    while width > least and not cells[width - 1].strip():
        width -= 1
    return cells[:width]
