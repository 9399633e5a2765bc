"""Office files (OOXML and ODF): zip folders, checked before anything in them is unpacked.

Tells the kinds apart by what the folder says about itself and reads the text of slides. Pictures
of slides are left to a PDF of the same talk: rendering them would need an office suite.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from webinar.adapters.documents.page import MAX_PAGES, Page, clean_text
from webinar.errors import RuleError

if TYPE_CHECKING:
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

MAX_ENTRIES = 5_000
MAX_RATIO = 100
MAX_XML = 64 * 1024 * 1024
_SMALL = 32 * 1024 * 1024
_MAX_DIRECTORY = 2 * 1024 * 1024
_MAX_SELF_DESCRIPTION = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_OOXML_KINDS = {
    "presentationml.presentation": "ppt/presentation.xml",
    "wordprocessingml.document": "word/document.xml",
    "spreadsheetml.sheet": "xl/workbook.xml",
}
_ODF_KINDS = {"text", "presentation", "spreadsheet"}
_BROKEN = (
    *(BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError),
    *(OSError, ValueError, LookupError, RuntimeError),
)
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml", re.IGNORECASE)
_MACROS = re.compile(r"(^|/)vba(Project|Data)[^/]*$|^(Basic|Scripts)/.+", re.IGNORECASE)
_HEAVY = re.compile(r"(^|/)(media|embeddings|fonts|pictures)/", re.IGNORECASE)


def check(file: BinaryIO) -> str:
    """The media type of an office file; `RuleError` for every other zip folder.

    Codes: `file_is_archive`, `file_has_macros`, `file_encrypted`, `file_unpacks_too_large`,
    `file_too_many_pages` (slides), `file_damaged`, `file_type_not_allowed` (templates, shows,
    drawings).
    """
    _check_directory(file)
    try:
        with ZipFile(file) as folder:
            _check_entries(folder.infolist(), size=file.seek(0, io.SEEK_END))
            if "[Content_Types].xml" in folder.namelist():
                return _ooxml(folder)
            if "mimetype" in folder.namelist():
                return _odf(folder)
    except _BROKEN as error:
        raise _refuse("file_damaged") from error
    raise _refuse("file_is_archive")


def pptx_pages(path: Path, *, limit: int = MAX_PAGES) -> Iterator[Page]:
    """The text of each slide, notes last, without pictures; at most `limit` slides.

    Expects a file that `check` has let in; raises `RuleError("file_damaged")` where it breaks.
    """
    # It takes as long to import as a small PDF to read: who reads a PDF need not wait for it.
    from pptx import Presentation  # noqa: PLC0415

    try:
        with _without_media(path) as light:
            slides = Presentation(light).slides
            for number, slide in enumerate(slides, start=1):
                if number > limit:
                    return
                yield Page(number=number, text=clean_text("\n".join(_texts(slide))))
    except (*_BROKEN, SyntaxError, AttributeError) as error:
        # lxml's parse errors are SyntaxErrors; python-pptx lets missing parts through as others.
        raise _refuse("file_damaged") from error


def _refuse(code: str, **values: object) -> RuleError:
    return RuleError(code, field="file", **values)


def _check_directory(file: BinaryIO) -> None:
    """Look at the end record (APPNOTE 4.3.16) before zipfile builds an object for every entry."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise _refuse("file_damaged")
    _, _, _, _, entries, directory, _, _ = _END.unpack_from(tail, at)
    # A zip64 locator could replace these two numbers by any others; no slide deck needs one.
    zip64 = tail[max(0, at - 20) : at].startswith(b"PK\6\7")
    if zip64 or entries > MAX_ENTRIES or directory > _MAX_DIRECTORY:
        raise _refuse("file_unpacks_too_large")


def _check_entries(entries: list[ZipInfo], *, size: int) -> None:
    # zipfile never yields more bytes than an entry declares, so the declared sizes are a bound.
    unpacked = sum(entry.file_size for entry in entries)
    xml = sum(e.file_size for e in entries if not _HEAVY.search(e.filename))
    if unpacked > max(_SMALL, MAX_RATIO * size) or xml > MAX_XML:
        raise _refuse("file_unpacks_too_large")
    if any(entry.flag_bits & 1 for entry in entries):
        raise _refuse("file_encrypted")
    if any(_MACROS.search(entry.filename) for entry in entries):
        raise _refuse("file_has_macros")


def _description(folder: ZipFile, name: str) -> bytes:
    entry = folder.getinfo(name)
    if entry.file_size > _MAX_SELF_DESCRIPTION:
        raise _refuse("file_unpacks_too_large")
    return folder.read(entry)


def _ooxml(folder: ZipFile) -> str:
    types = _description(folder, "[Content_Types].xml")
    if b"macroenabled" in types.lower():
        raise _refuse("file_has_macros")
    for kind, main in _OOXML_KINDS.items():
        if f"{kind}.main+xml".encode() in types:
            folder.getinfo(main)
            if sum(1 for name in folder.namelist() if _SLIDE.fullmatch(name)) > MAX_PAGES:
                raise _refuse("file_too_many_pages")
            return _OOXML + kind
    raise _refuse("file_type_not_allowed")


def _odf(folder: ZipFile) -> str:
    media_type = _description(folder, "mimetype").decode("ascii").strip()
    if media_type.removeprefix(_ODF) not in _ODF_KINDS:
        raise _refuse("file_type_not_allowed", found=media_type[:100])
    folder.getinfo("content.xml")
    # ODF 1.3, part 2, 3.4: a password encrypts the entries and leaves the folder readable.
    if b"encryption-data" in _description(folder, "META-INF/manifest.xml"):
        raise _refuse("file_encrypted")
    return media_type


def _without_media(path: Path) -> BinaryIO:
    """A copy whose films and pictures are empty: python-pptx loads every part into memory."""
    light = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with ZipFile(path) as full, ZipFile(light, "w") as copy:
        for entry in full.infolist():
            heavy = _HEAVY.search(entry.filename)
            copy.writestr(entry.filename, b"" if heavy else full.read(entry))
    light.seek(0)
    return light


def _texts(slide: Slide) -> Iterator[str]:
    for shape in slide.shapes:
        yield from _shape_texts(shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield slide.notes_slide.notes_text_frame.text


def _shape_texts(shape: BaseShape) -> Iterator[str]:
    from pptx.shapes.autoshape import Shape  # noqa: PLC0415  as above
    from pptx.shapes.graphfrm import GraphicFrame  # noqa: PLC0415
    from pptx.shapes.group import GroupShape  # noqa: PLC0415

    if isinstance(shape, GroupShape):
        for inner in shape.shapes:
            yield from _shape_texts(inner)
    elif isinstance(shape, Shape):
        yield shape.text_frame.text
    elif isinstance(shape, GraphicFrame) and shape.has_table:
        for row in shape.table.rows:
            yield " ".join(cell.text for cell in row.cells)
