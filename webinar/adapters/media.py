"""What a recording is: how long, how wide, and whether browsers play it as it stands.

Asks ffprobe where it is installed; without it, the length of an MP4 is read from its own tables.
Whether a file may come in at all is decided before, by `webinar.adapters.filetypes`; nothing here
decodes or converts a picture.
"""

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

TIMEOUT = 30
_MAX_BOXES = 4096
_MVHD_BYTES = 32
_ENDLESS = 2**63
# The element DocType, its length, "webm", and padding that RFC 8794, 11.2.4 allows.
_WEBM = re.compile(rb"\x42\x82[\x84-\x90]webm(?:\0|[^a-z]|$)")
_FIELDS = "codec_type,codec_name,width,height,pix_fmt"
_VIDEO = {"h264", "vp8", "vp9", "av1"}
_AUDIO = {"aac", "mp3", "opus", "vorbis"}


@dataclass(frozen=True)
class MediaFacts:
    """Seconds, pixels, and whether today's browsers play it; None is "not known"."""

    duration_seconds: float | None
    width: int | None = None
    height: int | None = None
    playable: bool | None = None


@dataclass(frozen=True)
class Mp4Outline:
    """The outer shape of an MP4. `complete`: every box announced is there, samples included.

    `index_first`: browsers can play it before all of it has arrived.
    """

    brand: str
    complete: bool
    index_first: bool
    has_video: bool
    duration_seconds: float | None


def probe(path: Path) -> MediaFacts | None:
    """The facts of an MP4 or WebM; None for a file that nobody here can read.

    Waits at most `TIMEOUT` seconds for ffprobe.
    """
    ffprobe = shutil.which("ffprobe")
    facts = _ask(ffprobe, path) if ffprobe else None
    if facts is not None:
        return facts
    with path.open("rb") as file:
        outline = mp4_outline(file)
    if outline is None or outline.duration_seconds is None:
        return None
    return MediaFacts(duration_seconds=outline.duration_seconds)


def mp4_outline(file: BinaryIO) -> Mp4Outline | None:
    """Read box headers only (ISO/IEC 14496-12, 4.2); None when the file is no MP4.

    Reads a few hundred bytes, whatever the size of the file, and at most 4096 headers a level.
    """
    size = file.seek(0, 2)
    top = list(_boxes(file, 0, size))
    if not top or top[0].kind != b"ftyp":
        return None
    file.seek(top[0].start)
    brand = file.read(4).decode("latin-1").strip()
    moov = next((box for box in top if box.kind == b"moov"), None)
    kinds = [box.kind for box in top]
    return Mp4Outline(
        brand=brand,
        complete=moov is not None and b"mdat" in kinds and top[-1].end <= size,
        index_first=b"moov" in kinds[: kinds.index(b"mdat") if b"mdat" in kinds else None],
        has_video=moov is not None and _has_video(file, moov),
        duration_seconds=_mp4_duration(file, moov) if moov else None,
    )


def webm_is_whole(file: BinaryIO) -> bool | None:
    """Whether the segment of a WebM is all there (RFC 9559, 4.5); None when it is no WebM.

    A segment of unknown length, as live recorders write it, counts as whole.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(1024)
    length, body = _vint(head, 4)
    if length is None or not _WEBM.search(head[body : body + length]):
        return None
    segment = body + length
    if head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return False
    content, start = _vint(head, segment + 4)
    return content is None or start + content <= size


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    """A length and the offset behind it (RFC 8794, 4); None for "unknown", endless for nonsense."""
    first = data[at : at + 1]
    width = 9 - first[0].bit_length() if first else 9
    raw = data[at : at + width]
    if width > 8 or len(raw) < width:
        return _ENDLESS, at
    number = int.from_bytes(raw, "big") & ((1 << 7 * width) - 1)
    return (None if number == (1 << 7 * width) - 1 else number), at + width


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    end: int


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """The boxes between two offsets; the last one may claim to reach past `end`."""
    for _ in range(_MAX_BOXES):
        file.seek(start)
        header = file.read(16)
        if start + 8 > end or len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        body = start + 8
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
            body = start + 16
        elif length == 0:
            length = end - start
        if length < body - start:
            return
        yield _Box(kind, body, start + length)
        start += length


def _find(file: BinaryIO, parent: _Box, kind: bytes) -> Iterator[_Box]:
    return (box for box in _boxes(file, parent.start, parent.end) if box.kind == kind)


def _has_video(file: BinaryIO, moov: _Box) -> bool:
    for track in _find(file, moov, b"trak"):
        for media in _find(file, track, b"mdia"):
            for handler in _find(file, media, b"hdlr"):
                file.seek(handler.start + 8)
                if file.read(4) == b"vide":
                    return True
    return False


def _mp4_duration(file: BinaryIO, moov: _Box) -> float | None:
    """Seconds from the movie header (ISO/IEC 14496-12, 8.2.2); None where it leaves them open."""
    box = next(_find(file, moov, b"mvhd"), None)
    if box is None:
        return None
    file.seek(box.start)
    data = file.read(min(_MVHD_BYTES, box.end - box.start))
    wide = data[:1] == b"\1"
    layout, offset, unknown = (">IQ", 20, 2**64 - 1) if wide else (">II", 12, 2**32 - 1)
    if len(data) < offset + struct.calcsize(layout):
        return None
    scale, length = struct.unpack_from(layout, data, offset)
    # A live recording carries 0 or all ones: the length stands in its fragments.
    return length / scale if scale and length not in (0, unknown) else None


def _ask(ffprobe: str, path: Path) -> MediaFacts | None:
    # The file comes from outside: only these two formats, only local bytes (a playlist could
    # otherwise make ffprobe fetch addresses), and a name that can never be read as an option.
    command = [ffprobe, "-v", "error", "-protocol_whitelist", "file"]
    command += ["-format_whitelist", "mov,mp4,matroska,webm", "-of", "json"]
    command += ["-show_entries", f"format=duration:stream={_FIELDS}"]
    command += ["-i", f"file:{path.resolve()}"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list, no shell, the path is our own key
            command, capture_output=True, timeout=TIMEOUT, check=True, stdin=subprocess.DEVNULL
        )
        return _facts(json.loads(done.stdout))
    except (subprocess.SubprocessError, OSError, ValueError, KeyError):
        return None


def _facts(answer: dict[str, object]) -> MediaFacts | None:
    found = answer.get("streams")
    streams = [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []
    video = next((s for s in streams if s.get("codec_type") == "video"), None)
    audio = next((s for s in streams if s.get("codec_type") == "audio"), None)
    layout = answer.get("format")
    seconds = layout.get("duration") if isinstance(layout, dict) else None
    if video is None:
        return None
    return MediaFacts(
        duration_seconds=float(seconds) if seconds else None,
        width=video.get("width"),
        height=video.get("height"),
        playable=_plays(video, audio),
    )


def _plays(video: dict[str, object], audio: dict[str, object] | None) -> bool:
    # Hardware decoders of phones and browsers take 4:2:0 with 8 bits; others show black.
    return (
        video.get("codec_name") in _VIDEO
        and video.get("pix_fmt") in ("yuv420p", "yuvj420p")
        and (audio is None or audio.get("codec_name") in _AUDIO)
    )
