"""Long reading under a job's lease."""

from __future__ import annotations

import io
import time
from typing import BinaryIO, Protocol

from webinar.extensions import db
from webinar.jobs.queue import Run

BEAT = 20
"""Seconds between two signs of life while bytes move."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Beating:
    """A stream that holds the job's lease while it is read: gigabytes take longer than a lease."""

    def __init__(self, stream: Readable, run: Run) -> None:
        self._stream, self._run = stream, run
        self._beat = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """The next bytes of the stream."""
        if time.monotonic() - self._beat > BEAT:
            self._run.keep()
            db.session.commit()
            self._beat = time.monotonic()
        return self._stream.read(size)


class BeatingFile(io.RawIOBase):
    """The same for what also seeks."""

    def __init__(self, file: BinaryIO, run: Run) -> None:
        self._file, self._beating = file, Beating(file, run)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower on purpose
        data = self._beating.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
