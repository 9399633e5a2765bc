"""PDF files by PDFium: whether one opens, how many pages, their text and small pictures.

PDFium is not thread-safe, not even across documents: every call into it happens under `_LOCK`, and
everything it hands out is closed under it, so that no garbage collection of another thread calls
in. The lock is never held while a caller works on a page.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import BinaryIO

import pypdfium2 as pdfium

from webinar.adapters.documents.page import MAX_PAGES, Page, clean_text
from webinar.errors import RuleError

_LOCK = RLock()
_NEEDS_PASSWORD = 4  # FPDF_ERR_PASSWORD in PDFium's fpdfview.h
_TAIL = 1024


def check(file: BinaryIO) -> None:
    """Refuse a PDF that asks for a password (`file_encrypted`) or lacks its end (`file_damaged`).

    A PDF that opens for everyone and only asks not to be printed is taken.
    """
    file.seek(0)
    if file.read(5) != b"%PDF-":
        raise RuleError("file_type_not_allowed", field="file")
    # Readers look for the end within the last 1024 bytes (PDF 1.7, appendix H, note 18); PDFium
    # would mend a file cut short and show half of it without a word.
    file.seek(max(0, file.seek(0, io.SEEK_END) - _TAIL))
    if b"%%EOF" not in file.read():
        raise RuleError("file_damaged", field="file")
    with _LOCK:
        _open(file).close()


def page_count(path: Path) -> int:
    """How many pages; `RuleError` as in `check`."""
    with _LOCK:
        document = _open(path)
        try:
            return len(document)
        finally:
            document.close()


def pdf_pages(path: Path, *, width: int, limit: int = MAX_PAGES) -> Iterator[Page]:
    """Text and a picture `width` pixels wide of each page, at most `limit` pages.

    A page that cannot be read comes without text and picture and does not stop the others.
    `RuleError` as in `check`, when the first page is asked for.
    """
    with _LOCK:
        document = _open(path)
    try:
        for index in range(min(len(document), limit)):
            yield _page(document, index, width)
    finally:
        with _LOCK:
            document.close()


def _open(source: Path | BinaryIO) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        locked = error.err_code == _NEEDS_PASSWORD
        raise RuleError("file_encrypted" if locked else "file_damaged", field="file") from error


def _page(document: pdfium.PdfDocument, index: int, width: int) -> Page:
    with _LOCK:
        try:
            page = document[index]
        except pdfium.PdfiumError:
            return Page(number=index + 1, text="")
        try:
            return Page(number=index + 1, text=_text(page), thumbnail=_thumbnail(page, width))
        finally:
            page.close()


def _text(page: pdfium.PdfPage) -> str:
    try:
        layer = page.get_textpage()
    except pdfium.PdfiumError:
        return ""
    try:
        return clean_text(layer.get_text_bounded())
    finally:
        layer.close()


def _thumbnail(page: pdfium.PdfPage, width: int) -> bytes | None:
    across, down = page.get_size()
    if across <= 0 or down <= 0:
        return None
    # A page one point wide and metres long would otherwise ask for gigabytes of pixels.
    scale = min(width / across, 3 * width / down)
    try:
        bitmap = page.render(scale=scale)
    except (pdfium.PdfiumError, ValueError):
        return None
    try:
        out = io.BytesIO()
        bitmap.to_pil().convert("RGB").save(out, "WEBP", quality=80, method=4)
        return out.getvalue()
    finally:
        bitmap.close()
