"""The worker as a whole: a mailing from the desk to the postbox, signals, and kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.jobs.relay import Postbox
from tests.lengths import length
from webinar import create_app
from webinar.clock import now
from webinar.domain import mailings
from webinar.extensions import db
from webinar.jobs import worker
from webinar.jobs.ledger import Ledger, Written
from webinar.models import (
    Contact,
    ContactImport,
    Job,
    JobState,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
)
from webinar.models.base import public_id
from webinar.rendering.wording import wording

PEOPLE = length(60, soak=200)
KILLS = length((20,), soak=(30, 120))
"""After how many mails the worker is killed."""


def sent_mailing(people: int) -> Mailing:
    """A mailing to so many people that an organiser has just sent."""
    contacts = [
        Contact(
            last_name=f"Person {number}",
            email=f"person{number}@gemeinde.example",
            name_key=f"person {number}",
            sort_key=f"person {number:04}",
            search_key="",
        )
        for number in range(people)
    ]
    db.session.add_all(contacts)
    words = wording(MailingKind.INVITATION, language="de")
    mailing = mailings.draft(
        factories.talk(),
        kind=MailingKind.INVITATION,
        by=None,
        subject=words.subject,
        text=words.text,
    )
    mailings.choose(mailing, contacts=[contact.id for contact in contacts])
    mailings.send(mailing, by=None)
    db.session.commit()
    return mailing


def states() -> Counter[str]:
    """How many mails are in each state; asked without holding SQLite's lock any longer."""
    db.session.rollback()
    found = Counter(db.session.scalars(select(Mail.state)))
    db.session.rollback()
    return found


def wait_for(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "nothing happened for too long"
        time.sleep(0.05)


def test_worker_sends_a_mailing_to_the_end(app: Flask, box: Postbox) -> None:
    mailing = sent_mailing(3)
    worker.run_once(app)
    assert states() == {MailState.SENT: 3}
    db.session.refresh(mailing)
    assert mailing.state == MailingState.EXPANDED
    assert mailings.progress(mailing).finished
    assert sorted(box.recipients) == [f"person{number}@gemeinde.example" for number in range(3)]
    assert "Einladung" in str(box.message("person0@gemeinde.example")["Subject"])


def test_worker_with_nothing_to_do_returns(app: Flask, box: Postbox) -> None:
    worker.run_once(app)
    worker.run_once(app)
    assert box.taken == []


def test_worker_drops_stale_uploads_and_old_jobs(app: Flask, box: Postbox) -> None:
    account = factories.account()
    factories.save(
        ContactImport(
            public_id=public_id(),
            account_id=account.id,
            file_name="kontakte.csv",
            content=b"Name",
            created_at=now() - timedelta(days=2),
        )
    )
    old = {"state": JobState.DONE, "finished_at": now() - timedelta(days=31)}
    factories.save(Job(name="expand_mailing", key="old", **old))
    factories.save(Job(name="expand_mailing", key="failed", state=JobState.FAILED))
    worker.run_once(app)
    db.session.rollback()
    assert db.session.scalars(select(ContactImport)).all() == []
    keys = set(db.session.scalars(select(Job.key)))
    assert "old" not in keys
    assert "failed" in keys


def test_worker_drops_bodies_after_their_term(app: Flask, box: Postbox) -> None:
    sent_mailing(2)
    worker.run_once(app)
    first = db.session.scalars(select(Mail.id).order_by(Mail.id)).first()
    long_ago = now() - timedelta(days=91)
    db.session.execute(update(Mail).where(Mail.id == first).values(changed_at=long_ago))
    db.session.execute(update(Job).values(key=Job.key + "-before"))
    db.session.commit()
    worker.run_once(app)
    db.session.rollback()
    kept = db.session.scalars(select(Mail.content.is_not(None)).order_by(Mail.id)).all()
    assert kept == [False, True]


def test_worker_goes_on_with_jobs_while_the_relay_is_away(
    app: Flask, environ: dict[str, str]
) -> None:
    away = create_app({**environ, "WEBINAR_MAIL_PORT": "1", "WEBINAR_MAIL_HOST": "127.0.0.1"})
    mailing = sent_mailing(3)
    worker.run_once(away)
    assert states() == {MailState.RETRY: 1, MailState.QUEUED: 2}
    db.session.refresh(mailing)
    assert mailing.state == MailingState.EXPANDED
    assert set(db.session.scalars(select(Job.state))) == {JobState.DONE}


@pytest.mark.parametrize("pipelines", [False, True])
def test_worker_takes_up_at_once_what_it_held_when_it_lost_the_database(
    app: Flask, box: Postbox, monkeypatch: pytest.MonkeyPatch, pipelines: bool
) -> None:
    box.pipelines = pipelines
    sent_mailing(3)
    monkeypatch.setattr(worker, "TROUBLE_SECONDS", 0.1)
    lost: list[str] = []
    real = Ledger.begin

    def lose(ledger: Ledger, mail: Mail, *, token: str, later: Written | None) -> None:
        """Once, after the first mail is with the relay and before that is kept."""
        if not lost:
            lost.append(mail.recipient)
            raise OperationalError("UPDATE", None, Exception("server closed the connection"))
        real(ledger, mail, token=token, later=later)

    monkeypatch.setattr(Ledger, "begin", lose)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(app, stop))
    thread.start()
    wait_for(lambda: states() == {MailState.SENT: 3})
    stop.set()
    thread.join(timeout=60)
    # The one in doubt goes out once more; the others were never on their way.
    assert len(lost) == 1
    assert Counter(box.recipients) == Counter([*set(box.recipients), *lost])


def test_worker_stops_when_it_is_told_and_lets_the_database_go(app: Flask, box: Postbox) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(app, stop))
    sent_mailing(2)
    thread.start()
    wait_for(lambda: len(box.taken) == 2)
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert states() == {MailState.SENT: 2}


@contextmanager
def process(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of its own, as operators start it."""
    running = subprocess.Popen(
        [sys.executable, "-m", "webinar.cli", "worker"],
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def let_leases_end() -> None:
    """What time does: the dead worker's leases run out."""
    db.session.rollback()
    past = now() - timedelta(seconds=1)
    for table in (Mail, Job):
        db.session.execute(
            update(table).where(table.lease_until.is_not(None)).values(lease_until=past)
        )
    db.session.commit()


@pytest.mark.kill
@pytest.mark.deep
@pytest.mark.parametrize("pipelines", [pytest.param(False, marks=pytest.mark.soak), True])
def test_killed_worker_loses_nothing_and_doubles_at_most_the_mail_in_hand(
    app: Flask, environ: dict[str, str], box: Postbox, pipelines: bool
) -> None:
    box.pipelines = pipelines
    mailing = sent_mailing(PEOPLE)
    for kill_after in KILLS:
        with process(environ) as running:
            wait_for(lambda mark=kill_after: len(box.taken) >= mark)  # type: ignore[misc]
            running.kill()
            running.wait()
        let_leases_end()
    with process(environ) as running:
        wait_for(lambda: states() == {MailState.SENT: PEOPLE})
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 0
    letters = Counter(box.recipients)
    assert len(letters) == PEOPLE
    assert sum(letters.values()) - PEOPLE <= len(KILLS)
    identities = {(to, message_from_bytes(content)["Message-ID"]) for to, content in box.taken}
    assert len(identities) == PEOPLE
    assert mailings.progress(mailing).states == {MailState.SENT: PEOPLE}


@pytest.mark.race
@pytest.mark.deep
def test_workers_side_by_side_send_each_mail_once(
    app: Flask, environ: dict[str, str], box: Postbox
) -> None:
    sent_mailing(PEOPLE)
    with process(environ), process(environ):
        wait_for(lambda: states() == {MailState.SENT: PEOPLE})
    assert len(box.taken) == len(set(box.recipients)) == PEOPLE
