"""Reminders by a real worker: asked for every minute, and kill -9 in the middle of writing them."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select

from tests import factories
from tests.jobs.processes import die, died
from tests.jobs.relay import Postbox
from tests.jobs.test_worker import let_leases_end, process, wait_for
from tests.lengths import length
from webinar.clock import frozen, now
from webinar.domain import reminders
from webinar.extensions import db, reading
from webinar.jobs import worker
from webinar.models import (
    Contact,
    Job,
    JobState,
    Mail,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Reminded,
    Reminder,
    Talk,
)

PEOPLE = length(300, soak=600)
KILLS = length((1, 101), soak=(1, 101, 350, 600))
"""At which written mail the worker dies: before the commit of the batch that holds it."""


def full_talk(people: int) -> Talk:
    """A talk that begins in half an hour; its people came long ago, and an hour before is due."""
    talk = factories.talk(
        starts_at=now() + timedelta(minutes=30), published_at=now() - timedelta(days=3)
    )
    before = now() - timedelta(days=2)
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
    db.session.flush()
    for contact in contacts:
        place = {"state": RegistrationState.CONFIRMED, "mode": Mode.ONLINE}
        db.session.add(
            Registration(
                talk=talk, contact=contact, confirmed_at=before, created_at=before, **place
            )
        )
    db.session.add(Reminder(talk=talk, reminded=Reminded.COMING, minutes=60))
    db.session.commit()
    return talk


def written() -> int:
    db.session.rollback()
    with reading():  # a look must not hold the worker up
        count = db.session.scalar(select(func.count(Mail.id)))
        db.session.rollback()
    return count or 0


def done() -> bool:
    db.session.rollback()
    moment = db.session.scalar(select(Reminder.done_for))
    db.session.rollback()
    return moment is not None


def test_worker_reminds_when_the_minute_comes(app: Flask, box: Postbox) -> None:
    talk = full_talk(2)
    with frozen(talk.starts_at - timedelta(hours=2)):
        worker.run_once(app)
        assert box.taken == []
    with frozen(talk.starts_at - timedelta(hours=1)):
        worker.run_once(app)
    with frozen(talk.starts_at - timedelta(minutes=58)):
        worker.run_once(app)
    assert sorted(box.recipients) == ["person0@gemeinde.example", "person1@gemeinde.example"]
    assert "Erinnerung" in str(box.message("person0@gemeinde.example")["Subject"])


def test_reminder_that_waits_is_asked_for_once(app: Flask, box: Postbox) -> None:
    full_talk(1)
    for _ in range(2):
        worker.run_once(app)
    db.session.rollback()
    (job,) = db.session.scalars(select(Job).where(Job.name == "remind"))
    assert job.state == JobState.DONE


def test_answers_wait_for_one_batch_only() -> None:
    assert reminders.BATCH <= 100


@pytest.mark.kill
@pytest.mark.deep
def test_killed_worker_reminds_everybody_exactly_once(
    app: Flask, environ: dict[str, str], box: Postbox
) -> None:
    full_talk(PEOPLE)
    for mark in KILLS:
        assert killed_at(app, mark)
        assert written() == (mark - 1) // reminders.BATCH * reminders.BATCH
        let_leases_end()
    with process(environ):
        wait_for(lambda: done() and _sent() == PEOPLE)
        time.sleep(1)
    keys = Counter(mail_key.rpartition(":")[2] for mail_key in db.session.scalars(select(Mail.key)))
    assert len(keys) == PEOPLE == sum(keys.values())
    letters = Counter(box.recipients)
    assert len(letters) == PEOPLE
    assert sum(letters.values()) == PEOPLE


def killed_at(app: Flask, mark: int) -> bool:
    """Whether a worker died as it was about to keep that many mails."""

    def look(connection: Connection) -> None:
        if connection.scalar(select(func.count(Mail.id))) >= mark:
            die()

    def work_to_the_end() -> None:
        event.listen(db.engine, "commit", look)
        worker.run_once(app)

    return died(work_to_the_end)


def _sent() -> int:
    db.session.rollback()
    count = db.session.scalar(select(func.count(Mail.id)).where(Mail.state == MailState.SENT))
    db.session.rollback()
    return count or 0
