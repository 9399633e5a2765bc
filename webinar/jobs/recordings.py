"""What happens to a recording after its bytes came in, or to fetch them; and clearing away.

A checksum of gigabytes takes longer than a request may, so it is compared here. No transaction is
open while bytes move. Whatever dies in between is begun anew: the upload stays until the record
says where the bytes went. Neighbours: `web.callbacks.uploads`, which takes the pieces.
"""

from __future__ import annotations

from typing import BinaryIO, cast

import structlog

from webinar.adapters.documents import identify
from webinar.adapters.fetch import Forbidden, Trouble, fetched
from webinar.adapters.incoming import incoming_of
from webinar.adapters.storage import Storage, StorageAway, StoredFile, storage_of
from webinar.clock import now
from webinar.domain import recording_uploads, recordings, retention_terms
from webinar.errors import NotThere, RuleError
from webinar.extensions import db, reading
from webinar.jobs.beating import Beating, BeatingFile
from webinar.jobs.queue import PAUSES, Run
from webinar.jobs.uploads import scan
from webinar.models import Aside, Job, Recording, RecordingState

log = structlog.get_logger()

UNKNOWN = "application/octet-stream"


def take_recording(run: Run, *, recording_id: int) -> None:
    """Compare the checksum of an upload, and settle it. Doing so again changes nothing."""
    row = _row(recording_id)
    if row.state != RecordingState.COMPLETE:
        return
    name, incoming = row.public_id, incoming_of(run.settings)
    try:
        incoming.finish(name, size=row.size or 0)
        with incoming.open(name) as file:
            stored = _storage(run).put(Beating(file, run), limit=row.size or 0)
    except NotThere:
        stored = None
    if stored is None or stored.sha256 != row.sha256:
        log.warning("recording differs", recording=row.id)
        if stored is not None:
            _storage(run).delete(stored.key)
        incoming.remove(name)
        recording_uploads.start_again(recordings.locked(recording_id))
        db.session.commit()
        return
    _settle(run, recording_id, stored)
    incoming.remove(name)


def fetch_recording(run: Run, *, recording_id: int) -> None:
    """Fetch what a link of JaaS leads to; it lives for a day."""
    row = _row(recording_id)
    if row.state != RecordingState.RECEIVING or not row.link:
        return
    given = run.settings.callbacks
    try:
        with fetched(row.link, hosts=given.recording_hosts, limit=given.recording_limit) as body:
            stored = _storage(run).put(Beating(body, run), limit=given.recording_limit)
    except Forbidden as refusal:
        _fail(run, recording_id, Aside.LINK, why=str(refusal))
    except RuleError as error:
        if error.code != "file_too_large":
            raise
        _fail(run, recording_id, Aside.TOO_LARGE, why=error.code)
    except Trouble as trouble:
        if not _last_try(run):
            raise
        _fail(run, recording_id, Aside.LINK, why=str(trouble))
    else:
        _settle(run, recording_id, stored)


def forget_recordings(run: Run) -> None:
    """Discard what nobody decided about in its time, and the bytes of uploads that were given
    up; such an upload begins anew if it ever goes on."""
    for row in recordings.overdue():
        run.keep()
        recordings.discard(row, by=None)
        db.session.commit()
    incoming = incoming_of(run.settings)
    for name in incoming.untouched(before=now() - recording_uploads.UNFINISHED):
        recording_uploads.forget_bytes(name)
        db.session.commit()
        incoming.remove(name)


def _settle(run: Run, recording_id: int, stored: StoredFile) -> None:
    storage = _storage(run)
    try:
        run.keep()
        recordings.settle(
            recordings.locked(recording_id),
            stored=stored,
            media_type=_media_type(run, storage, stored.key),
            days=retention_terms.in_force(run.settings).general,
        )
        db.session.commit()
    except BaseException:
        db.session.rollback()
        storage.delete(stored.key)
        raise


def _media_type(run: Run, storage: Storage, key: str) -> str:
    """What it is; what is no video, or harmful, is unknown and waits for a person."""
    with storage.open(key) as raw:
        file = cast("BinaryIO", BeatingFile(raw, run))
        try:
            media = identify(file, filename="aufzeichnung.mp4")
            scan(run.settings, file, media)
        except StorageAway:
            raise
        except RuleError as error:
            log.warning("recording not taken", key=key, code=error.code)
            return UNKNOWN
        return media.media_type


def _fail(run: Run, recording_id: int, reason: Aside, *, why: str) -> None:
    log.warning("recording not fetched", recording=recording_id, reason=reason, why=why)
    run.keep()
    recordings.fail(recordings.locked(recording_id), reason=reason)
    db.session.commit()


def _last_try(run: Run) -> bool:
    job = db.session.get(Job, run.job_id)
    return job is not None and job.attempts > len(PAUSES)


def _row(recording_id: int) -> Recording:
    """The row as it stands, without a transaction left open."""
    with reading():
        row = recordings.get(recording_id)
        db.session.commit()
    return row


def _storage(run: Run) -> Storage:
    return storage_of(run.settings)
