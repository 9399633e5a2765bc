"""Tables as CSV: encoding and delimiter are found out, written as a German Excel opens them.

Neighbours: `table` with the limits, `xlsx_file` for the other kind.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from webinar.adapters.spreadsheet.table import (
    LAST_ROW_OF_EXCEL,
    MAX_CELL,
    MAX_ROWS,
    Table,
    TableKind,
    Value,
    defused,
    make_table,
    refuse,
)

_DELIMITERS = ";,\t"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# UTF-8 read as cp1252: "Ã¼" for "ü", "ÃŸ" for "ß".
_TWICE_ENCODED = re.compile("Ã[¤¶¼„–œŸ]")


def read_csv(data: bytes) -> Table:
    """The table in the bytes; codes as in `read_table`."""
    text, encoding = _decoded(data)
    text, delimiter = _delimiter(text)
    return make_table(
        _records(text, delimiter),
        encoding=encoding,
        delimiter=delimiter,
        kind=TableKind.CSV,
    )


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """CSV as a German Excel opens it: `;`, UTF-8 with BOM, CRLF, formulas defused."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in (headers, *rows):
        writer.writerow([defused(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig", "replace")


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding, without a BOM."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    for name in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise refuse("table_encoding_unknown" if _two_bytes(data) else "table_kind_unknown")
        if name == "cp1252" and _TWICE_ENCODED.search(text):
            break
        return text.removeprefix("\ufeff"), name
    raise refuse("table_encoding_unknown")


def _two_bytes(data: bytes) -> bool:
    """Whether it looks like UTF-16 without a BOM: every second byte nought, and no other."""
    halves = data[::2].count(0), data[1::2].count(0)
    return min(halves) == 0 and max(halves) > 0.8 * (len(data) // 2)


def _delimiter(text: str) -> tuple[str, str]:
    """The text without Excel's own `sep=` line, and the sign that splits its rows most evenly."""
    told = re.match(r"\s*\"?sep=([;,\t])\"?\r?\n?", text, re.IGNORECASE)
    if told:
        return text[told.end() :], told[1]
    return text, max(_DELIMITERS, key=lambda sign: _evenness(text, sign))


def _evenness(text: str, sign: str) -> float:
    """Columns of the first row times the share of rows with as many; 0 for a single column."""
    try:
        sample = [row for row in islice(_reader(text, sign, strict=False), 50) if any(row)]
    except csv.Error:
        return 0
    if not sample:
        return 0
    width = len(sample[0])
    return (width - 1) * sum(len(row) == width for row in sample) / len(sample)


def _reader(text: str, delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records; a quotation mark left open, which would swallow the rest, is an error.

    Other misplaced quotation marks are read as Excel reads them.
    """
    number = 0
    try:
        for number, _ in enumerate(_reader(text, delimiter, strict=True), start=1):
            if number > LAST_ROW_OF_EXCEL:
                raise refuse("table_too_many_rows", limit=MAX_ROWS)
    except csv.Error as problem:
        if "unexpected end" in str(problem):
            raise refuse("table_quote_open", row=number + 1) from problem
    try:
        yield from _reader(text, delimiter, strict=False)
    except csv.Error as problem:
        raise refuse("table_cell_too_long", row=number + 1, limit=MAX_CELL) from problem
