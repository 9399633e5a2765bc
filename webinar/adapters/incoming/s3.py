"""Pieces that wait in the bucket: full parts of a multipart upload, and the rest beside it.

Every part has the same size, so that an offset alone says where to go on: no machine has to know
what another one did. What fills no part waits as `tail-<parts before it>`; it stays until the whole
is removed, because the part that takes it in may be lost with its process before it counts.

A part that is brought again replaces the one before in S3; not every server forgets that one
(SeaweedFS lists both). So each part's tag is noted as `tag-<part>`, and counts where there are two.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from webinar.adapters.incoming.protocol import Piece, checked_name
from webinar.adapters.storage import CHUNK, Readable
from webinar.adapters.storage.bucket import PART, Bucket
from webinar.adapters.storage.s3 import S3Storage
from webinar.config import StorageSettings
from webinar.errors import NotThere, RuleError


class S3Incoming:
    """Objects `<name>/bytes` in the making, with what belongs to them below the same name."""

    def __init__(self, settings: StorageSettings, *, scratch: Path) -> None:
        self._bucket = Bucket(settings, "incoming")
        self._store = S3Storage(settings, scratch=scratch)

    def check_space(self, wanted: int) -> None:
        """A bucket says that it is full only when it is."""

    def write(self, name: str, stream: Readable, *, offset: int, limit: int) -> Piece:
        """Bring full parts while they fill, then the rest; one part is in memory."""
        upload = self._upload(checked_name(name))
        parts, rest = divmod(offset, PART)
        waiting = bytearray(self._tail(name, parts, rest))
        size, digest = 0, hashlib.sha256()
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise RuleError("file_too_large", field="file", limit=limit)
            digest.update(chunk)
            waiting += chunk
            if len(waiting) >= PART:
                parts += 1
                tag = self._bucket.part(f"{name}/bytes", upload, parts, bytes(waiting[:PART]))
                self._bucket.write(f"{name}/tag-{parts}", tag.encode())
                del waiting[:PART]
        if waiting and size:
            self._bucket.write(f"{name}/tail-{parts}", bytes(waiting))
        return Piece(size=size, sha256=digest.hexdigest())

    def finish(self, name: str, *, size: int) -> None:
        """The rest becomes the last part; then the service makes one object of them."""
        if self._bucket.size(f"{checked_name(name)}/bytes") == size:
            return
        upload = self._bucket.read(f"{name}/upload").decode()
        count, rest = divmod(size, PART)
        there: dict[int, list[str]] = {}
        for number, length, tag, _ in self._parts(name, upload):
            if length == PART:
                there.setdefault(number, []).append(tag)
        if not there.keys() >= set(range(1, count + 1)):
            raise NotThere("file_not_there")
        tags = [(number, self._last(name, number, there[number])) for number in range(1, count + 1)]
        if rest:
            data = self._tail(name, count, rest)
            tags.append((count + 1, self._bucket.part(f"{name}/bytes", upload, count + 1, data)))
        self._bucket.complete(f"{name}/bytes", upload, tags)

    def open(self, name: str) -> BinaryIO:
        """The finished object; `NotThere` before that."""
        return self._bucket.open(f"{checked_name(name)}/bytes")

    def hand_over(self, name: str, *, key: str) -> None:
        """The service copies by itself."""
        self._store.adopt(self._bucket, f"{checked_name(name)}/bytes", key=key)

    def remove(self, name: str) -> None:
        """The parts, then everything below the name."""
        try:
            upload = self._bucket.read(f"{checked_name(name)}/upload").decode()
            self._bucket.abort(f"{name}/bytes", upload)
        except NotThere:
            pass
        for found, _ in list(self._bucket.names(f"{name}/")):
            self._bucket.delete(found)

    def untouched(self, *, before: datetime) -> list[str]:
        """Whose newest object and newest part are older."""
        newest: dict[str, datetime] = {}
        for found, written in self._bucket.names():
            name = found.partition("/")[0]
            newest[name] = max(written, newest.get(name, written))
        old = [name for name, written in newest.items() if written < before]
        return [name for name in old if not self._brought_since(name, before)]

    def _brought_since(self, name: str, before: datetime) -> bool:
        try:
            upload = self._bucket.read(f"{name}/upload").decode()
            return any(written >= before for *_, written in self._parts(name, upload))
        except NotThere:
            return False

    def _parts(self, name: str, upload: str) -> list[tuple[int, int, str, datetime]]:
        return self._bucket.parts(f"{name}/bytes", upload)

    def _last(self, name: str, number: int, tags: list[str]) -> str:
        """Of several parts of the number, the one that was brought last."""
        return tags[0] if len(tags) == 1 else self._bucket.read(f"{name}/tag-{number}").decode()

    def _upload(self, name: str) -> str:
        """The undertaking that was begun for the name, by whichever machine."""
        try:
            return self._bucket.read(f"{name}/upload").decode()
        except NotThere:
            upload = self._bucket.begin(f"{name}/bytes")
            self._bucket.write(f"{name}/upload", upload.encode())
            return upload

    def _tail(self, name: str, parts: int, rest: int) -> bytes:
        if not rest:
            return b""
        data = self._bucket.read(f"{name}/tail-{parts}")
        if len(data) < rest:
            raise NotThere("file_not_there")
        return data[:rest]
