"""Tables that people send: CSV and XLSX read into text cells, and written so that Excel opens them.

Text comes back as it stands; meaning (which column is the address, which row is a problem) is left
to `webinar.domain`. Every refusal is a `RuleError` on the field `file`. Cells that a spreadsheet
would run get an apostrophe on the way out and lose it on the way in.
"""

from webinar.adapters.spreadsheet.csv_file import read_csv, write_csv
from webinar.adapters.spreadsheet.table import MAX_BYTES, Row, Table, TableKind, Value, refuse
from webinar.adapters.spreadsheet.xlsx_file import read_xlsx, write_xlsx

_OTHER_KINDS = (".ods", ".numbers", ".pdf", ".doc", ".docx", ".html", ".htm", ".xml", ".json")
_OTHER_STARTS = (b"<", b"%PDF", b"{", b"\x7fELF", b"MZ\x90")


def read_table(data: bytes, *, filename: str) -> Table:
    """The first table of a CSV or XLSX file; its first row that is not blank holds the headers.

    The content decides the kind, the name only helps to say what a foreign file is. Blank rows are
    dropped and still counted. Codes: `table_too_large`, `table_empty`, `table_kind_unknown`,
    `table_old_excel`, `table_damaged`, `table_encoding_unknown`, `table_quote_open`,
    `table_too_many_rows`, `table_too_many_columns`, `table_cell_too_long`; of XLSX also
    `table_encrypted`, `table_has_macros`, `table_unpacks_too_large`.
    """
    if len(data) > MAX_BYTES:
        raise refuse("table_too_large", megabytes=MAX_BYTES // 1024**2)
    if data.startswith(b"PK\x03\x04"):
        return read_xlsx(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse("table_old_excel")
    if filename.lower().endswith(_OTHER_KINDS) or data.lstrip(b"\xef\xbb\xbf \r\n").startswith(
        _OTHER_STARTS
    ):
        raise refuse("table_kind_unknown")
    return read_csv(data)


__all__ = [
    "MAX_BYTES",
    "Row",
    "Table",
    "TableKind",
    "Value",
    "read_table",
    "write_csv",
    "write_xlsx",
]
