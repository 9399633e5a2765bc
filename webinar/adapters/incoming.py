"""Files that come in piece by piece, over hours if it must be: where their bytes wait.

Unlike `adapters.storage`, which takes a file whole or not at all, this keeps what is there and goes
on. How many bytes count is known by the caller alone: what lies behind that is written over. A
piece that was cut off or altered therefore leaves nothing that could be believed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from webinar.adapters.storage import CHUNK, RESERVE, Readable
from webinar.errors import NotThere, RuleError

_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


@dataclass(frozen=True)
class Piece:
    """What was written: bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Incoming:
    """Files in `<root>/.incoming`, each under a name that the application made."""

    def __init__(self, root: Path, *, reserve: int = RESERVE) -> None:
        """`reserve`: bytes that stay free on the disk."""
        self._folder = Path(root).resolve() / ".incoming"
        self._reserve = reserve
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def check_space(self, wanted: int) -> None:
        """Raises `RuleError` where so many bytes would leave too little."""
        if shutil.disk_usage(self._folder).free - wanted < self._reserve:
            raise RuleError("storage_full", field="file")

    def write(self, name: str, stream: Readable, *, offset: int, limit: int) -> Piece:
        """Write the stream from `offset` on, at most `limit` bytes, and sync it.

        Raises `RuleError`: `file_too_large` (value `limit`) or `storage_full`. Whatever happens,
        the bytes before `offset` stay as they were.
        """
        size, digest = 0, hashlib.sha256()
        handle = os.open(self._place(name), os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise RuleError("file_too_large", field="file", limit=limit)
                self.check_space(len(chunk))
                _write_all(handle, chunk, offset + size - len(chunk))
                digest.update(chunk)
            os.fsync(handle)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise RuleError("storage_full", field="file") from error
            raise
        finally:
            os.close(handle)
        return Piece(size=size, sha256=digest.hexdigest())

    def open(self, name: str) -> BinaryIO:
        """The bytes for reading; `NotThere` where there are none."""
        try:
            return self._place(name).open("rb")
        except FileNotFoundError:
            raise NotThere("file_not_there") from None

    def size(self, name: str) -> int:
        """Bytes on the disk; 0 where there is no file."""
        place = self._place(name)
        return place.stat().st_size if place.is_file() else 0

    def remove(self, name: str) -> None:
        """Let go of the bytes; of none is no error."""
        self._place(name).unlink(missing_ok=True)

    def untouched(self, *, before: datetime) -> list[str]:
        """The names of what nobody has written to since."""
        return [
            place.name
            for place in self._folder.iterdir()
            if datetime.fromtimestamp(place.stat().st_mtime, UTC) < before
        ]

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotThere("file_not_there")
        return self._folder / name


def _write_all(handle: int, chunk: bytes, offset: int) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
