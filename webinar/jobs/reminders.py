"""Asking every minute which reminders are due, and writing their mails batch by batch."""

from __future__ import annotations

from webinar.domain import jobs, reminders
from webinar.extensions import db
from webinar.jobs.queue import Run


def ask_for_reminders(run: Run) -> None:
    """Leave a job for each step that is due; one that waits or runs is asked for once."""
    run.keep()
    for reminder in reminders.due():
        jobs.enqueue("remind", key=f"remind:{reminder.id}", reminder_id=reminder.id)
    db.session.commit()


def remind(run: Run, *, reminder_id: int) -> None:
    """Write the mails of the step; each batch is one transaction and holds the lease."""
    finished = False
    while not finished:
        run.keep()
        finished = reminders.remind(reminder_id)
        db.session.commit()
