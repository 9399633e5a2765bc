"""Background jobs: claimed under a lease, run, finished; tried again with growing pauses.

A claim raises the job's fence. Whoever was slower than its lease finds another fence and can
neither finish the job nor, where the handler calls `Run.keep`, write on. Jobs are asked for by
`webinar.domain.jobs`; what each name does stands in `webinar.jobs.handlers`. A job can run twice
after a crash: handlers repeat without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update

from webinar.clock import now
from webinar.config import Settings
from webinar.extensions import db
from webinar.models import Job, JobState

LEASE = timedelta(seconds=60)
HOLD = timedelta(minutes=5)
"""How long a lease is renewed (`webinar.jobs.heart`) for a handler that keeps nothing: longer than
any handler should work between two calls of `Run.keep`."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
ERROR_LENGTH = 2000

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker has the job now; nothing more may be written for it."""


@dataclass(frozen=True)
class Run:
    """One try of a job, as its handler sees it."""

    job_id: int
    fence: int
    settings: Settings

    def keep(self, *, advanced: bool = False) -> None:
        """Hold the job for another lease, in the handler's own transaction: what it commits then
        counts only while the job is still its own. Raises `LeaseLost`. `advanced`: something was
        committed since this try began. Long work is not given up because its worker is killed
        again and again, as long as each of them brings it on."""
        values: dict[str, Any] = {"lease_until": now() + LEASE}
        if not _update(self, **values, **({"attempts": 1} if advanced else {})):
            raise LeaseLost


Handler = Callable[..., None]
"""Takes the run and the job's params by name; commits its own work."""


def work(settings: Settings, handlers: Mapping[str, Handler], *, owner: str | None = None) -> bool:
    """Run the job that is due longest; False where none is due. `owner` names the worker."""
    claimed = _claim(owner)
    if claimed is None:
        return False
    name, params, attempts = claimed.name, dict(claimed.params), claimed.attempts
    run = Run(claimed.id, claimed.fence, settings)
    if attempts > len(PAUSES) + 1:
        # Each try ended with its worker: the job itself may be what kills it.
        _fail(run, attempts=attempts, error="the worker died at every try")
        return True
    try:
        handlers[name](run, **params)
        db.session.flush()
        _finish(run)
    except LeaseLost:
        db.session.rollback()
        log.warning("lease lost", job=name, job_id=run.job_id)
    except Exception as problem:
        db.session.rollback()
        log.exception("job failed", job=name, job_id=run.job_id, attempt=attempts)
        _fail(run, attempts=attempts, error=f"{type(problem).__name__}: {problem}")
    return True


def hand_back(owner: str) -> None:
    """Put the job back into the queue that the worker was running when it lost the database."""
    db.session.execute(
        update(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_owner == owner)
        .values(state=JobState.QUEUED, run_at=now(), lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def renew(owner: str, *, until: datetime) -> None:
    """Hold the worker's job until that moment; a row that its handler is writing is passed over."""
    held = (
        select(Job.id)
        .where(
            Job.state == JobState.RUNNING,
            Job.lease_owner == owner,
            Job.changed_at > now() - HOLD,
        )
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    db.session.execute(
        update(Job)
        .where(Job.id.in_(select(held.c.id)))
        .values(lease_until=until, changed_at=Job.changed_at)
        .execution_options(synchronize_session=False)
    )


def anything_due() -> bool:
    """Whether a job waits to be run; takes nothing."""
    return bool(db.session.scalar(select(select(Job.id).where(_due(now())).exists())))


def _due(moment: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Job.state == JobState.QUEUED, Job.run_at <= moment),
        and_(Job.state == JobState.RUNNING, Job.lease_until < moment),
    )


def _claim(owner: str | None = None) -> Job | None:
    """One at a time: a second job would wait behind the first while its lease runs out."""
    moment = now()
    due = (
        select(Job.id)
        .where(_due(moment))
        .order_by(Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    job = db.session.scalar(
        update(Job)
        .where(Job.id.in_(select(due.c.id)))
        .values(
            state=JobState.RUNNING,
            lease_until=moment + LEASE,
            lease_owner=owner,
            fence=Job.fence + 1,
            attempts=Job.attempts + 1,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    db.session.commit()
    return job


def _finish(run: Run) -> None:
    done = {"state": JobState.DONE, "error": "", "finished_at": now()}
    if not _update(run, **done, lease_until=None, lease_owner=None):
        raise LeaseLost
    db.session.commit()


def _fail(run: Run, *, attempts: int, error: str) -> None:
    values: dict[str, Any] = {"error": error[:ERROR_LENGTH]}
    values |= {"lease_until": None, "lease_owner": None}
    if attempts <= len(PAUSES):
        values |= {"state": JobState.QUEUED, "run_at": now() + PAUSES[attempts - 1]}
    else:
        values |= {"state": JobState.FAILED, "finished_at": now()}
    _update(run, **values)
    db.session.commit()


def _update(run: Run, **values: Any) -> bool:
    result = db.session.execute(
        update(Job)
        .where(Job.id == run.job_id, Job.fence == run.fence, Job.state == JobState.RUNNING)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return bool(result.all())
