"""Sealed streams: encrypted piece by piece, so that none can be changed, moved or cut off.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM, as age has
it with another cipher: pieces of 64 KiB, each with a nonce that counts and says whether it is the
last. The key of a file comes from the operator's key and a random salt by HKDF-SHA-256.
"""

from __future__ import annotations

import io
import os
import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"webinar sealed 1\n"
PIECE = 64 * 1024
SALT, TAG = 16, 16


class Damaged(Exception):
    """The bytes are not what was written, or not all of it; or the key is another one."""


def is_sealed(file: BinaryIO) -> bool:
    """Whether the file is one of these; it stands at its beginning before and after."""
    found = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    return found


class Sealer(io.RawIOBase):
    """A stream to write to; `close` writes the last piece and leaves the target open."""

    def __init__(self, target: BinaryIO, *, key: str) -> None:
        salt = secrets.token_bytes(SALT)
        self._target, self._cipher = target, _cipher(key, salt)
        self._waiting, self._count = bytearray(), 0
        target.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # a buffer, as io says
        self._waiting += piece
        # One piece always waits: only the end tells which is the last.
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
        super().close()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._count, last=last), piece, None))
        self._count += 1


class Opener(io.RawIOBase):
    """A stream to read from. Raises `Damaged` at the piece that does not fit."""

    def __init__(self, source: BinaryIO, *, key: str) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise Damaged("this is no sealed file")
        self._source, self._cipher = source, _cipher(key, source.read(SALT))
        self._next = source.read(PIECE + TAG)
        self._ready, self._count, self._ended = b"", 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, as io says
        while not self._ready and not self._ended:
            self._open()
        taken = self._ready[: len(view)]
        view[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)

    def _open(self) -> None:
        piece, self._next = self._next, self._source.read(PIECE + TAG)
        self._ended = not self._next
        try:
            nonce = _nonce(self._count, last=self._ended)
            self._ready = self._cipher.decrypt(nonce, piece, None)
        except InvalidTag:
            raise Damaged("the file was changed or cut off, or the key is another one") from None
        self._count += 1


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _cipher(key: str, salt: bytes) -> AESGCM:
    derived = HKDF(hashes.SHA256(), length=32, salt=salt, info=b"webinar backup")
    return AESGCM(derived.derive(key.encode()))


def sync(file: BinaryIO) -> None:
    """Have what was written on the disk."""
    file.flush()
    os.fsync(file.fileno())
