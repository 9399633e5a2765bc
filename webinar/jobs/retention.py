"""Retention by itself, every hour: batch by batch, each committed. Cut off, it goes on at the next
run; run twice, it finds nothing left. What goes when is `domain.retention`'s."""

from __future__ import annotations

import structlog

from webinar.domain.retention import Round
from webinar.domain.retention_terms import in_force
from webinar.extensions import db
from webinar.jobs.queue import Run

log = structlog.get_logger()


def retain(run: Run) -> None:
    """Let go of everything whose term is over."""
    round_ = Round(in_force(run.settings))
    going = True
    while going:
        run.keep(advanced=bool(round_.counts))
        going = round_.step()
        db.session.commit()
    if round_.counts:
        log.info("data let go on schedule", **round_.counts)
