"""What goes by itself within hours: registrations that nobody confirmed, and jobs that were done
long ago. What goes after a term of days is `webinar.jobs.retention`'s."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, delete, or_

from webinar.clock import now
from webinar.domain import lapsed_signups
from webinar.extensions import db
from webinar.jobs.queue import Run
from webinar.models import Job, JobState

DONE_JOBS_STAY = timedelta(days=30)
DONE_SLOTS_STAY = timedelta(days=1)
"""Of work that is asked for every minute nobody looks anything up later."""


def cleanup(run: Run) -> None:
    """Drop old finished jobs and lapsed registrations."""
    run.keep()
    old = Job.finished_at < now() - DONE_JOBS_STAY
    old_slot = and_(Job.key.contains("@"), Job.finished_at < now() - DONE_SLOTS_STAY)
    db.session.execute(
        delete(Job)
        .where(Job.state == JobState.DONE, or_(old, old_slot))
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    while lapsed_signups.end_next():
        db.session.commit()
        run.keep()
    db.session.commit()
