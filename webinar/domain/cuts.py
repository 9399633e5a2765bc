"""A recording made shorter at start and end: asked for, made beside the original, then used or not.

The original stays until an organiser has seen the cut and takes it. Chapters, subtitles and the
times of the pages move along. Making it is `jobs.films`', at pictures that stand alone, so that
nothing is encoded anew: it can begin some seconds earlier than asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from webinar.domain import audit, chapters, jobs, materials, pages, processing, subtitles
from webinar.domain.materials import Stored
from webinar.domain.subtitles import Line
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    CutState,
    Material,
    MaterialKind,
    RecordingCut,
)

SHORTEST = 1000
"""Milliseconds that have to remain."""


@dataclass(frozen=True)
class Made:
    """What a job made: where it really begins in the original, and how long it is."""

    stored: Stored
    start_ms: int
    duration_ms: int


@dataclass(frozen=True)
class Moved:
    """A line of subtitles at its moment in the cut."""

    start_ms: int
    end_ms: int
    text: str


Write = Callable[[Sequence[Line]], Stored]
"""Stores lines as a file."""


def ask(recording: Material, *, start_ms: int, end_ms: int, by: Account) -> RecordingCut:
    """Have a cut made after the commit; one that lay there goes.

    Raises `RuleError` on `start` or `end` where nothing would remain or nothing would go.
    """
    length = recording.duration_seconds
    if recording.kind != MaterialKind.RECORDING or recording.storage_key is None or length is None:
        raise RuleError("cut_not_possible")
    end_ms = min(end_ms, length * 1000)
    if end_ms - start_ms < SHORTEST:
        raise RuleError("cut_leaves_nothing", field="end")
    if start_ms < SHORTEST and end_ms > length * 1000 - SHORTEST:
        raise RuleError("cut_changes_nothing", field="start")
    _drop(recording)
    cut = RecordingCut(
        material_id=recording.id,
        source_key=recording.storage_key,
        start_ms=start_ms,
        end_ms=end_ms,
        state=CutState.WAITING,
    )
    db.session.add(cut)
    db.session.flush()
    jobs.enqueue("cut_recording", key=f"cut:{cut.id}", cut_id=cut.id)
    changes = {"start_ms": [None, start_ms], "end_ms": [None, end_ms]}
    audit.record("material.cut_asked", recording, by=by, changes=changes)
    return cut


def waiting(cut_id: int) -> RecordingCut | None:
    """The cut, if it still is to be made."""
    query = select(RecordingCut).where(
        RecordingCut.id == cut_id, RecordingCut.state == CutState.WAITING
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def settle(cut_id: int, *, made: Made | None, note: str) -> bool:
    """Note how it went; False where nobody waits for it any more."""
    cut = waiting(cut_id)
    if cut is None:
        return False
    if made is None:
        cut.state, cut.note = CutState.FAILED, note
    else:
        cut.state, cut.start_ms, cut.duration_ms = CutState.READY, made.start_ms, made.duration_ms
        cut.storage_key, cut.size = made.stored.key, made.stored.size
        cut.sha256 = made.stored.sha256
    db.session.flush()
    return True


def of_recording(recording: Material) -> RecordingCut | None:
    """The one cut of the recording."""
    return db.session.scalar(select(RecordingCut).where(RecordingCut.material_id == recording.id))


def take(recording: Material, *, write: Write, by: Account) -> None:
    """Use the cut instead of the original, whose bytes go after the commit.

    `write` stores subtitles that have moved. Raises `Conflict` `cut_changed` where there is no
    cut of the recording as it stands.
    """
    row = _locked(recording)
    cut = of_recording(row)
    if cut is None or cut.state != CutState.READY or cut.source_key != row.storage_key:
        raise Conflict("cut_changed")
    made = _Stored(str(cut.storage_key), cut.size or 0, str(cut.sha256))
    start, length = cut.start_ms, cut.duration_ms or 0
    db.session.delete(cut)
    db.session.flush()
    materials.replace_bytes(row, stored=made)
    row.duration_seconds = max(1, round(length / 1000))
    _move_chapters(row, start=start, length=length)
    _move_pages(row, start=start, length=length)
    _move_subtitles(row, start=start, length=length, write=write)
    processing.begin_anew(row)
    audit.record("material.cut_taken", row, by=by)


def discard(recording: Material, *, by: Account) -> None:
    """The original stays as it is; doing so twice is once."""
    if _drop(recording):
        audit.record("material.cut_discarded", recording, by=by)


def moved(moments: Sequence[int], *, start: int, length: int) -> list[int | None]:
    """Ascending moments of the original in the cut, in milliseconds; None for what is cut away.

    The last one in front of the cut is what stands there when it begins: it moves to its start.
    """
    found: list[int | None] = [
        at - start if start <= at < start + length else None for at in moments
    ]
    before = [index for index, at in enumerate(moments) if at <= start]
    if before and 0 not in found:
        found[before[-1]] = 0
    return found


@dataclass(frozen=True)
class _Stored:
    key: str
    size: int
    sha256: str


def _move_chapters(row: Material, *, start: int, length: int) -> None:
    there = chapters.chapters_of([row])[row.id]
    times = moved([one.start_ms for one in there], start=start, length=length)
    kept = [(at, one.title) for at, one in zip(times, there, strict=True) if at is not None]
    chapters.replace(row, kept)


def _move_pages(row: Material, *, start: int, length: int) -> None:
    talk = materials.of_talk(row.talk)
    first = next((one for one in talk if one.kind == MaterialKind.RECORDING), None)
    if first is None or first.id != row.id:
        return
    for deck in pages.pages_of(talk).values():
        timed = [(page.starts_at_ms, page) for page in deck if page.starts_at_ms is not None]
        timed.sort(key=lambda pair: pair[0])
        times = moved([at for at, _page in timed], start=start, length=length)
        for at, (_before, page) in zip(times, timed, strict=True):
            page.starts_at_ms = at
    db.session.flush()


def _move_subtitles(row: Material, *, start: int, length: int, write: Write) -> None:
    for one in subtitles.of_recording(row):
        lines = [
            Moved(max(0, cue.start_ms - start), min(length, cue.end_ms - start), cue.text)
            for cue in subtitles.lines_of(one)
            if cue.end_ms > start and cue.start_ms < start + length
        ]
        if not lines:
            materials.delete(one, by=None)
            continue
        materials.replace_bytes(one, stored=write(lines))
        subtitles.write_lines(one, lines)


def _locked(recording: Material) -> Material:
    return db.session.scalars(
        select(Material)
        .where(Material.id == recording.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _drop(recording: Material) -> bool:
    cut = of_recording(recording)
    if cut is None:
        return False
    if cut.storage_key is not None:
        materials.remove_files([cut.storage_key], cause=f"cut:{cut.id}")
    db.session.execute(delete(RecordingCut).where(RecordingCut.id == cut.id))
    db.session.expunge(cut)
    return True
