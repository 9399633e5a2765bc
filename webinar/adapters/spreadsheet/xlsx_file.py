"""Tables as XLSX: the first sheet that can be seen and holds something.

openpyxl is let at a file only after `guard` has looked at it. Neighbours: `table` with the limits,
`csv_file` for the other kind.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import cast

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from webinar.adapters.spreadsheet import guard
from webinar.adapters.spreadsheet.table import (
    LAST_ROW_OF_EXCEL,
    MAX_COLUMNS,
    Table,
    TableKind,
    Value,
    is_defused,
    is_formula,
    make_table,
    refuse,
)
from webinar.errors import RuleError

# ECMA-376 22.9.2.19: characters that XML cannot hold stand as _x000D_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BROKEN = (
    *guard.BROKEN,
    InvalidFileException,
    SyntaxError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)


def read_xlsx(data: bytes) -> Table:
    """The table in the bytes; codes as in `read_table`, and those of `guard.check`."""
    guard.check(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return _first_table(book)
        finally:
            book.close()
    except _BROKEN as problem:
        # openpyxl checks little and lets through whatever breaks inside it.
        raise refuse("table_damaged") from problem


def write_xlsx(headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """One sheet, the headers bold and fixed; text is text, whatever it starts with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Tabelle")
    sheet.freeze_panes = "A2"

    def cell(value: Value, *, bold: bool = False) -> Cell | Value:
        if not isinstance(value, str):
            return value
        # Reading takes one apostrophe off, since a CSV of ours may have been saved as XLSX.
        text = f"'{value}" if is_defused(value) else value
        made = WriteOnlyCell(sheet, _xml_text(text))
        made.data_type = "s"
        # The apostrophe that Excel would show in its input line: the text stays text when edited.
        made.quotePrefix = is_formula(value)
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(header, bold=True) for header in headers])
    for row in rows:
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _first_table(book: Workbook) -> Table:
    """The table of the first sheet that can be seen and holds something."""
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        try:
            return make_table(
                _sheet_rows(cast(Worksheet, sheet)), encoding="", delimiter="", kind=TableKind.XLSX
            )
        except RuleError as problem:
            if problem.code != "table_empty":
                raise
    raise refuse("table_empty")


def _sheet_rows(sheet: Worksheet) -> Iterator[list[str]]:
    # What the file says about its own size may be wrong, and hostile: ask for one column too many
    # and no row that Excel could not have.
    last: tuple[Cell | MergedCell, ...] = ()
    texts: list[str] = []
    for row in sheet.iter_rows(max_row=LAST_ROW_OF_EXCEL, max_col=MAX_COLUMNS + 1):
        # A gap of a million rows comes as the same tuple a million times.
        if row is not last:
            last, texts = row, _row_texts(row)
        yield texts


def _row_texts(row: Sequence[Cell | MergedCell]) -> list[str]:
    width = len(row)
    while width and row[width - 1].value is None:
        width -= 1
    return [_cell_text(cell.value, cell) for cell in row[:width]]


def _cell_text(value: object, cell: Cell | MergedCell) -> str:
    """The value as text: whole numbers without a point, dates in ISO form."""
    match value:
        case None:
            return ""
        case str():
            return _unescaped(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number_text(value, cell.number_format or "")
    return _date_text(value) if isinstance(value, date | time) else str(value)


def _number_text(value: float, number_format: str) -> str:
    if isinstance(value, float) and not value.is_integer():
        return str(value)
    # A postal code kept as a number: its format holds the zeros, its value does not.
    least = len(number_format) if re.fullmatch("0+", number_format) else 0
    return str(int(value)).zfill(least)


def _date_text(value: date | time) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.time() == time():
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="minutes")


def _unescaped(value: str) -> str:
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    # Halves of one character can come as two escapes; a half alone could not be stored.
    return raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _xml_text(value: str) -> str:
    escaped = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value).replace("\r", "_x000D_")
    whole = escaped.encode("utf-8", "replace").decode("utf-8")
    return re.sub("[\ufffe\uffff]", "", ILLEGAL_CHARACTERS_RE.sub("", whole))
