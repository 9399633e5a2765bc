"""Pieces that wait in a folder beside the store's, on the same disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from webinar.adapters.incoming.protocol import Piece, checked_name
from webinar.adapters.storage import CHUNK, RESERVE, FolderStorage, Readable
from webinar.errors import NotThere, RuleError


class FolderIncoming:
    """Files in `<root>/.incoming`."""

    def __init__(self, root: Path, *, reserve: int = RESERVE) -> None:
        """`reserve`: bytes that stay free on the disk."""
        self._root = Path(root).resolve()
        self._folder = self._root / ".incoming"
        self._reserve = reserve
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def check_space(self, wanted: int) -> None:
        """Raises `RuleError` where so many bytes would leave too little."""
        if shutil.disk_usage(self._folder).free - wanted < self._reserve:
            raise RuleError("storage_full", field="file")

    def write(self, name: str, stream: Readable, *, offset: int, limit: int) -> Piece:
        """Write the stream from `offset` on, and sync it."""
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

    def finish(self, name: str, *, size: int) -> None:
        """Cut off what an earlier try left behind the end."""
        if self.size(name) < size:
            raise NotThere("file_not_there")
        os.truncate(self._place(name), size)

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

    def hand_over(self, name: str, *, key: str) -> None:
        """Rename it: both lie on one disk."""
        FolderStorage(self._root).adopt(self._place(name), key=key)

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
        return self._folder / checked_name(name)


def _write_all(handle: int, chunk: bytes, offset: int) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
