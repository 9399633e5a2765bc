"""Files on their way in from a browser: announced, received by one writer at a time, settled.

Says what is taken before the first byte, and how many bytes count. The bytes are
`adapters.incoming`'s, checking them is `jobs.uploads`' work; what was taken is a material.
Recordings that the recorder brings have their own way (`domain.recording_uploads`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import jobs, materials
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Material, MaterialKind, Talk, Upload, UploadState

S = UploadState
STAYS = timedelta(days=7)
"""After so long without a byte an upload is given up; a refusal is shown as long."""
LEASE = timedelta(seconds=10)
"""For so long a writer holds an upload without a sign of life."""


def begin(
    talk: Talk,
    *,
    kind: MaterialKind,
    title: str,
    file_name: str,
    media_type: str,
    size: int,
    limit: int,
    quota: int,
    by: Account,
) -> Upload:
    """Announce a file of `size` bytes, of which the name promises that media type.

    `quota`: bytes that the whole archive may hold, 0 for as many as there is room for. Raises
    `RuleError` on `file`: it is empty, too large, of another kind, or there is no room for it.
    """
    if size <= 0:
        raise RuleError("file_empty", field="file")
    if size > limit:
        raise RuleError("file_too_large", field="file", limit=limit)
    materials.check_kind(kind, media_type=media_type)
    if quota and archived() + size > quota:
        raise RuleError("storage_quota", field="file")
    upload = Upload(
        talk=talk,
        account=by,
        kind=kind,
        title=title[: materials.TITLE_LENGTH],
        file_name=file_name[:255],
        size=size,
        expires_at=now() + STAYS,
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def archived() -> int:
    """Bytes of all materials, and of what was announced."""
    kept = db.session.scalar(select(func.coalesce(func.sum(Material.size), 0)))
    coming = db.session.scalar(
        select(func.coalesce(func.sum(Upload.size), 0)).where(
            Upload.state.in_([S.RECEIVING, S.COMPLETE])
        )
    )
    return int(kept or 0) + int(coming or 0)


def find(talk: Talk, *, public_id: str, by: Account) -> Upload:
    """The person's own upload of that name that is not over; raises `NotThere`."""
    found = db.session.scalar(
        select(Upload).where(
            Upload.public_id == public_id,
            Upload.talk_id == talk.id,
            Upload.account_id == by.id,
            Upload.state != S.REFUSED,
        )
    )
    if found is None or (found.state == S.RECEIVING and found.expires_at <= now()):
        raise NotThere("upload_missing")
    return found


def shown(talk: Talk) -> list[Upload]:
    """What is on its way to the talk, and what was refused of late; the newest first."""
    query = select(Upload).where(Upload.talk_id == talk.id, Upload.state != S.STORED)
    query = query.options(joinedload(Upload.account)).order_by(Upload.id.desc())
    return list(db.session.scalars(query))


def one_of(talk: Talk, *, upload_id: int) -> Upload:
    """One of `shown`, whoever brings it; raises `NotThere`."""
    row = _locked(upload_id)
    if row.talk_id != talk.id or row.state == S.STORED:
        raise NotThere("upload_missing")
    return row


def take_turn(upload: Upload, *, offset: int) -> str:
    """Become the writer of what follows `offset`; the name of the turn.

    Raises `Conflict`: `upload_locked` while somebody else writes, `upload_offset` where other
    bytes are missing than these.
    """
    row = _locked(upload.id)
    if row.writer is not None and row.writer_until is not None and row.writer_until > now():
        raise Conflict("upload_locked")
    if row.state != S.RECEIVING or row.received != offset:
        raise Conflict("upload_offset")
    row.writer = secrets.token_hex(8)
    _hold(row)
    db.session.flush()
    return row.writer


def keep_turn(upload: Upload, *, turn: str) -> None:
    """A sign of life; raises `Conflict` where the turn has ended."""
    _hold(_held(upload, turn))
    db.session.flush()


def count(upload: Upload, *, turn: str, size: int) -> Upload:
    """So many bytes more stay; once all are there, ask for the check.

    Raises `Conflict` where the turn has ended: then they never counted.
    """
    row = _held(upload, turn)
    row.received += size
    _hold(row)
    if row.received == row.size:
        row.state = S.COMPLETE
        row.writer = row.writer_until = None
        jobs.enqueue("take_upload", key=f"take-upload:{row.id}", upload_id=row.id)
    db.session.flush()
    return row


def end_turn(upload: Upload, *, turn: str) -> None:
    """Let somebody else write; after a turn that was lost it changes nothing."""
    row = db.session.get(Upload, upload.id, with_for_update=True, populate_existing=True)
    if row is not None and row.writer == turn:
        row.writer = row.writer_until = None
        db.session.flush()


def discard(upload: Upload) -> None:
    """Give it up; a job removes its bytes after the commit."""
    _let_go(upload)
    db.session.delete(upload)
    db.session.flush()


def overdue() -> list[Upload]:
    """What nobody goes on with, and what has been over for long."""
    ended = Upload.state != S.COMPLETE
    query = select(Upload).where(ended, Upload.expires_at <= now()).order_by(Upload.id)
    return list(db.session.scalars(query))


def prepare(upload_id: int, *, key: str) -> Upload | None:
    """The complete upload and the key that its bytes get, which stays the same at every try;
    None where nothing is to be done."""
    row = db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != S.COMPLETE:
        return None
    row.storage_key = row.storage_key or key
    db.session.flush()
    return row


def store(
    upload_id: int, *, stored: materials.Stored, media_type: str, file_name: str, days: int
) -> Material | None:
    """Make it a material, unpublished; None where somebody gave it up meanwhile.

    Raises `RuleError` as `materials.add`.
    """
    row = db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != S.COMPLETE:
        return None
    material = materials.add(
        row.talk,
        kind=MaterialKind(row.kind),
        title=row.title,
        stored=stored,
        media_type=media_type,
        file_name=file_name,
        by=row.account,
        delete_on=materials.default_deletion(row.talk, days=days),
    )
    row.state, row.storage_key = S.STORED, None
    _let_go(row)
    row.expires_at = now() + STAYS
    db.session.flush()
    return material


def refuse(upload_id: int, *, code: str, about: str) -> None:
    """Say why it was not taken."""
    row = _locked(upload_id)
    row.state, row.reason, row.about = S.REFUSED, code, about[:200]
    if row.storage_key is not None:
        materials.remove_files([row.storage_key], cause=row.public_id)
        row.storage_key = None
    row.expires_at = now() + STAYS
    _let_go(row)
    db.session.flush()


def _let_go(row: Upload) -> None:
    """Have what was received removed once this transaction is written."""
    jobs.enqueue("forget_bytes", key=f"forget-bytes:{row.public_id}", upload=row.public_id)


def _held(upload: Upload, turn: str) -> Upload:
    row = _locked(upload.id)
    if row.writer != turn or row.state != S.RECEIVING:
        raise Conflict("upload_locked")
    return row


def _hold(row: Upload) -> None:
    row.writer_until = now() + LEASE
    row.expires_at = now() + STAYS


def _locked(upload_id: int) -> Upload:
    row = db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotThere("upload_missing")
    return row
