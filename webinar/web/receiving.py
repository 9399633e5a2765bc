"""Taking the body of a request into an upload, so that it stays however the request ends.

The body is read in small pieces and counted in slices: after each slice its bytes lie in the store
and the database says so. Whatever cuts the connection or kills the process costs one slice. While
it reads, it gives signs of life; whoever has lost the turn stops before it writes again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import new as new_hash
from typing import Protocol

from flask import request
from werkzeug.exceptions import ClientDisconnected

from webinar.adapters.incoming import Incoming
from webinar.domain import uploads
from webinar.errors import Conflict
from webinar.extensions import db
from webinar.models import Upload

PIECE = 256 * 1024
"""Bytes that are read at once: on a slow line it must not take longer than the turn."""
SLICE = 16 * 1024 * 1024
"""Bytes after which they count; slices end at multiples of it, where a bucket's parts end too."""
SLICE_SECONDS = 5.0
BEAT_SECONDS = 2.0
CHECKED = 64 * 1024 * 1024
"""Bytes of a body with a checksum: nothing of it counts before it agreed."""


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Altered(Exception):
    """The checksum of the body is another one; nothing of it counts."""


@dataclass(frozen=True)
class Checksum:
    """What the sender says of its body: an algorithm of hashlib, and the digest."""

    algorithm: str
    digest: bytes


class Body:
    """The body of this request from where it stands; `cut` once the sender is gone."""

    def __init__(self, upload: Upload, turn: str) -> None:
        self._upload, self._turn = upload, turn
        self._beat = time.monotonic()
        self._left, self._ends = 0, 0.0
        self._digest: Digest | None = None
        self.cut = False
        self.ended = False

    def slice(self, limit: int, *, digest: Digest | None = None) -> Body:
        """The next `limit` bytes, or what comes in five seconds; with a digest all of them."""
        self._left, self._digest = limit, digest
        self._ends = time.monotonic() + SLICE_SECONDS if digest is None else float("inf")
        return self

    def read(self, size: int, /) -> bytes:
        """The next bytes; none where the slice, the body or the connection ends."""
        if not self._left or time.monotonic() > self._ends:
            return b""
        self._keep_turn()
        try:
            data = request.stream.read(min(size, PIECE, self._left))
        except ClientDisconnected:
            self.cut = True
            return b""
        self.ended = not data
        # A line that stood still for longer than the turn: somebody else may write by now.
        self._keep_turn()
        self._left -= len(data)
        if self._digest is not None:
            self._digest.update(data)
        return data

    def _keep_turn(self) -> None:
        if time.monotonic() - self._beat > BEAT_SECONDS:
            uploads.keep_turn(self._upload, turn=self._turn)
            db.session.commit()
            self._beat = time.monotonic()


def receive(upload: Upload, incoming: Incoming, *, offset: int, checksum: Checksum | None) -> int:
    """Take the body from `offset` on; how many bytes of the whole count now.

    Raises `Conflict` where it is another's turn or other bytes are missing, `Altered`, and what
    the store raises. What was counted before stays.
    """
    turn = uploads.take_turn(upload, offset=offset)
    db.session.commit()
    try:
        if checksum is not None:
            return _checked(upload, incoming, turn, offset, checksum)
        body = Body(upload, turn)
        while offset < upload.size and not (body.cut or body.ended):
            limit = min(SLICE - offset % SLICE, upload.size - offset)
            offset += _write(upload, incoming, turn, offset, body.slice(limit))
        return offset
    finally:
        _end(upload, turn)


def _checked(upload: Upload, incoming: Incoming, turn: str, offset: int, given: Checksum) -> int:
    digest: Digest = new_hash(given.algorithm, usedforsecurity=False)
    body = Body(upload, turn).slice(min(CHECKED, upload.size - offset), digest=digest)
    piece = incoming.write(upload.public_id, body, offset=offset, limit=CHECKED)
    if body.cut:
        return offset
    if digest.digest() != given.digest:
        raise Altered
    return _count(upload, turn, offset, piece.size)


def _write(upload: Upload, incoming: Incoming, turn: str, offset: int, body: Body) -> int:
    piece = incoming.write(upload.public_id, body, offset=offset, limit=SLICE)
    return _count(upload, turn, offset, piece.size) - offset


def _count(upload: Upload, turn: str, offset: int, size: int) -> int:
    if size:
        uploads.count(upload, turn=turn, size=size)
        db.session.commit()
    return offset + size


def _end(upload: Upload, turn: str) -> None:
    db.session.rollback()
    try:
        uploads.end_turn(upload, turn=turn)
        db.session.commit()
    except Conflict:
        db.session.rollback()
