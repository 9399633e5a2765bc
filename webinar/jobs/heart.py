"""Renews what a worker holds while it works, so that a lease can be short.

A worker that was killed renews nothing, and what it held is free within a lease; one that waits
minutes for a slow relay keeps its mails. Who is stuck does not hold on for ever: mails and jobs are
renewed only for so long after they were last touched (`Hold`). A thread of its own, since the
worker's waits; it never waits for a row that the worker is writing. Used by `webinar.jobs.worker`;
the leases are `webinar.domain.delivery`'s and `webinar.jobs.queue`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from webinar.clock import now
from webinar.domain import delivery
from webinar.extensions import db
from webinar.jobs import queue

LEASE = timedelta(seconds=60)
"""How long what a dead worker held is kept from the others."""
BEAT = LEASE / 4

log = structlog.get_logger()


@dataclass(frozen=True)
class Hold:
    """The name under which a worker holds mails and a job, and how long a mail may be held at most
    after it was claimed or written."""

    token: str
    mail: timedelta


@contextmanager
def beating(app: Flask, hold: Hold) -> Iterator[None]:
    """Inside the block what is held under that name is renewed."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(app, hold, stop), name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(BEAT.total_seconds())


def _beat(app: Flask, hold: Hold, stop: threading.Event) -> None:
    with app.app_context():
        while not stop.wait(BEAT.total_seconds()):
            try:
                renew(hold)
            except SQLAlchemyError:
                # The worker meets the same trouble and deals with it; a lease bears some misses.
                log.warning("lease not renewed", exc_info=True)
            finally:
                db.session.remove()


def renew(hold: Hold) -> None:
    """Hold what is held for another lease; commits."""
    moment = now()
    delivery.renew(hold.token, until=moment + LEASE, since=moment - hold.mail)
    queue.renew(hold.token, until=moment + LEASE)
    db.session.commit()
