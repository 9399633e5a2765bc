"""Recordings that came in: a material of their talk, or set aside for a person to decide.

Moves states only; bytes are `adapters.incoming`'s and `adapters.storage`'s, and moving them is
`jobs.recordings`'. What arrives is never published: an organiser releases it (rule 10). What cannot
be decided by itself does not wait for ever. Neighbour: `domain.recording_uploads`, the way here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, mail, materials, recording_consents
from webinar.domain.materials import Stored
from webinar.domain.shares import EVERY
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Aside,
    Material,
    MaterialKind,
    Recording,
    RecordingState,
    Room,
    Talk,
    TalkState,
)

S = RecordingState
KEPT_ASIDE = timedelta(days=30)
"""How long something waits for a person."""
MOVES: dict[RecordingState, frozenset[RecordingState]] = {
    S.RECEIVING: frozenset({S.COMPLETE, S.ASIDE, S.STORED, S.FAILED}),
    S.COMPLETE: frozenset({S.RECEIVING, S.STORED, S.ASIDE}),
    S.ASIDE: frozenset({S.STORED, S.DISCARDED}),
    S.STORED: frozenset(),
    S.DISCARDED: frozenset(),
    S.FAILED: frozenset(),
}
SETTLED = (S.STORED, S.ASIDE, S.DISCARDED)
"""The bytes came in whole: whoever sent them may delete its own."""


def fail(row: Recording, *, reason: Aside) -> None:
    """Nothing came, and nothing will. The row is locked."""
    move(row, S.FAILED)
    row.reason, row.link, row.settled_at = reason, "", now()
    row.talk = _talk_of(row.room_name)
    _tell(row)
    db.session.flush()


def settle(row: Recording, *, stored: Stored, media_type: str, days: int) -> None:
    """Make it a material of the talk whose room it is of, or set it aside, and tell the office.

    The row is locked; `days` until it is deleted. Bytes that the talk has already are told by the
    row: it then has no `storage_key` and names the material that has them.
    """
    row.media_type, row.link = media_type, ""
    row.size, row.sha256, row.received = stored.size, stored.sha256, stored.size
    talk = _talk_of(row.room_name)
    row.talk = talk
    row.reason = _hindrance(talk, media_type)
    if talk is None or row.reason:
        move(row, S.ASIDE)
        row.storage_key = stored.key
    else:
        _store(row, talk, stored, days=days, by=None)
    _tell(row)
    db.session.flush()


def assign(row: Recording, *, talk: Talk, days: int, by: Account) -> None:
    """A person says which talk it belongs to. Raises `RuleError`."""
    row = locked(row.id)
    if row.state != S.ASIDE or row.storage_key is None or row.size is None or row.sha256 is None:
        raise Conflict("recording_settled")
    if talk.state == TalkState.DRAFT:
        raise RuleError("talk_not_published", field="talk")
    if not recording_consents.may_record(talk):
        raise RuleError("recording_without_consent", field="talk")
    stored = _Kept(row.storage_key, row.size, row.sha256)
    row.storage_key, row.talk, row.reason, row.account = None, talk, Aside.NONE, by
    materials.check_kind(MaterialKind.RECORDING, media_type=row.media_type)
    _store(row, talk, stored, days=days, by=by)
    audit.record("recording.assigned", row, by=by, changes={"talk": [None, talk.id]})


def discard(row: Recording, *, by: Account | None) -> None:
    """Nobody needs it: its bytes go after the commit. Doing so twice is once."""
    row = locked(row.id)
    if row.state == S.DISCARDED:
        return
    move(row, S.DISCARDED)
    row.account, row.settled_at = by, now()
    if row.storage_key is not None:
        key, row.storage_key = row.storage_key, None
        db.session.flush()
        materials.remove_files([key], cause=f"recording:{row.public_id}")
    audit.record("recording.discarded", row, by=by)


def locked(recording_id: int) -> Recording:
    """The row, locked and read anew; raises `NotThere`."""
    row = db.session.scalar(
        select(Recording)
        .where(Recording.id == recording_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotThere("record_missing")
    return row


def get(recording_id: int) -> Recording:
    """The recording of that number; raises `NotThere`."""
    row = db.session.get(Recording, recording_id)
    if row is None:
        raise NotThere("record_missing")
    return row


def waiting() -> Select[Recording]:
    """What waits for a person, the oldest first."""
    return (
        select(Recording)
        .where(Recording.state == S.ASIDE)
        .options(joinedload(Recording.talk))
        .order_by(Recording.created_at, Recording.id)
    )


def waiting_count() -> int:
    """How many wait for a person."""
    query = select(func.count(Recording.id)).where(Recording.state == S.ASIDE)
    return db.session.scalar(query) or 0


def candidates(*, seen: ColumnElement[bool] = EVERY) -> Sequence[Talk]:
    """The talks that a recording can be of, the latest first: begun, and not of last year."""
    since = now() - timedelta(days=200)
    query = select(Talk).where(
        Talk.state != TalkState.DRAFT, Talk.starts_at > since, Talk.starts_at < now(), seen
    )
    return db.session.scalars(query.order_by(Talk.starts_at.desc(), Talk.id)).all()


def overdue() -> list[Recording]:
    """What has waited for a person long enough."""
    query = select(Recording).where(
        Recording.state == S.ASIDE, Recording.created_at < now() - KEPT_ASIDE
    )
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class _Kept:
    """What the store said when the bytes were set aside."""

    key: str
    size: int
    sha256: str


def move(row: Recording, state: RecordingState) -> None:
    """Change the state by the table; raises `Conflict` for a move that is not in it."""
    if state not in MOVES[S(row.state)]:
        raise Conflict("recording_settled")
    row.state = state


def _talk_of(room_name: str) -> Talk | None:
    """Also by a name that was replaced since: the recording began under it."""
    room = db.session.scalar(select(Room).where(Room.name == room_name.lower()))
    return room.talk if room is not None else None


def _hindrance(talk: Talk | None, media_type: str) -> Aside:
    if media_type not in materials.TAKES[MaterialKind.RECORDING]:
        return Aside.NO_VIDEO
    if talk is None:
        return Aside.ROOM_UNKNOWN
    return Aside.NONE if recording_consents.may_record(talk) else Aside.NO_CONSENT


def _store(row: Recording, talk: Talk, stored: Stored, *, days: int, by: Account | None) -> None:
    move(row, S.STORED)
    row.settled_at = now()
    twin = materials.twin_of(talk, sha256=stored.sha256)
    if twin is not None:
        row.material = twin
        materials.remove_files([stored.key], cause=f"recording:{row.public_id}")
        return
    # The file's own name holds the room's, which nobody may learn.
    row.material = materials.add(
        talk,
        kind=MaterialKind.RECORDING,
        title=_title(talk),
        stored=stored,
        media_type=row.media_type,
        file_name=f"aufzeichnung-{talk.slug}.{row.media_type.rpartition('/')[2]}",
        by=by,
        delete_on=materials.default_deletion(talk, days=days),
    )


def _title(talk: Talk) -> str:
    """ "Aufzeichnung", with a number from the second on: a talk can have several parts."""
    query = select(func.count(Material.id)).where(
        Material.talk_id == talk.id, Material.kind == MaterialKind.RECORDING
    )
    before = db.session.scalar(query) or 0
    return f"Aufzeichnung {before + 1}" if before else "Aufzeichnung"


def _tell(row: Recording) -> None:
    """A mail to everybody at the desk who can do something about it."""
    mail.to_office(
        "recording_arrived",
        key=f"recording:{row.id}:{row.state}",
        talk=row.talk,
        params={"state": str(row.state), "reason": str(row.reason), "talk_id": row.talk_id},
    )
