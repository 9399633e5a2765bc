"""What the application asks of a store of files, and what it is told; the stores are beside it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from webinar.errors import NotThere, RuleError

CHUNK = 1024 * 1024
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


class StorageAway(RuleError):
    """The store does not answer; asking again later may help. Nothing was changed."""


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
    """What the application asks of any store. A key that we did not make is `NotThere`.

    A file appears under its key whole or not at all, and stays as it is until it is deleted.
    """

    def put(self, stream: Readable, *, limit: int, key: str | None = None) -> StoredFile:
        """Keep the stream from where it stands, under a new key or the one that was made before.

        Raises `RuleError`: `file_too_large` (value `limit`) or `storage_full`; nothing remains.
        """
        ...

    def open(self, key: str, *, start: int = 0, stop: int | None = None) -> BinaryIO:
        """The bytes, seekable, standing at `start`; the caller closes. `stop` only says how far
        it will be read at most, so that a store in the network sends no more."""
        ...

    def path(self, key: str) -> Path | None:
        """The local file, for a server that sends it itself; None where there is none."""
        ...

    def local(self, key: str) -> AbstractContextManager[Path]:
        """A local file with these bytes for as long as the block lasts, for other programs."""
        ...

    def link(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """An address that sends the file for a minute to whoever has it; None where there is
        none, or where the settings do not want it."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes under the key; None where it opens nothing."""
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

    def sweep(self, *, before: datetime) -> int:
        """Remove what killed processes left unfinished and untouched since `before`; how many.

        Choose `before` hours ago: a slow upload is still being written.
        """
        ...


def new_key() -> str:
    """A key that nobody can guess and no name from outside ever becomes."""
    return secrets.token_hex(16)


def checked_key(key: str) -> str:
    """The key, if we can have made it. They travel through URLs and databases: anything else
    could leave the folder. Raises `NotThere`."""
    if not _KEY.fullmatch(key):
        raise NotThere("file_not_there")
    return key


def is_key(name: str) -> bool:
    """Whether the name is a key."""
    return _KEY.fullmatch(name) is not None
