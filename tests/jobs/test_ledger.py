"""The end of each mail is kept, and kept before the next one leaves."""

from __future__ import annotations

import threading
from contextvars import copy_context
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.jobs.relay import Postbox
from webinar.clock import frozen, now
from webinar.config import Settings
from webinar.domain import delivery, mail
from webinar.extensions import db
from webinar.jobs import outbox
from webinar.jobs.ledger import Ledger, Written
from webinar.models import Contact, Mail, MailState, Talk


def claimed(count: int = 1) -> tuple[str, list[Mail]]:
    """So many mails that a worker is about to send."""
    talk = factories.talk()
    for _ in range(count):
        queued(talk)
    token, mails = delivery.claim(count=count, until=now() + timedelta(minutes=10))
    db.session.commit()
    return token, mails


def queued(talk: Talk) -> Contact:
    contact = factories.contact()
    factories.invitation(talk, contact)
    mail.to_contact("invitation", contact, key=f"test:{contact.id}", talk=talk)
    db.session.commit()
    return contact


def test_end_is_kept_with_its_moment(app: Flask) -> None:
    token, (row,) = claimed()
    moment = now().replace(microsecond=123456)
    row.attempts, row.reply = 2, "450 later"
    db.session.commit()
    with Ledger() as ledger, frozen(moment):
        ledger.begin(row, token=token)
        ledger.wait()
        ledger.wait()
    db.session.rollback()
    db.session.refresh(row)
    assert (row.state, row.attempts, row.sent_at, row.reply) == (MailState.SENT, 3, moment, "")
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert row.changed_at == moment


def test_one_ledger_keeps_many(app: Flask) -> None:
    token, rows = claimed(3)
    with Ledger() as ledger:
        for row in rows:
            ledger.begin(row, token=token)
        ledger.wait()
        ledger.close()
        ledger.wait()
    db.session.rollback()
    for row in rows:
        db.session.refresh(row)
        assert row.state == MailState.SENT


def test_bytes_of_a_later_mail_are_kept_with_the_end(app: Flask) -> None:
    token, rows = claimed(4)
    with Ledger() as ledger:
        ledger.begin(rows[0], token=token, later=Written(rows[1].id, b"\x00\xff later"))
        assert ledger.wait() == rows[1].id
        assert ledger.wait() is None
        rows[3].lease_owner = "another"
        db.session.commit()
        ledger.begin(rows[2], token=token, later=Written(rows[3].id, b"not ours"))
        assert ledger.wait() is None
    db.session.rollback()
    for row in rows:
        db.session.refresh(row)
    assert [row.state for row in rows] == [MailState.SENT, MailState.SENDING] * 2
    assert [row.content for row in rows] == [None, b"\x00\xff later", None, None]


def test_who_waits_for_the_disk_lets_other_threads_run(app: Flask) -> None:
    """The row can be held by the thread that renews the leases."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("nothing is waited for")
    token, (row,) = claimed()
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        with db.engine.begin() as connection:
            connection.execute(text("SELECT id FROM mails FOR UPDATE"))
            held.set()
            begun.wait(60)

    thread = threading.Thread(target=copy_context().run, args=(hold,))
    thread.start()
    assert held.wait(60)
    with Ledger() as ledger:
        ledger.begin(row, token=token)
        begun.set()
        ledger.wait()
    thread.join(60)
    db.session.refresh(row)
    assert row.state == MailState.SENT


def test_lost_lease_keeps_nothing(app: Flask) -> None:
    _token, (row,) = claimed()
    with Ledger() as ledger:
        ledger.begin(row, token="another")
        ledger.wait()
    db.session.rollback()
    db.session.refresh(row)
    assert (row.state, row.sent_at) == (MailState.SENDING, None)


def test_lost_database_is_told_and_found_again(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("a file is not lost")
    token, rows = claimed(2)
    with Ledger() as ledger:
        ledger.begin(rows[0], token=token)
        ledger.wait()
        connection = ledger._connection
        assert connection is not None
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        pid = driver.info.backend_pid
        db.session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        db.session.commit()
        with pytest.raises(OperationalError):  # noqa: PT012  which of the two notices it first
            ledger.begin(rows[1], token=token)
            ledger.wait()
        ledger.begin(rows[1], token=token)
        ledger.wait()
    db.session.refresh(rows[1])
    assert rows[1].state == MailState.SENT


@pytest.mark.parametrize("pipelines", [False, True])
def test_mail_leaves_only_once_the_end_of_the_one_before_is_kept(
    app: Flask, box: Postbox, pipelines: bool
) -> None:
    talk = factories.talk()
    people = [queued(talk) for _ in range(12)]
    box.pipelines = pipelines
    kept: list[int] = []
    url = db.engine.url.render_as_string(hide_password=False)

    def look(recipient: str) -> None:
        kept.append(sent_by_now(url))

    box.at_content = look
    settings: Settings = app.extensions["settings"]
    with outbox.relay_of(settings) as relay:
        assert outbox.work(settings, relay) == len(people)
    assert kept == list(range(len(people)))
    assert len(box.sessions) == 1


def sent_by_now(url: str) -> int:
    """How many mails another connection sees as sent."""
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM mails WHERE state = 'sent'"))
        count = int(found.scalar_one())
    engine.dispose()
    return count
