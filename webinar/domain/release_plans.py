"""Releases that happen at their time: planned, called off, carried out by the worker.

A plan keeps what was decided: what, for whom, until when, in which words. Who is told is found when
it happens. What was released by hand or deleted in between is passed over; what stands in the way
then is told to the office, and nothing is released halfway. Neighbour: `domain.releases`, which
does it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from webinar.clock import berlin, now
from webinar.domain import audit, mail, registrations, releases
from webinar.domain.releases import Access, Words
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Grantee, PlannedRelease, PlanState, Talk

S = PlanState
MOVES: dict[PlanState, frozenset[PlanState]] = {
    S.WAITING: frozenset({S.DONE, S.CALLED_OFF, S.FAILED}),
    S.DONE: frozenset(),
    S.CALLED_OFF: frozenset(),
    S.FAILED: frozenset(),
}
FAR = timedelta(days=366)
"""Nobody plans further ahead than this; a year that was mistyped would be forgotten."""


def plan(
    talk: Talk,
    *,
    due_at: datetime,
    material_ids: Collection[int],
    access: Access,
    by: Account,
    words: Words | None = None,
) -> PlannedRelease:
    """Let the materials be released at `due_at`. Raises `RuleError` as `releases.release`, for a
    moment that is over or more than a year away, and for what waits in another plan."""
    if due_at <= now():
        raise RuleError("release_in_past", field="day")
    if due_at > now() + FAR:
        raise RuleError("release_too_far", field="day")
    if access.closes_on is not None and access.closes_on <= berlin(due_at).date():
        raise RuleError("release_ends_before", field="closes_on")
    chosen = releases.check(talk, material_ids=material_ids, access=access)
    ids = [material.id for material in chosen]
    if any(set(ids) & set(other.material_ids) for other in waiting(talk)):
        raise RuleError("release_planned_already")
    row = PlannedRelease(
        talk=talk,
        due_at=due_at,
        material_ids=ids,
        groups=sorted(access.groups),
        audience_ids=sorted(set(access.audiences)),
        closes_on=access.closes_on,
        subject=words.subject if words is not None else "",
        text=words.text if words is not None else "",
        account_id=by.id,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("planned_release.made", row, by=by, changes={"due_at": [None, str(due_at)]})
    return row


def call_off(row: PlannedRelease, *, by: Account) -> None:
    """Do not release at that time after all; repeating it changes nothing. Raises `Conflict` where
    it has happened."""
    row = _locked(row.id)
    if row.state == S.CALLED_OFF:
        return
    _move(row, S.CALLED_OFF)
    audit.record("planned_release.called_off", row, by=by)


def leave_out(talk: Talk, material_ids: Collection[int]) -> int:
    """Take the materials out of the talk's plans; a plan that is empty then ends. Returns how many
    were planned. The talk is locked."""
    count = 0
    for row in waiting(talk):
        kept = [one for one in row.material_ids if one not in material_ids]
        count += len(row.material_ids) - len(kept)
        row.material_ids = kept
        if not kept:
            _move(row, S.CALLED_OFF)
    db.session.flush()
    return count


def waiting(talk: Talk) -> Sequence[PlannedRelease]:
    """What is planned for the talk, in order of time."""
    query = select(PlannedRelease).where(
        PlannedRelease.talk_id == talk.id, PlannedRelease.state == S.WAITING
    )
    return db.session.scalars(query.order_by(PlannedRelease.due_at, PlannedRelease.id)).all()


def planned() -> set[int]:
    """The ids of all materials that wait for their time."""
    query = select(PlannedRelease.material_ids).where(PlannedRelease.state == S.WAITING)
    return {one for ids in db.session.scalars(query) for one in ids}


def one_of(talk: Talk, *, plan_id: int) -> PlannedRelease:
    """The talk's plan of that number; raises `NotThere` also for another talk's."""
    row = db.session.get(PlannedRelease, plan_id)
    if row is None or row.talk_id != talk.id:
        raise NotThere("record_missing")
    return row


def due() -> list[int]:
    """The plans whose time has come, the longest first."""
    query = select(PlannedRelease.id).where(
        PlannedRelease.state == S.WAITING, PlannedRelease.due_at <= now()
    )
    return list(db.session.scalars(query.order_by(PlannedRelease.due_at, PlannedRelease.id)))


def carry_out(plan_id: int) -> None:
    """Release what is still to be released of the plan, and mail; doing so again changes nothing.

    Raises `RuleError` where something stands in the way: the caller then undoes what was begun and
    says so with `give_up`.
    """
    registrations.lock(_found(plan_id).talk)
    row = _locked(plan_id)
    if row.state != S.WAITING:
        return
    left = {material.id for material in releases.waiting(row.talk)} & set(row.material_ids)
    if left:
        releases.release(
            row.talk,
            material_ids=sorted(left),
            access=access_of(row),
            by=row.account,
            words=Words(row.subject, row.text) if row.text else None,
        )
    _move(row, S.DONE)


def give_up(plan_id: int, *, problem: str) -> None:
    """Nothing was released: `problem` is the code of what stood in the way. The office is told."""
    row = _locked(plan_id)
    if row.state != S.WAITING:
        return
    _move(row, S.FAILED)
    row.problem = problem
    mail.to_office(
        "archive_notice",
        key=f"planned-release:{row.id}",
        talk=row.talk,
        params={
            "what": "release_failed",
            "talk_id": row.talk_id,
            "problem": problem,
            "materials": list(row.material_ids),
        },
    )
    db.session.flush()


def access_of(row: PlannedRelease) -> Access:
    """For whom the plan is."""
    groups = frozenset(Grantee(group) for group in row.groups)
    return Access(groups=groups, audiences=tuple(row.audience_ids), closes_on=row.closes_on)


def _found(plan_id: int) -> PlannedRelease:
    row = db.session.get(PlannedRelease, plan_id)
    if row is None:
        raise NotThere("record_missing")
    return row


def _locked(plan_id: int) -> PlannedRelease:
    return db.session.execute(
        select(PlannedRelease)
        .where(PlannedRelease.id == plan_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _move(row: PlannedRelease, state: PlanState) -> None:
    if state not in MOVES[S(row.state)]:
        raise Conflict("release_happened")
    row.state = state
