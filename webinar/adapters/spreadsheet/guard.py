"""What an XLSX file must not do to us: looked at before openpyxl opens it.

openpyxl holds the shared texts and each row in memory as a whole; a file of a few kilobytes could
ask for gigabytes. The zip folder itself is judged by `webinar.adapters.documents.office`, as for
any office file. Neighbour: `xlsx_file`.
"""

import io
import zlib
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from webinar.adapters.documents import office
from webinar.adapters.documents.filetypes import MediaType
from webinar.adapters.spreadsheet.table import refuse
from webinar.errors import RuleError

MAX_UNPACKED = 48 * 1024 * 1024
MAX_PART = 8 * 1024 * 1024
"""Of styles, relations and the like, which are parsed in one go."""
MAX_CELLS_OF_A_ROW = 16_384

BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, NotImplementedError)
_CHUNK = 256 * 1024
_AS_TABLE = {
    "file_is_archive": "table_kind_unknown",
    "file_type_not_allowed": "table_kind_unknown",
    "file_has_macros": "table_has_macros",
    "file_encrypted": "table_encrypted",
    "file_unpacks_too_large": "table_unpacks_too_large",
}


def check(data: bytes) -> None:
    """Let `data` (a zip folder) pass, or raise `RuleError` on the field `file`.

    Codes: `table_kind_unknown`, `table_damaged`, `table_encrypted`, `table_has_macros`,
    `table_unpacks_too_large`.
    """
    _check_folder(data)
    try:
        with ZipFile(io.BytesIO(data)) as folder:
            parts = [part for part in folder.infolist() if _is_read(part)]
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise refuse("table_unpacks_too_large")
            for part in parts:
                _check_part(folder, part)
    except (*BROKEN, expat.ExpatError) as problem:
        raise refuse("table_damaged") from problem


def _check_folder(data: bytes) -> None:
    try:
        media_type = office.check(io.BytesIO(data))
    except RuleError as problem:
        raise refuse(_AS_TABLE.get(problem.code, "table_damaged")) from problem
    if media_type != MediaType.XLSX.media_type:
        raise refuse("table_kind_unknown")


def _is_read(part: ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels"))


def _check_part(folder: ZipFile, part: ZipInfo) -> None:
    name = part.filename.lower()
    large = name.startswith("xl/worksheets/") or name == "xl/sharedstrings.xml"
    if not large and part.file_size > MAX_PART:
        raise refuse("table_unpacks_too_large")
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _CellCounter()
    with folder.open(part) as content:
        while chunk := content.read(_CHUNK):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _refuse_doctype(*_declaration: object) -> None:
    """No spreadsheet has a document type; entities that unfold without end need one."""
    raise refuse("table_damaged")


class _CellCounter:
    """Refuses a row with more cells than a sheet has columns, or a text in as many pieces."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, name: str, _attributes: object) -> None:
        local = name.rpartition(" ")[2]
        if local in {"row", "si"}:
            self._seen = 0
        elif local in {"c", "r"}:
            self._seen += 1
            if self._seen > MAX_CELLS_OF_A_ROW:
                raise refuse("table_unpacks_too_large")
