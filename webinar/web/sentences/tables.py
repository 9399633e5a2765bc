"""Sentences about tables that people send, CSV and XLSX."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "table_too_large": _l("The file may have at most %(megabytes)s MB."),
    "table_empty": _l("The file holds no table. The first row needs the column names."),
    "table_kind_unknown": _l("Please choose a CSV or Excel file (.csv or .xlsx)."),
    "table_old_excel": _l(
        "The file comes from an old Excel or has a password. "
        "Please save it as .xlsx without a password."
    ),
    "table_encrypted": _l("The file has a password. Please save it without one."),
    "table_has_macros": _l("The file holds macros. Please save it as .xlsx."),
    "table_damaged": _l("The file is damaged. Please open it in Excel and save it again."),
    "table_unpacks_too_large": _l("The file unpacks to far more than a list of people holds."),
    "table_encoding_unknown": _l(
        "The umlauts of the file cannot be read. Please save it as “CSV UTF-8”."
    ),
    "table_quote_open": _l("From row %(row)s on, a quotation mark is missing."),
    "table_too_many_rows": _l("The file may have at most %(limit)s rows."),
    "table_too_many_columns": _l("Row %(row)s has more than %(limit)s columns."),
    "table_cell_too_long": _l("Row %(row)s holds a cell of more than %(limit)s characters."),
}
