"""The worker process: sends mail and runs jobs until it is told to stop.

Any number of workers may run at once; leases keep them apart, and `webinar.jobs.heart` renews them.
SIGTERM and SIGINT end it after the mail or the job in hand. A lost database is waited for, and so
is a relay that cannot be reached; jobs go on meanwhile.
"""

from __future__ import annotations

import gc
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from webinar.adapters.smtp import OutOfReach, Relay
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery, health, jobs, quiet_hours
from webinar.extensions import db, reading
from webinar.jobs import outbox, queue
from webinar.jobs.handlers import HANDLERS, PERIODIC
from webinar.jobs.heart import Hold, beating
from webinar.jobs.ledger import Ledger
from webinar.jobs.prepared_letters import Press

IDLE_SECONDS = 0.5
TROUBLE_SECONDS = 5.0
RELAY_SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0)
"""How long a relay that could not be reached is left alone: the first time, the second, and so on.
Each try costs one mail a pause, and all others nothing."""
HEARTBEAT = timedelta(minutes=1)
NAME = f"{socket.gethostname()[:100]}:{os.getpid()}"

log = structlog.get_logger()


def run(app: Flask, stop: threading.Event | None = None) -> None:
    """Work until `stop` is set; without one, until a signal comes."""
    if stop is None:
        stop = threading.Event()
        _stop_at_signals(stop)
        # What is there from the start is there to the end: searching it for garbage again and again
        # takes as long as sending some hundred mails.
        gc.collect()
        gc.freeze()
    log.info("worker started")
    with _working(app, stop) as worker:
        worker.run()
    log.info("worker stopped")


def run_once(app: Flask) -> None:
    """Do everything that is due at this moment, mail that comes of it included; then return."""
    with _working(app, threading.Event()) as worker:
        while worker.round():
            pass


@contextmanager
def _working(app: Flask, stop: threading.Event) -> Iterator[_Worker]:
    """A worker with all that it needs, its heart beating."""
    settings = _settings(app)
    with app.app_context(), outbox.relay_of(settings) as relay, Ledger() as ledger:
        worker = _Worker(settings, relay, outbox.Kept(Press(settings), ledger), stop)
        with beating(app, Hold(worker.token, outbox.longest(settings))):
            yield worker


@dataclass
class _Worker:
    settings: Settings
    relay: Relay
    kept: outbox.Kept
    stop: threading.Event
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    """The name under which it holds mails and a job."""
    troubled: bool = False
    """Whether it lost the database and may still hold something there."""
    misses: int = 0
    """How often in a row the relay was out of reach."""
    rests_until: float = 0
    asked: dict[str, int] = field(default_factory=dict)
    """The last slot of each periodic work that was asked for: saves a query in every round."""
    beaten: datetime | None = None

    def run(self) -> None:
        while not self.stop.is_set():
            self.wait_after(self.guarded_round())
        with suppress(SQLAlchemyError):
            health.leave(NAME)
            db.session.commit()

    def guarded_round(self) -> float:
        """A round, or the trouble of one; returns the seconds to wait."""
        try:
            self.pick_up()
            self.beat()
            return 0 if self.round() else IDLE_SECONDS
        except SQLAlchemyError:
            # Not only what the driver raises: a session that lost its connection in the middle
            # complains of itself first.
            log.exception("database trouble")
            self.troubled = True
            return TROUBLE_SECONDS
        finally:
            db.session.remove()

    def pick_up(self) -> None:
        """Hand back what was in hand when the database went away: its lease need not run out, for
        nobody but this worker could still be at it."""
        if self.troubled:
            delivery.hand_back(self.token)
            queue.hand_back(self.token)
            db.session.commit()
            self.troubled = False

    def beat(self) -> None:
        """Leave a sign of life once a minute: `/readyz` looks for it."""
        if self.beaten is None or now() - self.beaten >= HEARTBEAT:
            health.beat(NAME)
            db.session.commit()
            self.beaten = now()

    def wait_after(self, seconds: float) -> None:
        if seconds:
            self.relay.close()
            self.kept.ledger.close()
            self.stop.wait(seconds)

    def round(self) -> bool:
        """One batch of mail and one job; True where there was anything to do."""
        self.ask_for_periodic_work()
        mail_due, job_due = self.anything_due()
        sent = mail_due and self.send()
        ran = job_due and not self.stop.is_set() and self.run_job()
        return sent or ran

    def anything_due(self) -> tuple[bool, bool]:
        """Whether mail and jobs wait. Asked without SQLite's write lock: an idle worker must not
        stand in the web server's way."""
        only = quiet_hours.may_go(self.settings.mail.quiet_hours)
        with reading():
            rested = time.monotonic() >= self.rests_until
            mail_due = rested and delivery.anything_due(only=only)
            job_due = queue.anything_due()
            db.session.rollback()
        return mail_due, job_due

    def run_job(self) -> bool:
        return queue.work(self.settings, HANDLERS, owner=self.token)

    def send(self) -> bool:
        try:
            sent = outbox.work(
                self.settings,
                self.relay,
                stopped=self.stop.is_set,
                token=self.token,
                kept=self.kept,
            )
        except OutOfReach:
            pause = RELAY_SECONDS[min(self.misses, len(RELAY_SECONDS) - 1)]
            self.misses += 1
            self.rests_until = time.monotonic() + pause
            return False
        self.misses = 0
        return bool(sent)

    def ask_for_periodic_work(self) -> None:
        for name, every in PERIODIC.items():
            slot = int(now().timestamp() // every.total_seconds())
            if self.asked.get(name) != slot:
                jobs.enqueue_slot(name, slot=slot)
                db.session.commit()
                self.asked[name] = slot


def _stop_at_signals(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _settings(app: Flask) -> Settings:
    settings = app.extensions["settings"]
    assert isinstance(settings, Settings)  # noqa: S101  put there by create_app
    return settings
