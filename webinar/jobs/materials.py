"""What happens to an added file after the commit, step by step; and removing bytes.

What is done stays done where a worker dies, and the next one goes on behind it; a step that fails
stops neither the other steps nor another file. Neighbours: `jobs.decks` and `jobs.films`, which do
the steps; `domain.processing`, which keeps how they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from webinar.adapters.storage import StorageAway, storage_of
from webinar.clock import now
from webinar.domain import files as known_files
from webinar.domain import materials, processing, search_index
from webinar.errors import RuleError
from webinar.extensions import db, reading
from webinar.jobs import decks, films
from webinar.jobs.files import Bench, bench, remove, sweep_workshop
from webinar.jobs.queue import PAUSES, LeaseLost, Run
from webinar.models import Job, Material, Step, StepState

log = structlog.get_logger()

ABANDONED = timedelta(days=1)
STEPS: Mapping[Step, Callable[[Bench], None]] = {
    Step.TEXT: decks.read_text,
    Step.PICTURES: decks.draw,
    Step.LENGTH: films.measure,
    Step.ORDER: films.put_in_order,
    Step.POSTER: films.draw_poster,
}


def process_material(run: Run, *, material_id: int) -> None:
    """Do the steps that wait. Doing it again changes nothing."""
    tried: set[Step] = set()
    problem: Exception | None = None
    while (step := _next(material_id, tried)) is not None:
        tried.add(step)
        found = bench(run, material_id=material_id)
        if found is None:
            return
        try:
            _do(found, step)
        except LeaseLost:
            raise
        except Exception as error:
            db.session.rollback()
            log.exception("step broke", material=material_id, step=step)
            problem = error
            if _last_try(run):
                _fail(found, step, code="processing_broke")
    if problem is not None:
        raise problem
    _finished(material_id)


def delete_files(run: Run, *, keys: list[str]) -> None:
    """Remove the bytes of keys that no record names any more; others are left alone."""
    with reading():
        unused = known_files.unused(keys)
        db.session.commit()
    remove(unused, storage_of(run.settings))


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
    sweep_workshop(run)


def _next(material_id: int, tried: set[Step]) -> Step | None:
    with reading():
        step = processing.next_step(material_id, tried=tried)
        db.session.commit()
    return step


def _do(found: Bench, step: Step) -> None:
    """One step; where the file is what hinders it, that is noted and is no failure of the job."""
    try:
        STEPS[step](found)
    except StorageAway:
        raise
    except RuleError as error:
        db.session.rollback()
        code = "file_gone" if error.code == "file_not_there" else error.code
        log.warning("file could not be read", material=found.material_id, step=step, code=code)
        _fail(found, step, code=code)


def _fail(found: Bench, step: Step, *, code: str) -> None:
    with found.keeping([]) as row:
        if row is not None:
            processing.settle(row, step, state=StepState.FAILED, note=code)


def _finished(material_id: int) -> None:
    """Here the reading of a material ends, however its steps went: what was read can be found."""
    row = db.session.get(Material, material_id, populate_existing=True)
    if row is not None:
        search_index.index_material(row)
    db.session.commit()
    log.info("material read", material=material_id)


def _last_try(run: Run) -> bool:
    with reading():
        job = db.session.get(Job, run.job_id, populate_existing=True)
        db.session.commit()
    return job is not None and job.attempts > len(PAUSES)
