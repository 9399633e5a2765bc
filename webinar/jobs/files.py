"""What jobs need to work on a stored file: a local path to it, room to write, and a safe commit.

No transaction stays open while a file is read: on SQLite that would keep everybody else from
writing. Neighbours: `jobs.decks`, `jobs.films`, which read; `jobs.materials`, which asks them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from webinar.adapters.storage import Storage, storage_of
from webinar.clock import now
from webinar.extensions import db, reading
from webinar.jobs.beating import BEAT
from webinar.jobs.queue import Run
from webinar.models import Material

ABANDONED = 24 * 3600
"""Seconds after which what a killed worker left in the workshop is cleared away."""


@dataclass
class Bench:
    """One file on which a job works. `key`: its bytes as they were when the work began."""

    run: Run
    material_id: int
    key: str
    media_type: str
    storage: Storage
    _beaten: float = field(default_factory=time.monotonic)

    @contextmanager
    def local(self) -> Iterator[Path]:
        """The file as a path; fetched first where the store is no folder. Raises `NotThere`."""
        with self.storage.local(self.key) as path:
            yield path

    def beat(self) -> None:
        """Hold the job's lease from time to time; raises `LeaseLost`."""
        if time.monotonic() - self._beaten > BEAT:
            self.run.keep()
            db.session.commit()
            self._beaten = time.monotonic()

    def lock(self) -> Material | None:
        """The record for writing, while the job is still ours; None where it has gone meanwhile or
        names other bytes."""
        self.run.keep(advanced=True)
        row = db.session.scalar(
            select(Material)
            .where(Material.id == self.material_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return row if row is not None and row.storage_key == self.key else None

    @contextmanager
    def keeping(self, made: Iterable[str]) -> Iterator[Material | None]:
        """The locked record, committed at the end; what was `made` for it goes again where it
        cannot be kept."""
        keys = list(made)
        try:
            row = self.lock()
            yield row
            db.session.commit()
        except BaseException:
            db.session.rollback()
            remove(keys, self.storage)
            raise
        if row is None:
            remove(keys, self.storage)


def bench(run: Run, *, material_id: int) -> Bench | None:
    """The file of the material; None where the material or its file has gone."""
    with reading():
        found = db.session.get(Material, material_id, populate_existing=True)
        db.session.commit()
    if found is None or found.storage_key is None:
        return None
    return Bench(run, material_id, found.storage_key, found.media_type, storage_of(run.settings))


@contextmanager
def workshop(run: Run) -> Iterator[Path]:
    """A folder for what is being made, on the disk of the files; empty again afterwards."""
    root = _root(run)
    root.mkdir(mode=0o750, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        yield Path(folder)


def sweep_workshop(run: Run) -> None:
    """Clear away what killed workers left."""
    before = now().timestamp() - ABANDONED
    for folder in _root(run).glob("*"):
        if folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def remove(keys: Iterable[str], storage: Storage) -> None:
    for key in keys:
        storage.delete(key)


def _root(run: Run) -> Path:
    return Path(run.settings.storage_folder) / ".workshop"
