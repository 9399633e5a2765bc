"""Recordings on their way in: announced, received piece by piece, whole or begun anew.

What becomes of them once their bytes are here says `domain.recordings`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import select

from webinar.domain import jobs
from webinar.domain.recordings import locked, move
from webinar.domain.rows import find_or_add
from webinar.errors import Conflict, NotThere
from webinar.extensions import db
from webinar.models import Recording, RecordingSource, RecordingState

S = RecordingState
UNFINISHED = timedelta(days=7)
"""How long an upload may pause; the recorder gives up after days."""


def key_of(*parts: str) -> str:
    """A key of fixed length for the names by which the sender knows the file."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def announce(key: str, *, room_name: str, size: int, sha256: str) -> Recording:
    """The upload of that key, begun or known from before. The checksum is part of the key: a file
    that changed is another one."""
    return find_or_add(
        select(Recording).where(Recording.key == key),
        lambda: Recording(
            key=key,
            source=RecordingSource.JIBRI,
            room_name=room_name[:200],
            size=size,
            sha256=sha256,
        ),
    )


def announce_link(key: str, *, room_name: str, link: str) -> Recording:
    """A recording that can be fetched; a job does it after the commit, once."""
    known = db.session.scalar(select(Recording).where(Recording.key == key))
    if known is not None:
        return known
    row = find_or_add(
        select(Recording).where(Recording.key == key),
        lambda: Recording(
            key=key, source=RecordingSource.JAAS, room_name=room_name[:200], link=link
        ),
    )
    jobs.enqueue("fetch_recording", key=f"fetch-recording:{row.id}", recording_id=row.id)
    return row


def upload(public_id: str) -> Recording:
    """The upload of that name; raises `NotThere`."""
    found = db.session.scalar(
        select(Recording).where(
            Recording.public_id == public_id, Recording.source == RecordingSource.JIBRI
        )
    )
    if found is None:
        raise NotThere("record_missing")
    return found


def take_piece(public_id: str, *, offset: int, size: int) -> Recording:
    """Count the bytes that were written at `offset`; once all are there, ask for the comparison.

    Raises `Conflict` where another request was faster: what counts is what the row says.
    """
    row = locked(upload(public_id).id)
    if row.state != S.RECEIVING or row.received != offset:
        raise Conflict("recording_offset")
    row.received = offset + size
    complete(row)
    db.session.flush()
    return row


def complete(row: Recording) -> None:
    """Ask for the comparison of an upload of which no byte is missing."""
    if row.state == S.RECEIVING and row.received == row.size:
        move(row, S.COMPLETE)
        key = f"take-recording:{row.id}"
        jobs.enqueue("take_recording", key=key, recording_id=row.id)


def start_again(row: Recording) -> None:
    """The checksum of the whole is another one: nothing of it counts. The row is locked."""
    move(row, S.RECEIVING)
    row.received = 0
    db.session.flush()


def forget_bytes(public_id: str) -> None:
    """What was received of the upload is going to be removed: nothing of it counts any more."""
    row = db.session.scalar(
        select(Recording).where(Recording.public_id == public_id).with_for_update()
    )
    if row is not None and row.state == S.RECEIVING:
        row.received = 0
    elif row is not None and row.state == S.COMPLETE:
        start_again(row)
    db.session.flush()
