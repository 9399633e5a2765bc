"""What an upload is, told from its bytes and never from its name, and what we do not take.

puremagic guesses; each guess that is on the list is then checked for what its kind can hide
(macros, passwords, bombs, missing ends) by its neighbour here. Viruses are looked for by
`adapters.antivirus`.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import BinaryIO

import puremagic

from webinar.adapters.documents import office, pdf, photos
from webinar.adapters.media import mp4_outline, webm_is_whole
from webinar.errors import RuleError

MAX_SUBTITLES = 4 * 1024 * 1024
_MP4_BRANDS = {"isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V", "dash"}
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))}
"""Names that Windows keeps for itself, whatever their extension."""
_OLD_OFFICE = {".doc", ".xls", ".ppt"}
_MACROS = {".docm", ".xlsm", ".pptm", ".ppsm", ".potm", ".dotm", ".xltm", ".xlsb"}
_ACTIVE = {".html": "file_is_web_page", ".htm": "file_is_web_page", ".xhtml": "file_is_web_page"}
_ACTIVE |= {".svg": "file_is_svg"}
_ARCHIVES = {".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".zst", ".cab", ".iso", ".lz", ".ar"}

REFUSALS = frozenset(
    {
        "file_empty",
        "file_damaged",
        "file_encrypted",
        "file_has_macros",
        "file_is_archive",
        "file_is_svg",
        "file_is_web_page",
        "file_office_old_or_encrypted",
        "file_too_many_pages",
        "file_type_not_allowed",
        "file_unpacks_too_large",
        "image_too_large",
    }
)
"""Every code that `identify` refuses with; each error has the value `name` (shortened)."""

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."


class Kind(StrEnum):
    """What a person does with the file."""

    DOCUMENT = "document"
    PRESENTATION = "presentation"
    TEXT = "text"
    SHEET = "sheet"
    VIDEO = "video"
    IMAGE = "image"
    SUBTITLES = "subtitles"


class MediaType(Enum):
    """The files we take: media type as sent to browsers, extension with its dot, kind."""

    PDF = ("application/pdf", ".pdf", Kind.DOCUMENT)
    PPTX = (_OOXML + "presentationml.presentation", ".pptx", Kind.PRESENTATION)
    ODP = (_ODF + "presentation", ".odp", Kind.PRESENTATION)
    DOCX = (_OOXML + "wordprocessingml.document", ".docx", Kind.TEXT)
    ODT = (_ODF + "text", ".odt", Kind.TEXT)
    XLSX = (_OOXML + "spreadsheetml.sheet", ".xlsx", Kind.SHEET)
    ODS = (_ODF + "spreadsheet", ".ods", Kind.SHEET)
    MP4 = ("video/mp4", ".mp4", Kind.VIDEO)
    WEBM = ("video/webm", ".webm", Kind.VIDEO)
    PNG = ("image/png", ".png", Kind.IMAGE)
    JPEG = ("image/jpeg", ".jpg", Kind.IMAGE)
    VTT = ("text/vtt", ".vtt", Kind.SUBTITLES)

    def __init__(self, media_type: str, extension: str, kind: Kind) -> None:
        self.media_type = media_type
        self.extension = extension
        self.kind = kind

    @classmethod
    def of(cls, media_type: str) -> "MediaType":
        """The member for a stored media type; `ValueError` for any other."""
        for member in cls:
            if member.media_type == media_type:
                return member
        raise ValueError(media_type)


def identify(file: BinaryIO, *, filename: str) -> MediaType:
    """What the seekable `file` is; its position stands at the start afterwards.

    `filename` only names the file in the refusal: a `RuleError` with a code of `REFUSALS`, the
    field `file` and the values `name` and, where known, `found` (a media type or an extension).
    """
    try:
        return _identify(file)
    except RuleError as error:
        error.values["name"] = shorten(filename)
        raise
    finally:
        file.seek(0)


def promised(filename: str, *, declared: str = "") -> MediaType:
    """What the name of a file promises that is still to be sent; its bytes have the last word.

    `declared` is the browser's own guess. Raises `RuleError` as `identify`.
    """
    extension = "." + shorten(filename, length=300).rpartition(".")[2].lower()
    extension = {".jpeg": ".jpg"}.get(extension, extension)
    name = shorten(filename)
    if extension in _ARCHIVES | {".zip"}:
        raise _refuse("file_is_archive", name=name)
    if extension in _OLD_OFFICE:
        raise _refuse("file_office_old_or_encrypted", name=name)
    if extension in _MACROS:
        raise _refuse("file_has_macros", name=name)
    found = next((member for member in MediaType if member.extension == extension), None)
    ours = {member.media_type for member in MediaType}
    if found is None or (declared in ours and declared != found.media_type):
        raise _refuse(_ACTIVE.get(extension, "file_type_not_allowed"), name=name)
    return found


def shorten(filename: str, *, length: int = 80) -> str:
    """The last part of a name from outside, without control and direction marks; may be empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    # U+202E and its like make "exe.fdp" read as "pdf.exe" the other way round.
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    return " ".join(seen.split())[:length].strip(" .")


def download_name(filename: str, *, media_type: MediaType) -> str:
    """A name for people who save the file: what they called it, with the extension it deserves."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", shorten(filename, length=300))
    stem = re.sub(r'[<>:"|?*]', "-", stem)[:100].strip(" .")
    if stem.partition(".")[0].upper() in _DEVICES:
        stem = "Datei " + stem
    return (stem or "Datei") + media_type.extension


def _identify(file: BinaryIO) -> MediaType:
    if file.seek(0, 2) == 0:
        raise _refuse("file_empty")
    file.seek(0)
    if file.read(3) == b"\xef\xbb\xbf":  # a byte order mark, which puremagic does not look behind
        file.seek(0)
        return _vtt(file)
    file.seek(0)
    try:
        guesses = puremagic.magic_stream(file)
    except (puremagic.PureError, ValueError):
        raise _refuse("file_type_not_allowed") from None
    extensions = {guess.extension.lower() for guess in guesses}
    for mark, check in _CHECKS.items():
        if mark in extensions:
            file.seek(0)
            return check(file)
    for mark, code in _ACTIVE.items():
        if mark in extensions:
            raise _refuse(code)
    if extensions & _ARCHIVES:
        raise _refuse("file_is_archive")
    if ".doc" in extensions:
        raise _refuse("file_office_old_or_encrypted")
    raise _refuse("file_type_not_allowed", found=guesses[0].mime_type or guesses[0].extension)


def _refuse(code: str, **values: object) -> RuleError:
    return RuleError(code, field="file", **values)


def _pdf(file: BinaryIO) -> MediaType:
    pdf.check(file)
    return MediaType.PDF


def _office(file: BinaryIO) -> MediaType:
    return MediaType.of(office.check(file))


def _image(file: BinaryIO) -> MediaType:
    return MediaType.of(photos.check(file))


def _mp4(file: BinaryIO) -> MediaType:
    outline = mp4_outline(file)
    if outline is None or outline.brand not in _MP4_BRANDS:
        raise _refuse("file_type_not_allowed", found=outline.brand if outline else "")
    if not outline.complete:
        raise _refuse("file_damaged")
    if not outline.has_video:
        raise _refuse("file_type_not_allowed", found="audio/mp4")
    return MediaType.MP4


def _webm(file: BinaryIO) -> MediaType:
    whole = webm_is_whole(file)
    if whole is None:
        raise _refuse("file_type_not_allowed", found="video/x-matroska")
    if not whole:
        raise _refuse("file_damaged")
    return MediaType.WEBM


def _vtt(file: BinaryIO) -> MediaType:
    """Subtitles: UTF-8 text that opens with the word WEBVTT (W3C WebVTT, 4.1)."""
    data = file.read(MAX_SUBTITLES + 1)
    if len(data) > MAX_SUBTITLES:
        raise _refuse("file_unpacks_too_large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse("file_damaged") from error
    if "\0" in text or not re.match(r"WEBVTT(?=[ \t\r\n]|$)", text):
        raise _refuse("file_type_not_allowed")
    return MediaType.VTT


_CHECKS: dict[str, Callable[[BinaryIO], MediaType]] = {
    ".pdf": _pdf,
    ".docx": _office,
    ".png": _image,
    ".jpg": _image,
    ".jpeg": _image,
    ".mp4": _mp4,
    ".webm": _webm,
    ".vtt": _vtt,
}
