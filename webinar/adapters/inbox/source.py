"""What a place where mail lies must offer: the messages that wait, and a way to put them away.

A message is put away only after it is safe in the database. A crash in between brings it again,
and its fingerprint tells that it is known: nothing is lost, nothing acts twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class SourceTrouble(Exception):
    """The place cannot be read now: no connection, a refused sign-in, a folder that is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message as it lies there. `handle` is the source's own name for it."""

    handle: str
    content: bytes


class Source(Protocol):
    """A mailbox or a folder. Every method may raise `SourceTrouble`."""

    def waiting(self, *, most: int) -> Iterator[Waiting]:
        """Up to `most` messages, the oldest first; taking none of them away."""

    def put_away(self, message: Waiting, *, aside: bool) -> None:
        """Take the message out of what waits; `aside` keeps it where a person looks for what could
        not be understood."""

    def close(self) -> None:
        """Let go of the place; never raises."""
