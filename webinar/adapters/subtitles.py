"""Subtitles as they come from outside, WebVTT or SRT: read, checked, and written as plain WebVTT.

Only moments and plain text survive: tags, styles, regions and positions are dropped, so that a file
from outside cannot bring anything into the page but words. Formats: W3C WebVTT, 4 to 6; SRT has no
standard, and its writers agree on little but the arrow.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from webinar.errors import RuleError

MAX_BYTES = 4 * 1024 * 1024
MAX_CUES = 20_000
MAX_TEXT = 1000
_MOMENT = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_MOMENT}\s*-->\s*{_MOMENT}(?:\s.*)?", re.ASCII)
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]{1,100})>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>]{0,200}>|\{\\[^{}]{0,50}\}")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
# Marks that turn the direction of what follows, beyond the end of a line.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@dataclass(frozen=True)
class Cue:
    """Milliseconds from the start of the recording; text in one or more lines."""

    start_ms: int
    end_ms: int
    text: str


class Spoken(Protocol):
    """A line from wherever it is kept."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Subtitles:
    """The lines in order, none of which begins before the one in front has ended.

    `moved`: how many stood out of order; `shortened`: how many ran into the next one.
    """

    cues: tuple[Cue, ...]
    moved: int = 0
    shortened: int = 0


def read(data: bytes) -> Subtitles:
    """Read a whole WebVTT or SRT file in UTF-8, UTF-16 with its mark, or Windows-1252.

    Raises `RuleError` on `file`: `subtitles_encoding`, `subtitles_time`, `subtitles_backwards`
    (both with `line`), `subtitles_too_long` (with `line`), `subtitles_too_many`,
    `subtitles_none`, `file_too_large`.
    """
    if len(data) > MAX_BYTES:
        raise _refuse("file_too_large")
    found: list[Cue] = []
    for cue in _cues(_decode(data).splitlines()):
        if len(found) == MAX_CUES:
            raise _refuse("subtitles_too_many", limit=MAX_CUES)
        found.append(cue)
    if not found:
        raise _refuse("subtitles_none")
    return _in_order(found)


def write(cues: Iterable[Spoken]) -> bytes:
    """The lines as WebVTT in UTF-8: numbered, with nothing in them but text."""
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(cues, start=1):
        text = html.escape(cue.text, quote=False)
        blocks.append(f"{number}\n{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{text}\n")
    return "\n".join(blocks).encode()


def _refuse(code: str, **values: object) -> RuleError:
    return RuleError(code, field="file", **values)


def _decode(data: bytes) -> str:
    encodings = ["utf-8-sig", "cp1252"]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Windows-1252 takes nearly any bytes: where control characters come out, it was none.
        if not any(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f" for c in set(text)):
            return text
    raise _refuse("subtitles_encoding")


def _cues(lines: list[str]) -> Iterator[Cue]:
    """Every block with an arrow in its first or second line; headers and notes are passed over."""
    for start, block in _blocks(lines):
        if _ASIDE.match(block[0]) or block[0].startswith("WEBVTT"):
            continue
        at = next((index for index in (0, 1) if "-->" in "".join(block[index : index + 1])), None)
        if at is None:
            continue
        yield from _cue(block[at:], line=start + at)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty ones, each with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(block: list[str], *, line: int) -> Iterator[Cue]:
    found = _TIMING.fullmatch(block[0][:200])
    if found is None:
        raise _refuse("subtitles_time", line=line)
    start, end = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:])
    if end <= start:
        raise _refuse("subtitles_backwards", line=line)
    text = "\n".join(plain for raw in block[1:] if (plain := _plain(raw)))
    if len(text) > MAX_TEXT:
        raise _refuse("subtitles_too_long", line=line, limit=MAX_TEXT)
    if text:
        yield Cue(start, end, text)


def _plain(raw: str) -> str:
    if len(raw) > 8 * MAX_TEXT:
        return raw
    spoken = _VOICE.sub(lambda voice: f"{voice.group(1).strip()}: ", raw)
    bare = html.unescape(_TAG.sub("", spoken)).translate(_TURNING)
    return " ".join("".join(c if c.isprintable() else " " for c in bare).split())


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (part or "0" for part in parts)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))


def _in_order(found: list[Cue]) -> Subtitles:
    moved = sum(1 for one, two in pairwise(found) if two.start_ms < one.start_ms)
    kept: list[Cue] = []
    shortened = 0
    for cue in sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms)):
        before = kept[-1] if kept else None
        if before is not None and before.start_ms == cue.start_ms:
            # Two that speak at once share a line.
            kept[-1] = replace(cue, text=f"{before.text}\n{cue.text}")
            continue
        if before is not None and before.end_ms > cue.start_ms:
            kept[-1] = replace(before, end_ms=cue.start_ms)
            shortened += 1
        kept.append(cue)
    return Subtitles(tuple(kept), moved=moved, shortened=shortened)


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"
