"""Jobs: claimed once, tried again with pauses, fenced; periodic work once in its slot."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from webinar.clock import frozen, now
from webinar.config import Settings
from webinar.domain import jobs
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.queue import LeaseLost, Run
from webinar.models import Job, JobState


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def work(app: Flask, handler: queue.Handler) -> bool:
    db.session.commit()
    return queue.work(settings_of(app), {"count": handler})


def only_job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job).execution_options(populate_existing=True)).one()


def broken(run: Run, **_params: object) -> None:
    raise ValueError("no such file")


def test_job_runs_once_with_its_params(app: Flask) -> None:
    jobs.enqueue("count", key="count:1", number=3)
    seen: list[tuple[int, int]] = []

    def handler(run: Run, *, number: int) -> None:
        seen.append((run.fence, number))

    assert work(app, handler)
    assert not work(app, handler)
    assert seen == [(1, 3)]
    job = only_job()
    assert (job.state, job.attempts, job.lease_until) == (JobState.DONE, 1, None)
    assert job.finished_at is not None


def test_job_waits_for_its_time(app: Flask) -> None:
    jobs.enqueue("count", key="count:1", at=now() + timedelta(minutes=1))
    assert not work(app, broken)


def test_failure_is_tried_again_with_growing_pauses_then_kept(app: Flask) -> None:
    moment = now()
    with frozen(moment):
        jobs.enqueue("count", key="count:1")
    pauses = []
    for _ in range(5):
        with frozen(moment):
            assert work(app, broken)
        job = only_job()
        assert (job.state, job.error) == (JobState.QUEUED, "ValueError: no such file")
        pauses.append((job.run_at - moment).total_seconds() / 60)
        moment = job.run_at
    assert pauses == [1, 5, 15, 60, 240]
    with frozen(moment):
        work(app, broken)
    assert only_job().state == JobState.FAILED


def test_failure_writes_nothing_of_the_handler(app: Flask) -> None:
    def half(run: Run) -> None:
        jobs.enqueue("count", key="other")
        db.session.flush()
        raise ValueError

    jobs.enqueue("count", key="count:1")
    work(app, half)
    assert only_job().key == "count:1"


def test_unknown_job_is_a_failure_not_an_end(app: Flask) -> None:
    jobs.enqueue("unheard of", key="x")
    assert work(app, broken)
    assert only_job().error == "KeyError: 'unheard of'"


def test_job_of_a_dead_worker_is_run_again_after_the_lease(app: Flask) -> None:
    jobs.enqueue("count", key="count:1")
    db.session.commit()
    start = now()
    seen: list[int] = []
    with frozen(start):
        queue._claim()
        assert not work(app, lambda run: seen.append(run.fence))
    with frozen(start + queue.LEASE + timedelta(seconds=1)):
        assert work(app, lambda run: seen.append(run.fence))
    assert seen == [2]
    assert only_job().state == JobState.DONE


def test_job_of_a_worker_that_lost_the_database_goes_back_at_once(app: Flask) -> None:
    for number in range(2):
        jobs.enqueue("count", key=f"count:{number}")
    db.session.commit()
    mine, other = queue._claim("mine"), queue._claim("other")
    assert mine is not None
    assert other is not None
    queue.hand_back("mine")
    db.session.commit()
    seen: list[int] = []
    while work(app, lambda run: seen.append(run.job_id)):
        pass
    assert seen == [mine.id]


def test_job_that_kills_its_worker_ends_in_failure(app: Flask) -> None:
    jobs.enqueue("count", key="count:1")
    db.session.commit()
    moment = now()
    for _ in range(6):
        with frozen(moment):
            assert queue._claim() is not None
        moment += queue.LEASE + timedelta(seconds=1)
    with frozen(moment):
        assert work(app, broken)
    job = only_job()
    assert (job.state, job.error) == (JobState.FAILED, "the worker died at every try")


def test_job_that_each_dead_worker_brought_on_is_not_given_up(app: Flask) -> None:
    jobs.enqueue("count", key="count:1")
    db.session.commit()
    moment = now()
    for _ in range(20):
        with frozen(moment):
            job = queue._claim()
            assert job is not None
            Run(job.id, job.fence, settings_of(app)).keep(advanced=True)
            db.session.commit()
        moment += queue.LEASE + timedelta(seconds=1)
    with frozen(moment):
        assert work(app, lambda run: run.keep())
    assert only_job().state == JobState.DONE


def test_late_worker_neither_writes_on_nor_finishes(app: Flask) -> None:
    """The second worker takes the job over while the first is still at it."""
    start = now()
    written: list[str] = []

    def slow(run: Run) -> None:
        with frozen(start + queue.LEASE + timedelta(seconds=1)):
            written.append("first")
            queue._claim()
            run.keep()
            written.append("never")

    with frozen(start):
        jobs.enqueue("count", key="count:1")
        work(app, slow)
    assert written == ["first"]
    job = only_job()
    assert (job.state, job.fence) == (JobState.RUNNING, 2)


def test_keep_holds_the_job_for_another_lease(app: Flask) -> None:
    jobs.enqueue("count", key="count:1")
    db.session.commit()
    start = now()
    with frozen(start):
        job = queue._claim()
    assert job is not None
    run = Run(job.id, job.fence, settings_of(app))
    with frozen(start + queue.LEASE / 2):
        run.keep()
        db.session.commit()
    with frozen(start + queue.LEASE + timedelta(seconds=1)):
        assert queue._claim() is None
        run.keep()
    with pytest.raises(LeaseLost):
        Run(job.id, job.fence + 1, settings_of(app)).keep()


def test_lease_is_renewed_for_so_long_after_the_last_keep(app: Flask) -> None:
    jobs.enqueue("count", key="count:1")
    db.session.commit()
    start = now()
    with frozen(start):
        job = queue._claim("worker")
    assert job is not None

    def renewed_at(moment: datetime, owner: str) -> datetime | None:
        with frozen(moment):
            queue.renew(owner, until=moment + queue.LEASE)
            db.session.commit()
        return only_job().lease_until

    late = start + queue.HOLD - timedelta(seconds=1)
    assert renewed_at(late, "another") == start + queue.LEASE
    assert renewed_at(late, "worker") == late + queue.LEASE
    assert renewed_at(start + queue.HOLD, "worker") == late + queue.LEASE
    with frozen(late):
        Run(job.id, job.fence, settings_of(app)).keep()
        db.session.commit()
    assert renewed_at(start + queue.HOLD, "worker") == start + queue.HOLD + queue.LEASE


def test_periodic_work_runs_once_in_its_slot(app: Flask) -> None:
    seen: list[int] = []
    for slot in (7, 7, 8):
        jobs.enqueue_slot("count", slot=slot)
        while work(app, lambda run: seen.append(run.job_id)):
            pass
    assert len(seen) == 2
    keys = set(db.session.scalars(select(Job.key)))
    assert keys == {"count@7", "count@8"}
