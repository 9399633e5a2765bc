"""Sending: invitations from the outbox to a relay, by workers as operators start them.

Text, HTML and calendar, of about 13 kB. The ceiling of one worker is a loop of bare smtplib that
sends the same bytes, ready in memory, over one connection to the same sink. The ceiling of two
workers is one, beside a sink that takes its time.
"""

from __future__ import annotations

import os
import signal
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, func, insert, select

from bench import rows, sinks
from bench.client import Measured
from bench.databases import settings
from bench.servers import ROOT
from webinar import create_app
from webinar.clock import now
from webinar.extensions import db
from webinar.jobs.outbox import BATCH
from webinar.models import (
    Contact,
    Invitation,
    Link,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
    Purpose,
)
from webinar.models.base import public_id

LATE = 0.02
"""Seconds until the slow sink answers."""
_PATIENCE = 1800.0


@dataclass
class Outbox:
    """People who are invited to one talk, and the mails to them."""

    app: Flask
    environ: dict[str, str]
    talk_id: int
    mailing_id: int
    memory: dict[str, float] = field(default_factory=dict)
    """By the number of mails: the most that a worker held, in MiB."""

    def send(self, count: int, *, port: int, workers: int = 1) -> float:
        """Have so many invitations sent; returns the rate without the first and the last batch of
        each worker: those are sent while others have not begun, or have nothing left."""
        with self.app.app_context():
            self._queue(count)
        with ExitStack() as stack:
            running = [stack.enter_context(_worker(self.environ, port)) for _ in range(workers)]
            self._wait(count)
            most = max(_most_memory(process) for process in running)
        self.memory[str(count)] = round(most, 1)
        with self.app.app_context():
            moments = db.session.scalars(
                select(Mail.sent_at).where(Mail.state == MailState.SENT).order_by(Mail.sent_at)
            ).all()
            db.session.rollback()
        edge = workers * BATCH
        begun, ended = moments[edge - 1], moments[count - edge - 1]
        assert begun is not None
        assert ended is not None
        return (count - 2 * edge) / (ended - begun).total_seconds()

    def _queue(self, count: int) -> None:
        db.session.execute(delete(Mail))
        people = db.session.execute(
            select(Contact.id, Contact.email)
            .join(Invitation, Invitation.contact_id == Contact.id)
            .where(Invitation.talk_id == self.talk_id)
            .order_by(Contact.id)
            .limit(count)
        )
        mails = [
            {
                "public_id": public_id(),
                "key": f"mailing:{contact_id}",
                "template": "invitation",
                "recipient": email,
                "contact_id": contact_id,
                "talk_id": self.talk_id,
                "mailing_id": self.mailing_id,
            }
            for contact_id, email in people
        ]
        assert len(mails) == count
        db.session.execute(insert(Mail), mails)
        db.session.commit()

    def _wait(self, count: int) -> None:
        ends = time.monotonic() + _PATIENCE
        with self.app.app_context():
            while self._sent() < count:
                assert time.monotonic() < ends, "the workers did not send everything"
                time.sleep(0.5)

    def _sent(self) -> int:
        found = db.session.scalar(select(func.count(Mail.id)).where(Mail.state == MailState.SENT))
        db.session.rollback()
        return found or 0

    def contents(self) -> Sequence[tuple[str, bytes]]:
        """The bytes that were sent, each with its recipient."""
        with self.app.app_context():
            found = db.session.execute(select(Mail.recipient, Mail.content).order_by(Mail.id))
            made = [(recipient, content) for recipient, content in found if content is not None]
            db.session.rollback()
        return made


@dataclass(frozen=True)
class OneWorker:
    """One worker, then bare smtplib; the warming round is a tenth, to compare the memory."""

    outbox: Outbox
    port: int
    size: int
    bytes: list[int] = field(default_factory=list)

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        count = self.size if number else max(self.size // 10, 3 * BATCH)
        rate = self.outbox.send(count, port=self.port)
        contents = self.outbox.contents()
        self.bytes[:] = [len(content) for _recipient, content in contents]
        return Measured(rate), Measured(_bare(contents, self.port))

    def told(self) -> dict[str, object]:
        """What was measured besides."""
        mean = round(statistics.mean(self.bytes))
        return {"mean_bytes": mean, "peak_memory_mib": self.outbox.memory}


@dataclass(frozen=True)
class TwoWorkers:
    """Two workers, then one."""

    outbox: Outbox
    port: int
    size: int

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        two, one = (
            self.outbox.send(self.size, port=self.port, workers=workers) for workers in (2, 1)
        )
        return Measured(two), Measured(one)

    def told(self) -> dict[str, object]:
        """What was measured besides."""
        return {"sink_answers_after_milliseconds": LATE * 1000}


@contextmanager
def sending(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[OneWorker]:  # noqa: ARG001
    """Invitations to smtp-sink by one worker. Ceiling: smtplib with ready bytes."""
    with sinks.quick() as port:
        yield OneWorker(_outbox(settings(database, folder), size), port, size)


@contextmanager
def two_workers(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[TwoWorkers]:  # noqa: ARG001
    """Invitations to a relay that takes its time, by two workers. Ceiling: by one."""
    with sinks.slow(LATE) as port:
        yield TwoWorkers(_outbox(settings(database, folder), size), port, size)


def _outbox(environ: dict[str, str], people: int) -> Outbox:
    talk_id = rows.invited(environ, talks=1, people=people)[0].talk_id
    app = create_app(environ)
    with app.app_context():
        people_ids = sorted(db.session.scalars(select(Contact.id)))
        db.session.add_all(
            Link(purpose=Purpose.UNSUBSCRIBE, contact_id=contact_id) for contact_id in people_ids
        )
        mailing = Mailing(
            talk_id=talk_id,
            kind=MailingKind.INVITATION,
            state=MailingState.EXPANDED,
            sent_at=now(),
            selection={"recipients": people_ids},
        )
        db.session.add(mailing)
        db.session.commit()
        mailing_id = mailing.id
    return Outbox(app, environ, talk_id, mailing_id)


@contextmanager
def _worker(environ: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as operators start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "webinar.cli", "worker"],
        cwd=ROOT,
        env={
            **os.environ,
            **environ,
            "WEBINAR_MAIL_HOST": "127.0.0.1",
            "WEBINAR_MAIL_PORT": str(port),
            "WEBINAR_MAIL_SECURITY": "none",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _most_memory(process: subprocess.Popen[bytes]) -> float:
    """The most that the process ever held in memory, in MiB."""
    for line in Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the worker is gone")


def _bare(contents: Sequence[tuple[str, bytes]], port: int) -> float:
    """The rate of bare smtplib over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as relay:
        relay.ehlo()
        begun = time.perf_counter()
        for recipient, content in contents:
            relay.sendmail("after-work-wissen@lra.example", [recipient], content)
        return len(contents) / (time.perf_counter() - begun)
