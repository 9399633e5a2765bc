"""PDF files by PDFium: whether one opens, how many pages, their text and small pictures.

PDFium is not thread-safe, not even across documents: every call into it happens under `_LOCK`, and
everything it hands out is closed under it, so that no garbage collection of another thread calls
in. The lock is never held while a caller works on a page.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import BinaryIO, TypeVar

import pypdfium2 as pdfium
from PIL import Image

from webinar.adapters.documents.page import MAX_PAGES, Drawing, Page, clean_text
from webinar.errors import RuleError

WIDTH = 1280
"""Pixels of a picture to read: a slide beside the recording, or over a whole phone."""
SMALL = 480
"""Pixels of a thumbnail: 192 on the page, for screens with up to two and a half times as many."""
Found = TypeVar("Found")
_LOCK = RLock()
_NEEDS_PASSWORD = 4  # FPDF_ERR_PASSWORD in PDFium's fpdfview.h
_TAIL = 1024


def check(file: BinaryIO) -> None:
    """Refuse a PDF that asks for a password (`file_encrypted`), lacks its end (`file_damaged`) or
    has more than `MAX_PAGES` (`file_too_many_pages`).

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
    if page_count(file) > MAX_PAGES:
        raise RuleError("file_too_many_pages", field="file")


def page_count(source: Path | BinaryIO) -> int:
    """How many pages; `RuleError` where it does not open."""
    with _LOCK:
        document = _open(source)
        try:
            return len(document)
        finally:
            document.close()


def pdf_pages(path: Path, *, limit: int = MAX_PAGES) -> Iterator[Page]:
    """The text of each page, at most `limit` pages.

    A page that cannot be read comes without text and does not stop the others. `RuleError` as in
    `check`, when the first page is asked for.
    """
    for number, text in _each(path, 1, limit, _text):
        yield Page(number=number, text=text or "")


def pdf_drawings(path: Path, *, first: int, last: int) -> Iterator[Drawing]:
    """Pictures of the pages from `first` to `last`, as far as there are any; otherwise as
    `pdf_pages`."""
    for number, pictures in _each(path, first, last, _pictures):
        picture, thumbnail = pictures or (None, None)
        yield Drawing(number=number, picture=picture, thumbnail=thumbnail)


def _open(source: Path | BinaryIO) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        locked = error.err_code == _NEEDS_PASSWORD
        raise RuleError("file_encrypted" if locked else "file_damaged", field="file") from error


def _each(
    path: Path, first: int, last: int, read: Callable[[pdfium.PdfPage], Found | None]
) -> Iterator[tuple[int, Found | None]]:
    with _LOCK:
        document = _open(path)
    try:
        for index in range(first - 1, min(len(document), last)):
            yield index + 1, _of_page(document, index, read)
    finally:
        with _LOCK:
            document.close()


def _of_page(
    document: pdfium.PdfDocument, index: int, read: Callable[[pdfium.PdfPage], Found | None]
) -> Found | None:
    with _LOCK:
        try:
            page = document[index]
        except pdfium.PdfiumError:
            return None
        try:
            return read(page)
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


def _pictures(page: pdfium.PdfPage) -> tuple[bytes, bytes] | None:
    """The page as WebP: `WIDTH` pixels wide, and `SMALL`."""
    across, down = page.get_size()
    if across <= 0 or down <= 0:
        return None
    # A page one point wide and metres long would otherwise ask for gigabytes of pixels.
    scale = min(WIDTH / across, 3 * WIDTH / down)
    try:
        bitmap = page.render(scale=scale)
    except (pdfium.PdfiumError, ValueError):
        return None
    try:
        drawn = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    large = _webp(drawn)
    drawn.thumbnail((SMALL, 3 * SMALL), reducing_gap=2.0)
    return large, _webp(drawn)


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()
