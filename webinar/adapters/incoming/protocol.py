"""What the application asks of a place for files that come in piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from webinar.adapters.storage import Readable
from webinar.errors import NotThere

_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


@dataclass(frozen=True)
class Piece:
    """What was written: bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Incoming(Protocol):
    """Files in the making, each under a name that the application made.

    How many bytes count is known by the caller alone: what lies behind that is written over. A
    piece that was cut off or altered therefore leaves nothing that could be believed. One writer at
    a time: that, too, is the caller's to see to.
    """

    def check_space(self, wanted: int) -> None:
        """Raises `RuleError` where so many bytes would leave too little."""
        ...

    def write(self, name: str, stream: Readable, *, offset: int, limit: int) -> Piece:
        """Write the stream from `offset` on, at most `limit` bytes, so that it stays.

        Raises `RuleError`: `file_too_large` (value `limit`) or `storage_full`; `NotThere` where
        bytes before `offset` have gone. Whatever happens, those stay as they were.
        """
        ...

    def finish(self, name: str, *, size: int) -> None:
        """All `size` bytes are there: make one file of them. Again is no error; `NotThere` where
        some are missing."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The bytes of a finished file, seekable; `NotThere` where there are none."""
        ...

    def hand_over(self, name: str, *, key: str) -> None:
        """Give a finished file to the store beside, under that key, without copying it here."""
        ...

    def remove(self, name: str) -> None:
        """Let go of the bytes; of none is no error."""
        ...

    def untouched(self, *, before: datetime) -> list[str]:
        """The names of what nobody has written to since."""
        ...


def checked_name(name: str) -> str:
    """The name, if we can have made it; raises `NotThere`."""
    if not _NAME.fullmatch(name):
        raise NotThere("file_not_there")
    return name
