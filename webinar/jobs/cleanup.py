"""What goes by itself: what nobody confirmed (uploads, registrations), jobs that were done long
ago, and the bodies of mails after their term."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, delete, or_

from webinar.clock import now
from webinar.domain import contact_imports, lapsed_signups, mail_bodies
from webinar.extensions import db
from webinar.jobs.queue import Run
from webinar.models import Job, JobState

DONE_JOBS_STAY = timedelta(days=30)
DONE_SLOTS_STAY = timedelta(days=1)
"""Of work that is asked for every minute nobody looks anything up later."""


def cleanup(run: Run) -> None:
    """Drop stale imports, old finished jobs and lapsed registrations."""
    run.keep()
    contact_imports.drop_stale()
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


def forget_bodies(run: Run) -> None:
    """Drop what mails said whose term is over, batch by batch."""
    before = now() - timedelta(days=run.settings.mail.bodies_days)
    last: int | None = 0
    while last is not None:
        run.keep()
        last = mail_bodies.drop_next(before=before, after_id=last)
        db.session.commit()
