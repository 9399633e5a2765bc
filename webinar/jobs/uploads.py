"""What happens to an upload once its bytes are here: it is checked, then a material or refused.

Telling what gigabytes are, scanning them and taking their checksum takes longer than a request
may. No transaction is open meanwhile. The key of the bytes is written down before they go there, so
that a job that died in between finds them, and `storage verify` knows them. Nobody can release what
was not checked: before that there is no material.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import structlog

from webinar.adapters.antivirus import Scanner, ScannerAway
from webinar.adapters.documents import Kind, MediaType, download_name, identify
from webinar.adapters.incoming import Incoming, incoming_of
from webinar.adapters.storage import (
    CHUNK,
    Storage,
    StorageAway,
    StoredFile,
    new_key,
    storage_of,
)
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import materials, retention_terms, uploads
from webinar.errors import NotThere, RuleError
from webinar.extensions import db, reading
from webinar.jobs.beating import BeatingFile
from webinar.jobs.queue import PAUSES, Run
from webinar.models import Job, MaterialKind, Upload

log = structlog.get_logger()

ABOUT = ("title", "found")
"""Values of a refusal that its sentence names."""


def take_upload(run: Run, *, upload_id: int) -> None:
    """Check a complete upload and settle it. Doing so again changes nothing."""
    row = uploads.prepare(upload_id, key=new_key())
    db.session.commit()
    if row is None:
        return
    incoming, storage = incoming_of(run.settings), storage_of(run.settings)
    try:
        media, stored = _check(run, row, incoming, storage)
        _settle(run, row, media, stored)
    except StorageAway:
        raise
    except ScannerAway:
        if not _last_try(run):
            raise
        _refuse(run, row, RuleError("file_not_scanned"))
    except NotThere:
        _refuse(run, row, RuleError("upload_lost"))
    except RuleError as error:
        _refuse(run, row, error)


def forget_bytes(run: Run, *, upload: str) -> None:
    """Remove what was received of an upload that was given up."""
    incoming_of(run.settings).remove(upload)


def forget_uploads(run: Run) -> None:
    """Give up what nobody goes on with, and forget what was settled long ago."""
    with reading():
        ids = [row.id for row in uploads.overdue()]
        db.session.commit()
    for upload_id in ids:
        run.keep()
        row = db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
        if row is not None and row.expires_at <= now():
            uploads.discard(row)
        db.session.commit()


def scan(settings: Settings, file: BinaryIO, media: MediaType) -> None:
    """Ask the scanner, where one is set; raises `RuleError` and `ScannerAway`."""
    if settings.clamav:
        scanner = Scanner(settings.clamav, settings.clamav_stream)
        scanner.check(file, windows=media.kind is Kind.VIDEO)


def _check(
    run: Run, row: Upload, incoming: Incoming, storage: Storage
) -> tuple[MediaType, StoredFile]:
    """Find out what it is and hand its bytes to the store, unless an earlier try has done so."""
    key = str(row.storage_key)
    with _bytes(row, incoming, storage) as raw:
        file = cast("BinaryIO", BeatingFile(raw, run))
        media = identify(file, filename=row.file_name)
        materials.check_kind(MaterialKind(row.kind), media_type=media.media_type)
        scan(run.settings, file, media)
        file.seek(0)
        digest = hashlib.sha256()
        while data := file.read(CHUNK):
            digest.update(data)
    if not storage.exists(key):
        incoming.hand_over(row.public_id, key=key)
    return media, StoredFile(key=key, size=row.size, sha256=digest.hexdigest())


@contextmanager
def _bytes(row: Upload, incoming: Incoming, storage: Storage) -> Iterator[BinaryIO]:
    if storage.exists(str(row.storage_key)):
        with storage.open(str(row.storage_key)) as file:
            yield file
        return
    incoming.finish(row.public_id, size=row.size)
    with incoming.open(row.public_id) as file:
        yield file


def _settle(run: Run, row: Upload, media: MediaType, stored: StoredFile) -> None:
    try:
        run.keep()
        material = uploads.store(
            row.id,
            stored=stored,
            media_type=media.media_type,
            file_name=download_name(row.file_name, media_type=media),
            days=retention_terms.in_force(run.settings).general,
        )
        if material is None:
            materials.remove_files([stored.key], cause=row.public_id)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def _refuse(run: Run, row: Upload, error: RuleError) -> None:
    log.warning("upload refused", upload=row.id, code=error.code)
    about = next((str(error.values[name]) for name in ABOUT if name in error.values), "")
    try:
        run.keep()
        uploads.refuse(row.id, code=error.code, about=about)
    except NotThere:
        log.info("upload was given up meanwhile", upload=row.id)
    db.session.commit()


def _last_try(run: Run) -> bool:
    job = db.session.get(Job, run.job_id)
    return job is not None and job.attempts > len(PAUSES)
