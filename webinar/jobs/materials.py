"""What happens to an added file after the commit: pages, pictures, length; and removing bytes.

No transaction stays open while a file is read: on SQLite that would keep everybody else from
writing. Whatever dies in between is begun anew: nothing is shown before the last commit, and
pictures that no record names are removed. Neighbours: `adapters.documents`, `adapters.media`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import structlog
from sqlalchemy import select

from webinar.adapters import media
from webinar.adapters.documents import Kind, MediaType, Page
from webinar.adapters.documents.apart import Deck, read_pages
from webinar.adapters.storage import Storage, StorageAway, storage_of
from webinar.clock import now
from webinar.domain import materials, search_index
from webinar.errors import NotThere, RuleError
from webinar.extensions import db, reading
from webinar.jobs.queue import Run
from webinar.models import Material, MaterialPage, Processing

log = structlog.get_logger()

WIDTH = 480
"""Pixels of a thumbnail: 192 on the page, for screens with up to two and a half times as many."""
PICTURE = 4 * 1024 * 1024
"""Bytes that a thumbnail never reaches."""
ABANDONED = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """What was learned of a file; `note` is the code of what is wrong with it."""

    deck: Deck | None = None
    seconds: int | None = None
    note: str = ""

    @property
    def pages(self) -> tuple[Page, ...]:
        return self.deck.pages if self.deck is not None else ()


def process_material(run: Run, *, material_id: int) -> None:
    """Read the material's file and keep what was found. Doing it again changes nothing."""
    storage = storage_of(run.settings)
    with reading():
        found = db.session.get(Material, material_id)
        db.session.commit()
    if found is None or found.processing == Processing.DONE or found.storage_key is None:
        return
    facts = _facts(found, storage)
    keys = _keep_pictures(facts.pages, storage)
    try:
        run.keep()
        obsolete = _write(material_id, found.storage_key, facts=facts, keys=keys)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        _remove(keys.values(), storage)
        raise
    _remove(obsolete, storage)


def delete_files(run: Run, *, keys: list[str]) -> None:
    """Remove the bytes of keys that no record names any more; others are left alone."""
    with reading():
        unused = materials.unused(keys)
        db.session.commit()
    _remove(unused, storage_of(run.settings))


def delete_expired_materials(run: Run) -> None:
    """Delete what has reached its date, one by one, and clear away uploads that were cut off."""
    with reading():
        due = [material.id for material in materials.expired()]
        db.session.commit()
    for material_id in due:
        run.keep()
        found = db.session.get(Material, material_id)
        if found is not None:
            materials.delete(found, by=None)
        db.session.commit()
    storage_of(run.settings).sweep(before=now() - ABANDONED)


def _facts(material: Material, storage: Storage) -> Facts:
    try:
        with storage.local(str(material.storage_key)) as path:
            return _read(path, MediaType.of(material.media_type))
    except NotThere:
        return Facts(note="file_gone")
    except StorageAway:
        raise
    except RuleError as error:
        log.warning("file could not be read", material=material.id, code=error.code)
        return Facts(note=error.code)


def _read(path: Path, kind: MediaType) -> Facts:
    if kind.kind is not Kind.VIDEO:
        return Facts(deck=read_pages(path, media_type=kind, width=WIDTH))
    found = media.probe(path)
    if found is None:
        return Facts(note="file_damaged")
    seconds = found.duration_seconds
    length = None if seconds is None else max(1, round(seconds))
    return Facts(seconds=length, note="video_plays_badly" if found.playable is False else "")


def _keep_pictures(pages: Iterable[Page], storage: Storage) -> dict[int, str]:
    """Store the pictures; their keys by page number. None remains if one cannot be stored."""
    keys: dict[int, str] = {}
    try:
        for page in pages:
            if page.thumbnail is not None:
                keys[page.number] = storage.put(
                    BytesIO(page.thumbnail), limit=len(page.thumbnail)
                ).key
    except BaseException:
        _remove(keys.values(), storage)
        raise
    return keys


def _write(material_id: int, key: str, *, facts: Facts, keys: dict[int, str]) -> list[str]:
    """Put what was found to the record; returns the keys of pictures that nobody needs now.

    Under a lock, and only if nobody else was faster: a second worker finds it done.
    """
    row = db.session.scalar(
        select(Material)
        .where(Material.id == material_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.processing == Processing.DONE or row.storage_key != key:
        return list(keys.values())
    obsolete = [page.thumbnail_key for page in row.pages if page.thumbnail_key is not None]
    row.pages.clear()
    # The rows must be gone before their numbers are taken again.
    db.session.flush()
    row.pages = [
        MaterialPage(number=page.number, text=page.text, thumbnail_key=keys.get(page.number))
        for page in facts.pages
    ]
    row.page_count = facts.deck.count if facts.deck is not None else None
    row.duration_seconds = facts.seconds
    row.processing_note = facts.note
    readable = facts.note in ("", "video_plays_badly")
    row.processing = Processing.DONE if readable else Processing.FAILED
    search_index.index_material(row)
    return obsolete


def _remove(keys: Iterable[str], storage: Storage) -> None:
    for key in keys:
        storage.delete(key)
