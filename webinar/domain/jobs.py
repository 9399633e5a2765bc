"""Asking for background work: a row, written in the transaction that causes it.

Claiming and running are `webinar.jobs`'; this module only leaves the note.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from webinar.clock import now
from webinar.domain.rows import find_or_add
from webinar.extensions import db
from webinar.models import Job, JobState


def enqueue(name: str, *, key: str, at: datetime | None = None, **params: Any) -> Job:
    """Ask for the work once per key; a key that was done or has failed is asked for anew."""
    job = find_or_add(
        select(Job).where(Job.key == key).with_for_update(),
        lambda: Job(name=name, key=key, state=JobState.DONE),
    )
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        return job
    job.params = params
    job.state = JobState.QUEUED
    job.run_at = at or now()
    job.attempts = 0
    job.error = ""
    job.finished_at = None
    db.session.flush()
    return job


def enqueue_slot(name: str, *, slot: int) -> None:
    """Ask for periodic work, once per slot of time however many workers ask; what ran in its slot
    does not run again in it."""
    key = f"{name}@{slot}"
    find_or_add(
        select(Job).where(Job.key == key), lambda: Job(name=name, key=key, state=JobState.QUEUED)
    )
