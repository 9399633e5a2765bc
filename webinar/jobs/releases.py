"""What the archive does by its own clock: releases that were planned, and the warning a week before
files go."""

from __future__ import annotations

import structlog

from webinar.domain import deletions, release_plans
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs.queue import Run

log = structlog.get_logger()


def release_planned(run: Run) -> None:
    """Release what is due, each plan in a transaction of its own. What stands in the way is told to
    the office and tried no more."""
    for plan_id in release_plans.due():
        run.keep()
        try:
            release_plans.carry_out(plan_id)
        except RuleError as error:
            db.session.rollback()
            log.warning("planned release given up", plan=plan_id, code=error.code)
            run.keep()
            release_plans.give_up(plan_id, problem=error.code)
        db.session.commit()


def warn_of_deletion(run: Run) -> None:
    """Tell the office what is deleted within a week, once for each day that was set."""
    run.keep()
    deletions.warn()
    db.session.commit()
