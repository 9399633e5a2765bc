"""Comparing a store with the records, and carrying files from one store to the other.

Keys stay the same in every store: moving touches no record, and what is already there whole need
not be carried again. No transaction is open while bytes move.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from webinar.adapters.storage import CHUNK, Storage
from webinar.domain import stored_files
from webinar.domain.stored_files import Named
from webinar.errors import NotThere
from webinar.extensions import db, reading

Progress = Callable[[int], object]
"""Told how many more bytes, or of unknown size how many more files, were dealt with."""
ENDLESS = 2**62


@dataclass(frozen=True)
class Finding:
    """`what`: missing, changed or surplus; `by` names the record, if there is one."""

    what: str
    key: str
    by: str = ""


@dataclass
class Moved:
    """How many files were carried, were there already, and could not be carried."""

    carried: int = 0
    there: int = 0
    lost: list[Named] = field(default_factory=list)


def named() -> list[Named]:
    """What the records name, without a transaction left open."""
    with reading():
        found = stored_files.named()
        db.session.commit()
    return found


def verify(storage: Storage, *, read: bool, progress: Progress) -> Iterator[Finding]:
    """What is missing, has changed, or is named by no record. With `read` every byte is compared,
    else sizes alone."""
    # The store first: what is put there from now on cannot look as if nobody named it.
    there = set(storage.keys())
    records = named()
    for one in records:
        if one.key not in there and not storage.exists(one.key):
            if not one.coming:
                yield Finding("missing", one.key, one.by)
        elif not _same(storage, one, read=read):
            yield Finding("changed", one.key, one.by)
        progress(one.size or 1)
    # What was being written when we looked has its record by now.
    for key in sorted(there - {one.key for one in records} - {one.key for one in named()}):
        if storage.exists(key):
            yield Finding("surplus", key)


def move(source: Storage, target: Storage, *, clear: bool, progress: Progress) -> Moved:
    """Carry what the records name to `target`; with `clear` each file leaves `source` once it was
    compared there. Interrupted at any point, it goes on when asked again."""
    moved = Moved()
    for one in named():
        if _whole(target, source, one):
            moved.there += 1
        elif _carry(source, target, one):
            moved.carried += 1
        elif not one.coming:
            moved.lost.append(one)
        if clear and target.exists(one.key):
            source.delete(one.key)
        progress(one.size or 1)
    return moved


def _whole(target: Storage, source: Storage, one: Named) -> bool:
    """A file appears under its key whole or not at all, so its size tells."""
    size = target.size(one.key)
    return size is not None and size == (one.size or source.size(one.key) or size)


def _carry(source: Storage, target: Storage, one: Named) -> bool:
    """False where the source has no such bytes; bytes that are not those of the record stay."""
    if not _same(source, one, read=False):
        return False
    try:
        with source.open(one.key) as file:
            stored = target.put(file, limit=ENDLESS, key=one.key)
    except NotThere:
        return False
    if one.sha256 is not None and stored.sha256 != one.sha256:
        target.delete(one.key)
        return False
    return True


def _same(storage: Storage, one: Named, *, read: bool) -> bool:
    size = storage.size(one.key)
    if size is None or (one.size is not None and size != one.size):
        return False
    if not read or one.sha256 is None:
        return True
    digest = hashlib.sha256()
    with storage.open(one.key) as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest() == one.sha256
