"""Files in an S3 bucket: `<prefix>files/<key>`.

An object appears whole or not at all: large ones are completed from parts in one request, and parts
that a killed process left are swept. Programs that need a local file get a copy for as long as they
run. `bucket` speaks S3, `protocol` says what is asked.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from webinar.adapters.storage.bucket import PART, Bucket
from webinar.adapters.storage.protocol import (
    CHUNK,
    Readable,
    StoredFile,
    checked_key,
    is_key,
    new_key,
)
from webinar.config import StorageSettings
from webinar.errors import RuleError


class S3Storage:
    """Objects of one bucket, each under a key that was made here."""

    def __init__(self, settings: StorageSettings, *, scratch: Path) -> None:
        """`scratch`: a folder of this machine for copies that other programs read."""
        self._bucket = Bucket(settings, "files")
        self._presign = settings.presign
        self._scratch = Path(scratch)

    def put(self, stream: Readable, *, limit: int, key: str | None = None) -> StoredFile:
        """Keep at most `limit` bytes; a part at a time is in memory."""
        name = checked_key(key or new_key())
        digest, size = hashlib.sha256(), 0
        upload, tags = "", list[tuple[int, str]]()
        try:
            while True:
                data = _part(stream)
                size += len(data)
                if size > limit:
                    raise RuleError("file_too_large", field="file", limit=limit)
                digest.update(data)
                if not upload and len(data) < PART:
                    self._bucket.write(name, data)
                    break
                if data:
                    upload = upload or self._bucket.begin(name)
                    number = len(tags) + 1
                    tags.append((number, self._bucket.part(name, upload, number, data)))
                if len(data) < PART:
                    self._bucket.complete(name, upload, tags)
                    break
        except BaseException:
            if upload:
                self._bucket.abort(name, upload)
            raise
        return StoredFile(key=name, size=size, sha256=digest.hexdigest())

    def adopt(self, other: Bucket, name: str, *, key: str) -> None:
        """Take a whole object of another folder; the service copies, nothing travels."""
        self._bucket.copy_from(other, name, to=checked_key(key))

    def open(self, key: str, *, start: int = 0, stop: int | None = None) -> BinaryIO:
        """The bytes for reading; `NotThere` for a key that opens nothing."""
        return self._bucket.open(checked_key(key), start=start, stop=stop)

    def path(self, key: str) -> Path | None:
        """There is no local file."""
        checked_key(key)
        return None

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A copy on this machine's disk, gone after the block."""
        self._scratch.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._scratch, prefix=".copy-") as copy:
            with self.open(key) as source:
                shutil.copyfileobj(source, copy, CHUNK)
            copy.flush()
            yield Path(copy.name)

    def link(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """A signed address, where the settings want browsers to fetch from the bucket."""
        if not self._presign:
            return None
        return self._bucket.link(checked_key(key), media_type=media_type, disposition=disposition)

    def size(self, key: str) -> int | None:
        """Bytes of the object."""
        return self._bucket.size(checked_key(key))

    def delete(self, key: str) -> None:
        """Remove the object."""
        self._bucket.delete(checked_key(key))

    def exists(self, key: str) -> bool:
        """Whether the key opens an object."""
        return self.size(key) is not None

    def keys(self) -> Iterator[str]:
        """The keys of all complete objects."""
        return (name for name, _ in self._bucket.names() if is_key(name))

    def sweep(self, *, before: datetime) -> int:
        """Let go of parts that were never completed, and of copies of killed workers."""
        swept = 0
        for name, upload, begun in self._bucket.begun():
            if begun < before:
                self._bucket.abort(name, upload)
                swept += 1
        for copy in self._scratch.glob(".copy-*"):
            if copy.stat().st_mtime < before.timestamp():
                copy.unlink(missing_ok=True)
        return swept


def _part(stream: Readable) -> bytes:
    """As much as one part holds; less only at the end."""
    data = bytearray()
    while len(data) < PART and (piece := stream.read(min(CHUNK, PART - len(data)))):
        data += piece
    return bytes(data)
