"""Reading recordings: their length, the order of an MP4, a still; and cutting start and end.

Pictures and sound are never encoded anew. Without ffmpeg on the server the steps that need it are
passed over and say so. Neighbour: `adapters.films`.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from webinar.adapters import films, media
from webinar.adapters.storage import StoredFile
from webinar.domain import cuts, materials, processing
from webinar.errors import RuleError
from webinar.extensions import db, reading
from webinar.jobs import files
from webinar.jobs.beating import Beating
from webinar.jobs.files import Bench
from webinar.jobs.queue import Run
from webinar.models import RecordingCut, Step, StepState

log = structlog.get_logger()

MP4 = "video/mp4"
POSTER = 4 * 1024 * 1024
"""Bytes that a still never reaches."""


def measure(bench: Bench) -> None:
    """Keep the length, and whether browsers play it. Raises `RuleError` `file_damaged`."""
    with bench.local() as path:
        found = media.probe(path)
    if found is None and not films.available() and bench.media_type != MP4:
        _pass_over(bench, Step.LENGTH)
        return
    if found is None:
        raise RuleError("file_damaged", field="file")
    with bench.keeping([]) as row:
        if row is not None:
            seconds = found.duration_seconds
            row.duration_seconds = None if seconds is None else max(1, round(seconds))
            note = "video_plays_badly" if found.playable is False else ""
            processing.settle(row, Step.LENGTH, state=StepState.DONE, note=note)


def put_in_order(bench: Bench) -> None:
    """Move the index of an MP4 to its front, unless it stands there: it then plays at once."""
    with bench.local() as path:
        with path.open("rb") as file:
            outline = media.mp4_outline(file)
        if outline is None:
            raise RuleError("file_damaged", field="file")
        if not outline.index_first and not films.available():
            _pass_over(bench, Step.ORDER)
            return
        ordered = None if outline.index_first else _ordered(bench, path)
    with bench.keeping([ordered.key] if ordered is not None else []) as row:
        if row is not None:
            if ordered is not None:
                materials.replace_bytes(row, stored=ordered)
            processing.settle(row, Step.ORDER, state=StepState.DONE)


def draw_poster(bench: Bench) -> None:
    """Keep a still of the film."""
    if not films.available():
        _pass_over(bench, Step.POSTER)
        return
    with bench.local() as path, files.workshop(bench.run) as folder:
        found = media.probe(path)
        seconds = found.duration_seconds if found is not None else None
        films.poster(path, folder / "still", seconds=seconds or 0.0, beat=bench.beat)
        with (folder / "still").open("rb") as still:
            stored = bench.storage.put(still, limit=POSTER)
    with bench.keeping([stored.key]) as row:
        if row is not None:
            obsolete, row.poster_key = row.poster_key, stored.key
            processing.settle(row, Step.POSTER, state=StepState.DONE)
            if obsolete is not None:
                materials.remove_files([obsolete], cause=f"poster:{row.public_id}")


def cut_recording(run: Run, *, cut_id: int) -> None:
    """Make the shorter version that an organiser asked for. Doing it again changes nothing."""
    with reading():
        cut = cuts.waiting(cut_id)
        db.session.commit()
    bench = files.bench(run, material_id=cut.material_id) if cut is not None else None
    if cut is None or bench is None or bench.key != cut.source_key:
        return
    try:
        made = _cut(bench, cut)
    except RuleError as error:
        db.session.rollback()
        log.warning("recording not cut", material=cut.material_id, code=error.code)
        _settle_cut(bench, cut_id, note=error.code)
        return
    _settle_cut(bench, cut_id, made=made)


def _cut(bench: Bench, cut: RecordingCut) -> cuts.Made:
    kind = bench.media_type.rpartition("/")[2]
    with bench.local() as path, files.workshop(bench.run) as folder:
        start = films.stand_alone_before(path, seconds=cut.start_ms / 1000)
        target = folder / "cut"
        seconds = films.cut(
            path, target, start=start, end=cut.end_ms / 1000, kind=kind, beat=bench.beat
        )
        stored = _stored(bench, target)
    return cuts.Made(stored=stored, start_ms=round(start * 1000), duration_ms=round(seconds * 1000))


def _settle_cut(
    bench: Bench, cut_id: int, *, made: cuts.Made | None = None, note: str = ""
) -> None:
    keys = [made.stored.key] if made is not None else []
    with bench.keeping(keys) as row:
        if row is not None and not cuts.settle(cut_id, made=made, note=note):
            files.remove(keys, bench.storage)


def _ordered(bench: Bench, path: Path) -> StoredFile:
    with files.workshop(bench.run) as folder:
        films.put_in_order(path, folder / "film", beat=bench.beat)
        return _stored(bench, folder / "film")


def _stored(bench: Bench, path: Path) -> StoredFile:
    with path.open("rb") as film:
        return bench.storage.put(Beating(film, bench.run), limit=path.stat().st_size)


def _pass_over(bench: Bench, step: Step) -> None:
    with bench.keeping([]) as row:
        if row is not None:
            processing.settle(row, step, state=StepState.SKIPPED, note="ffmpeg_missing")
