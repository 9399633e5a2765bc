"""What is to be read of a file after it came in, step by step, and how it stands with each step.

The steps are done by `jobs.materials`; one that is done is never done again unless somebody asks,
one that failed stops no other. `Material.processing` is all of them together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from webinar.domain import audit, jobs
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Job,
    JobState,
    Material,
    Processing,
    ProcessingStep,
    Step,
    StepState,
)

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
STEPS: Mapping[str, tuple[Step, ...]] = {
    PDF: (Step.TEXT, Step.PICTURES),
    PPTX: (Step.TEXT,),
    "video/mp4": (Step.LENGTH, Step.ORDER, Step.POSTER),
    "video/webm": (Step.LENGTH, Step.POSTER),
}
"""By media type; what is not named here is kept as it is."""
GIVEN_UP = "worker_died"


def ask(material: Material) -> None:
    """Plan the steps of a new file and have them done after the commit."""
    _plan(material)
    if all(step.state == StepState.DONE for step in material.steps):
        material.processing = Processing.DONE
        return
    _enqueue(material)


def try_again(material: Material, *, by: Account) -> None:
    """Do once more what failed or was not possible, and what was never planned for this file.

    Raises `RuleError` `nothing_to_try` where everything is done or on its way.
    """
    _plan(material)
    if not can_try_again(material):
        raise RuleError("nothing_to_try")
    open_steps = [step for step in material.steps if step.state != StepState.DONE]
    for step in open_steps:
        step.state, step.note = StepState.WAITING, ""
    summarise(material)
    _enqueue(material)
    audit.record("material.read_again", material, by=by)


def can_try_again(material: Material) -> bool:
    """Whether there is a step that nobody will see to by itself."""
    states = [step.state for step in material.steps if step.state != StepState.DONE]
    if len(material.steps) < len(STEPS.get(material.media_type, ())):
        return True
    waiting = all(state == StepState.WAITING for state in states)
    return bool(states) and not (waiting and under_way(material))


def begin_anew(material: Material) -> None:
    """The bytes are other ones: everything is read once more."""
    for step in material.steps:
        step.state, step.note = StepState.WAITING, ""
    _plan(material)
    summarise(material)
    _enqueue(material)


def settle(material: Material, step: Step, *, state: StepState, note: str = "") -> None:
    """Note how one step ended."""
    row = next(row for row in material.steps if row.step == step)
    row.state, row.note = state, note
    summarise(material)
    db.session.flush()


def summarise(material: Material) -> None:
    """All steps together: what waits hides what failed, what failed hides what is done."""
    states = {row.state for row in material.steps}
    if StepState.WAITING in states:
        material.processing = Processing.WAITING
    elif StepState.FAILED in states:
        material.processing = Processing.FAILED
    else:
        material.processing = Processing.DONE
    notes = [row.note for row in material.steps if row.note and row.state != StepState.SKIPPED]
    material.processing_note = notes[0] if notes else ""


def shown_steps(material: Material) -> list[ProcessingStep]:
    """The steps in order; where the work was given up, what still waits counts as failed."""
    if not _job_is(material, JobState.FAILED):
        return list(material.steps)
    return [
        ProcessingStep(step=row.step, state=StepState.FAILED, note=GIVEN_UP)
        if row.state == StepState.WAITING
        else row
        for row in material.steps
    ]


def under_way(material: Material) -> bool:
    """Whether somebody will see to what waits."""
    return _job_is(material, JobState.QUEUED, JobState.RUNNING)


def next_step(material_id: int, *, tried: Collection[Step]) -> Step | None:
    """The first step that waits and was not tried yet."""
    query = select(ProcessingStep.step).where(
        ProcessingStep.material_id == material_id,
        ProcessingStep.state == StepState.WAITING,
        ProcessingStep.step.not_in(list(tried)),
    )
    found = db.session.scalar(query.order_by(ProcessingStep.id).limit(1))
    return None if found is None else Step(found)


def _plan(material: Material) -> None:
    planned = {row.step for row in material.steps}
    for step in STEPS.get(material.media_type, ()):
        if step not in planned:
            material.steps.append(ProcessingStep(step=step, state=StepState.WAITING, note=""))
    db.session.flush()


def _enqueue(material: Material) -> None:
    jobs.enqueue("process_material", key=_key(material), material_id=material.id)


def _job_is(material: Material, *states: JobState) -> bool:
    query = select(Job.id).where(Job.key == _key(material), Job.state.in_(states))
    return db.session.scalar(query) is not None


def _key(material: Material) -> str:
    return f"material:{material.id}"
