"""Sending stored files: whole or in ranges, to save or to play, never by a name from outside.

Who may have a file was decided before (`domain.materials`); this module only sends it. Ranges
follow RFC 9110, 14: a single range is served, several are answered with the whole, which the RFC
allows. The bytes pass in pieces, unless the settings name somebody who sends them without us: the
proxy from its own disk (`X-Accel-Redirect`), or the bucket, for what is saved. What is played stays
here: an address that outlives a withdrawal would be none that can be withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from flask import Response, request
from werkzeug.datastructures import ContentRange
from werkzeug.http import dump_options_header

from webinar.adapters import zips
from webinar.adapters.calendar import Event, calendar_bytes
from webinar.adapters.documents import MediaType, download_name
from webinar.adapters.storage import Storage
from webinar.clock import berlin
from webinar.errors import NotThere
from webinar.models import Material, MaterialPage, Recording, RecordingCut, Talk
from webinar.web.settings import settings, storage

PIECE = 256 * 1024
PLAYED = frozenset({"video/mp4", "video/webm", "text/vtt"})
"""Media types that a page may show in place: none of them runs anything."""
CACHE = "private, no-cache"
"""A browser may keep the bytes, and asks each time whether it still may show them."""


class Kept(Protocol):
    """What is known of bytes in the store."""

    @property
    def storage_key(self) -> str | None: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def media_type(self) -> str: ...


@dataclass(frozen=True)
class Span:
    """Bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


@dataclass(frozen=True)
class _Bytes:
    storage_key: str | None
    sha256: str | None
    size: int | None
    media_type: str


class OutOfRange(Exception):
    """The range asked for begins behind the end."""


def attachment(material: Material) -> Response:
    """The file to save, under the name that its owner gave it; `NotThere` for a link."""
    if material.storage_key is None:
        raise NotThere("material_missing")
    name = disposition(_saved_as(material))
    elsewhere = _elsewhere(material, name)
    if elsewhere is not None:
        return elsewhere
    response = _file(material)
    response.headers["Content-Disposition"] = name
    return response


def playing(material: Material) -> Response:
    """The recording or its subtitles, to be shown in a page; `NotThere` for anything else."""
    if material.media_type not in PLAYED or material.storage_key is None:
        raise NotThere("material_missing")
    response = _file(material)
    response.headers["Content-Disposition"] = "inline"
    return response


def aside(recording: Recording) -> Response:
    """A recording that waits for a decision: played where browsers can, else saved."""
    if recording.storage_key is None:
        raise NotThere("material_missing")
    response = _file(recording)
    plays = recording.media_type in PLAYED
    response.headers["Content-Disposition"] = "inline" if plays else disposition("aufzeichnung.bin")
    return response


def cut(cut: RecordingCut, *, media_type: str) -> Response:
    """The shorter version of a recording, to be shown in a page."""
    response = _file(_Bytes(cut.storage_key, cut.sha256, cut.size, media_type))
    response.headers["Content-Disposition"] = "inline"
    return response


def thumbnail(page: MaterialPage) -> Response:
    """The small picture of a page; `NotThere` where it has none."""
    return _picture(page.thumbnail_key)


def picture(page: MaterialPage) -> Response:
    """The picture of a page to be read, or the small one where there is no other."""
    return _picture(page.picture_key or page.thumbnail_key)


def poster(recording: Material) -> Response:
    """The still of a recording; `NotThere` where it has none."""
    return _picture(recording.poster_key)


def everything(talk: Talk, materials: Sequence[Material]) -> Response:
    """All files of these materials as one ZIP; `NotThere` where there is none."""
    files = [material for material in materials if material.storage_key is not None]
    if not files:
        raise NotThere("material_missing")
    names = zips.unique([_saved_as(material) for material in files])
    entries = [_entry(row, name, storage()) for row, name in zip(files, names, strict=True)]
    response = Response(mimetype="application/zip")
    response.headers["Content-Disposition"] = disposition(f"unterlagen-{talk.slug}.zip")
    response.headers["Cache-Control"] = "no-store"
    response.content_length = zips.length(entries)
    if request.method != "HEAD":
        response.response = zips.stream(entries)
        response.direct_passthrough = True
    return response


def public_file(material: Material) -> Response:
    """What was released to everyone: a recording plays, everything else is saved."""
    return playing(material) if material.kind == "recording" else attachment(material)


def calendar_file(event: Event) -> Response:
    """One talk to be put into a calendar once; it does not move with the talk."""
    answer = Response(calendar_bytes(event, method=None), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = disposition("veranstaltung.ics")
    return answer


def disposition(name: str) -> str:
    """RFC 6266: the name in ASCII for old readers, and as it is (RFC 8187) for all others."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    value = dump_options_header("attachment", {"filename": plain})
    return value if plain == name else f"{value}; filename*=UTF-8''{_percent(name)}"


def asked_span(size: int, *, etag: str) -> Span | None:
    """The one range that the request asks for; None where the whole is to be sent.

    Several ranges, other units and nonsense are answered with the whole, and so is a range of an
    older file (`If-Range`, compared strongly: RFC 9110, 13.1.5). Raises `OutOfRange`.
    """
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if request.headers.get("If-Range", f'"{etag}"').strip() != f'"{etag}"':
        return None
    found = asked.range_for_length(size)
    if found is None:
        raise OutOfRange
    return Span(*found)


def _elsewhere(material: Kept, name: str) -> Response | None:
    """The way to the bucket, where browsers may fetch from it and do not have the bytes yet."""
    if request.method == "HEAD" or (material.sha256 or "") in request.if_none_match:
        return None
    link = storage().link(
        material.storage_key or "", media_type=material.media_type, disposition=name
    )
    if link is None:
        return None
    headers = {"Location": link, "Cache-Control": "private, no-store"}
    return Response(status=302, headers=headers)


def _by_the_proxy(response: Response, key: str) -> bool:
    """Have the proxy send the file from its disk: ranges and tags are then its own affair."""
    path = settings().storage.accel_path
    if not path or storage().path(key) is None:
        return False
    response.headers["X-Accel-Redirect"] = f"{path}{key[:2]}/{key}"
    response.headers.pop("ETag")
    return True


def _saved_as(material: Material) -> str:
    return download_name(material.file_name, media_type=MediaType.of(material.media_type))


def _entry(material: Material, name: str, store: Storage) -> zips.Entry:
    key = material.storage_key or ""
    return zips.Entry(
        name=name,
        size=material.size or 0,
        open=lambda: store.open(key),
        changed=berlin(material.created_at).replace(tzinfo=None),
    )


def _picture(key: str | None) -> Response:
    if key is None:
        raise NotThere("material_missing")
    with storage().open(key) as file:
        response = Response(file.read(), mimetype="image/webp")
    response.set_etag(hashlib.sha256(key.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = CACHE
    response.make_conditional(request)
    return response


def _file(material: Kept) -> Response:
    """The stored bytes with their type, ETag and range; the route adds how to show them."""
    key, etag, size = material.storage_key or "", material.sha256 or "", material.size or 0
    response = Response(mimetype=material.media_type)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = CACHE
    response.set_etag(etag)
    if etag in request.if_none_match:
        response.status_code = 304
        return response
    if _by_the_proxy(response, key):
        return response
    try:
        span = asked_span(size, etag=etag)
    except OutOfRange:
        response.status_code = 416
        response.content_range = ContentRange("bytes", None, None, size)
        return response
    if span is not None:
        response.status_code = 206
        response.content_range = ContentRange("bytes", span.start, span.stop, size)
    span = span or Span(0, size)
    response.content_length = span.stop - span.start
    if request.method != "HEAD":
        file = storage().open(key, start=span.start, stop=span.stop)
        response.call_on_close(file.close)
        response.response = _pieces(file, span)
        response.direct_passthrough = True
    return response


def _pieces(file: BinaryIO, span: Span) -> Iterator[bytes]:
    left = span.stop - span.start
    while left > 0 and (piece := file.read(min(PIECE, left))):
        left -= len(piece)
        yield piece


def _percent(name: str) -> str:
    """RFC 8187, 3.2.1: every byte of the UTF-8 form that is no attribute character."""
    safe = b"!#$&+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(chr(b) if b in safe else f"%{b:02X}" for b in name.encode())
