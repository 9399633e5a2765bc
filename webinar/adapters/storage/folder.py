"""Files in a folder of this machine, or of one that several machines share.

Whole files or none, keys of our own, nothing touched beside the one asked; `protocol` says more.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from webinar.adapters.storage.protocol import (
    CHUNK,
    Readable,
    StoredFile,
    checked_key,
    is_key,
    new_key,
)
from webinar.errors import NotThere, RuleError

RESERVE = 256 * 1024 * 1024


class FolderStorage:
    """Files in a folder: `<root>/<first two of the key>/<key>`, unfinished ones in `.partial`.

    A file appears under its key whole or not at all: it is written beside, synced, renamed, and
    the folder is synced. A process that dies in between leaves a partial that `sweep` removes.
    """

    def __init__(self, root: Path, *, reserve: int = RESERVE) -> None:
        """`reserve`: bytes that stay free on the disk, so that the database can go on writing."""
        self._root = Path(root).resolve()
        self._partial = self._root / ".partial"
        self._reserve = reserve
        self._partial.mkdir(mode=0o750, parents=True, exist_ok=True)

    def put(self, stream: Readable, *, limit: int, key: str | None = None) -> StoredFile:
        """Keep at most `limit` bytes, in pieces of 1 MiB."""
        key = key or new_key()
        # Two that bring the same key, one of them believed dead, do not write into one file.
        partial = self._partial / new_key()
        try:
            size, digest = self._write(stream, partial, limit=limit)
            self._publish(partial, self._place(key))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise RuleError("storage_full", field="file") from error
            raise
        finally:
            partial.unlink(missing_ok=True)
        return StoredFile(key=key, size=size, sha256=digest)

    def adopt(self, file: Path, *, key: str) -> None:
        """Take a synced file of the same disk as it stands, under a key that was made before."""
        self._publish(file, self._place(key))

    def open(self, key: str, *, start: int = 0, stop: int | None = None) -> BinaryIO:
        """The bytes for reading; `NotThere` for a key that opens nothing."""
        try:
            file = self._place(key).open("rb")
        except FileNotFoundError:
            raise NotThere("file_not_there") from None
        file.seek(start)
        return file

    def path(self, key: str) -> Path | None:
        """The file itself, absolute; None when the key opens nothing."""
        place = self._place(key)
        return place if place.is_file() else None

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The file itself; `NotThere` for a key that opens nothing."""
        place = self.path(key)
        if place is None:
            raise NotThere("file_not_there")
        yield place

    def link(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """A folder has no address."""
        return None

    def size(self, key: str) -> int | None:
        """Bytes of the file."""
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """Remove the file for good, also after a power cut."""
        place = self._place(key)
        with suppress(FileNotFoundError):
            place.unlink()
            _sync_folder(place.parent)

    def exists(self, key: str) -> bool:
        """Whether the key opens a file."""
        return self._place(key).is_file()

    def keys(self) -> Iterator[str]:
        """The keys of all complete files."""
        for place in self._root.glob("[0-9a-f][0-9a-f]/*"):
            if is_key(place.name) and place.parent.name == place.name[:2]:
                yield place.name

    def sweep(self, *, before: datetime) -> int:
        """Remove what killed processes left behind."""
        swept = 0
        for partial in self._partial.iterdir():
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(partial.stat().st_mtime, UTC) < before:
                    partial.unlink()
                    swept += 1
        return swept

    def _place(self, key: str) -> Path:
        return self._root / checked_key(key)[:2] / key

    def _write(self, stream: Readable, partial: Path, *, limit: int) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        # Readable for the group, since a reverse proxy may send the file itself.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "wb") as target:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise RuleError("file_too_large", field="file", limit=limit)
                self._check_space(len(chunk))
                target.write(chunk)
                digest.update(chunk)
            target.flush()
            os.fsync(target.fileno())
        return size, digest.hexdigest()

    def _publish(self, partial: Path, place: Path) -> None:
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o750, exist_ok=True)
            _sync_folder(self._root)
        partial.rename(place)
        _sync_folder(place.parent)

    def _check_space(self, wanted: int) -> None:
        if shutil.disk_usage(self._root).free - wanted < self._reserve:
            raise RuleError("storage_full", field="file")


def _sync_folder(folder: Path) -> None:
    """Make a rename or removal last: without it, a power cut can bring the old entry back."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
