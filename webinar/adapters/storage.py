"""Where the bytes of uploads live: a folder now, behind a protocol that a bucket can fill later.

Knows keys and bytes only. What a file is tells `webinar.adapters.filetypes`; its name, size and
digest are kept by the database, and who may open it is decided there. Keys are random and made
here, so that no name from outside ever becomes a path and no two records ever share bytes.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from webinar.errors import NotThere, RuleError

CHUNK = 1024 * 1024
RESERVE = 256 * 1024 * 1024
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True)
class StoredFile:
    """What was written: the key to open it with, bytes, and the SHA-256 in hexadecimal."""

    key: str
    size: int
    sha256: str


class Readable(Protocol):
    """The one method that `put` needs of an upload."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        ...


class Storage(Protocol):
    """What the application asks of any store. A key that we did not make is `NotThere`."""

    def put(self, stream: Readable, *, limit: int) -> StoredFile:
        """Keep the stream from where it stands; more than `limit` bytes are refused."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes, seekable; the caller closes."""
        ...

    def path(self, key: str) -> Path | None:
        """The local file, for a server that sends it itself; None where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Remove the bytes; removing what has gone already is no error."""
        ...

    def exists(self, key: str) -> bool:
        """Whether the key opens something."""
        ...

    def keys(self) -> Iterator[str]:
        """Every complete file, in no order; for comparing with the database."""
        ...


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

    def put(self, stream: Readable, *, limit: int) -> StoredFile:
        """Keep at most `limit` bytes, in pieces of 1 MiB.

        Raises `RuleError`: `file_too_large` (value `limit`) or `storage_full`; nothing remains.
        """
        key = secrets.token_hex(16)
        partial = self._partial / key
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

    def open(self, key: str) -> BinaryIO:
        """The bytes for reading; `NotThere` for a key that opens nothing."""
        try:
            return self._place(key).open("rb")
        except FileNotFoundError:
            raise NotThere("file_not_there") from None

    def path(self, key: str) -> Path | None:
        """The file itself, absolute; None when the key opens nothing."""
        place = self._place(key)
        return place if place.is_file() else None

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
            if _KEY.fullmatch(place.name) and place.parent.name == place.name[:2]:
                yield place.name

    def sweep(self, *, before: datetime) -> int:
        """Remove what killed processes left unfinished and untouched since `before`; how many.

        Choose `before` hours ago: a slow upload is still being written.
        """
        swept = 0
        for partial in self._partial.iterdir():
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(partial.stat().st_mtime, UTC) < before:
                    partial.unlink()
                    swept += 1
        return swept

    def _place(self, key: str) -> Path:
        # Keys travel through URLs and databases: anything else here could leave the folder.
        if not _KEY.fullmatch(key):
            raise NotThere("file_not_there")
        return self._root / key[:2] / key

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
