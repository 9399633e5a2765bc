"""What goes by itself: uploads that nobody confirmed, and jobs that were done long ago."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from webinar.clock import now
from webinar.domain import contact_imports
from webinar.extensions import db
from webinar.jobs.queue import Run
from webinar.models import Job, JobState

DONE_JOBS_STAY = timedelta(days=30)


def cleanup(run: Run) -> None:
    """Drop stale imports and old finished jobs."""
    run.keep()
    contact_imports.drop_stale()
    db.session.execute(
        delete(Job)
        .where(Job.state == JobState.DONE, Job.finished_at < now() - DONE_JOBS_STAY)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
