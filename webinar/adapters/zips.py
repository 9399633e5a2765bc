"""Many files as one ZIP that is made while it is sent: stored, not compressed, and never whole in
memory or on disk. What is in it is PDF, office and film, which compressing would not make smaller.

Its length is known before the first byte, so that a browser can show how far it is. Format: PKWARE
APPNOTE 6.3.10; sizes stand behind each file (4.3.9), beyond 2 GiB as zip64 (4.3.14, 4.5.3).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

PIECE = 256 * 1024
_LIMIT = (1 << 31) - 1
"""Python's own threshold for zip64."""


@dataclass(frozen=True)
class Entry:
    """One file: its safe name, its size in bytes, how to open it, and the wall clock it shows."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    changed: datetime


def length(entries: Sequence[Entry]) -> int:
    """Bytes that `stream` sends."""
    offset = directory = 0
    for entry in entries:
        wide = entry.size * 1.05 > _LIMIT
        name = len(entry.name.encode())
        extra = 16 if entry.size > _LIMIT else 0
        extra += 8 if offset > _LIMIT else 0
        directory += 46 + name + (extra + 4 if extra else 0)
        offset += 30 + name + entry.size + (20 + 24 if wide else 16)
    far = len(entries) > 0xFFFF or offset > _LIMIT or directory > _LIMIT
    return offset + directory + 22 + (56 + 20 if far else 0)


def stream(entries: Sequence[Entry]) -> Iterator[bytes]:
    """The archive in pieces. A file that ends early raises `EOFError`: the receiver then sees a
    broken transfer and no whole archive."""
    sink = _Sink()
    with zipfile.ZipFile(cast("BinaryIO", sink), "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, max(entry.changed, _EPOCH).timetuple()[:6])
            info.file_size = entry.size
            info.external_attr = 0o644 << 16
            left = entry.size
            with entry.open() as source, archive.open(info, "w") as target:
                while left and (piece := source.read(min(PIECE, left))):
                    target.write(piece)
                    left -= len(piece)
                    yield sink.taken()
                if left:
                    raise EOFError(entry.name)
    yield sink.taken()


def unique(names: Sequence[str]) -> list[str]:
    """The names, with a number where another file has the same one on any file system."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem, dot, extension = name.rpartition(".")
        stem, extension = (stem, dot + extension) if dot else (name, "")
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{stem} ({number}){extension}"
        taken.add(candidate.casefold())
        found.append(candidate)
    return found


_EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001  the first moment that a ZIP knows; it has no zones


class _Sink(io.RawIOBase):
    """Collects what is written until somebody takes it; cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(cast("bytes", data))
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Everything since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
