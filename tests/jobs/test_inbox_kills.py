"""`kill -9` of the worker that reads the mailbox of a real Dovecot: each answer counts once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests import factories
from tests.adapters.inbox.forms import MAYOR, SERVER, UID, event, single
from tests.conftest import ENVIRON
from tests.jobs import dovecot
from tests.jobs.dovecot import PASSWORD, USER, Server
from tests.jobs.processes import Program, wait_for
from tests.lengths import length
from tests.ports import free_port
from webinar.adapters.inbox import imap
from webinar.clock import now
from webinar.extensions import db
from webinar.models import (
    Answer,
    CalendarReply,
    InboxMessage,
    InboxState,
    Invitation,
    Job,
    JobState,
    Mail,
    Registration,
    RegistrationState,
)

PEOPLE = length(20, soak=60)
KILLS = length(1, soak=3)

pytestmark = [
    pytest.mark.kill,
    pytest.mark.deep,
    pytest.mark.skipif(not dovecot.BINARY, reason=dovecot.MISSING),
]


@pytest.fixture
def server() -> Iterator[Server]:
    with dovecot.running() as found:
        yield found


@pytest.fixture
def environ(database_url: str, tmp_path: Path, server: Server) -> dict[str, str]:
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
        "WEBINAR_MAIL_HOST": "127.0.0.1",
        "WEBINAR_MAIL_PORT": str(free_port()),  # nobody listens: what is to be sent stays
        "WEBINAR_INBOX_MODE": "imap",
        "WEBINAR_INBOX_HOST": "localhost",
        "WEBINAR_INBOX_PORT": str(server.tls_port),
        "WEBINAR_INBOX_CA_FILE": str(server.certificate),
        "WEBINAR_INBOX_USER": USER,
        "WEBINAR_INBOX_PASSWORD": PASSWORD,
        "WEBINAR_INBOX_AUTHSERV_ID": SERVER,
    }


def acceptance(number: int) -> bytes:
    """The answer of one of the people."""
    text = single(event()).decode().replace(MAYOR, address(number))
    return re.sub(r"Message-ID: <\d+@", f"Message-ID: <antwort{number}@", text).encode()


def address(number: int) -> str:
    return f"person{number}@musterort.example"


def taken() -> int:
    db.session.rollback()
    count = db.session.scalar(select(func.count(InboxMessage.id))) or 0
    db.session.rollback()
    return count


def all_put_away(server: Server) -> bool:
    return sum(imap.TAKEN in flags for flags in server.flags()) == PEOPLE


def let_the_lease_end() -> None:
    """What five minutes would do: the dead worker's job may be run again, by whoever comes."""
    db.session.rollback()
    db.session.execute(update(Job).where(Job.state == JobState.RUNNING).values(lease_until=now()))
    db.session.commit()


def test_answers_survive_kills_of_the_worker_that_reads_them(
    app: Flask, environ: dict[str, str], server: Server, tmp_path: Path
) -> None:
    rng = random.Random(5)
    talk = factories.talk(uid=UID)
    for number in range(PEOPLE):
        factories.invitation(talk, factories.contact(email=address(number)))
    server.deliver(*[acceptance(number) for number in range(PEOPLE)])
    worker = Program("reader", "webinar.cli", "worker", environ=environ, folder=tmp_path)
    try:
        for _ in range(KILLS):
            worker.start()
            mark = min(PEOPLE, taken() + rng.randrange(1, PEOPLE // KILLS))
            wait_for(lambda least=mark: taken() >= least)  # type: ignore[misc]
            worker.kill()
            let_the_lease_end()
        worker.start()
        wait_for(lambda: all_put_away(server))
    finally:
        worker.kill()
    assert len(server.flags()) == PEOPLE
    messages = db.session.scalars(select(InboxMessage).order_by(InboxMessage.id)).all()
    assert len(messages) == PEOPLE
    assert {message.state for message in messages} == {InboxState.ACTED}
    answers = db.session.scalars(select(Invitation.answer)).all()
    assert answers == [Answer.ACCEPTED] * PEOPLE
    places = db.session.scalars(select(Registration.state)).all()
    assert places == [RegistrationState.CONFIRMED] * PEOPLE
    for table in (CalendarReply, Mail):
        assert db.session.scalar(select(func.count()).select_from(table)) == PEOPLE
