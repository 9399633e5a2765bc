"""How the sending stands: what waits, when the last left, whether the relay takes anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests import factories
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import mail_health
from webinar.extensions import db
from webinar.models import Mail, MailState, WorkerBeat

S = MailState
NOW = factories.at("2027-01-05T09:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _january(app: Flask) -> Iterator[None]:
    with frozen(NOW):
        yield


def mail(state: MailState, *, at: datetime = NOW, to: str = "", **values: object) -> Mail:
    """A mail whose state is of that moment."""
    number = db.session.query(Mail).count()
    given = {
        "template": "declined",
        "key": f"k{number}",
        "recipient": to or f"a@gemeinde{number}.example",
        "state": state,
        "created_at": at,
        "changed_at": at,
        "next_try_at": at,
        "sent_at": at if state == S.SENT else None,
        **values,
    }
    row = Mail(**given)
    factories.save(row)
    return row


def test_empty_outbox_is_well() -> None:
    found = mail_health.health()
    assert (found.sent, found.under_way, found.undelivered) == (0, 0, 0)
    assert (found.waiting_since, found.last_sent_at, found.trouble) == (None, None, None)
    assert not found.stalled


def test_numbers_and_moments() -> None:
    mail(S.SENT, at=NOW - 5 * MINUTE)
    mail(S.SENT, at=NOW - 9 * MINUTE)
    mail(S.QUEUED, at=NOW - 3 * MINUTE)
    mail(S.QUEUED, at=NOW + timedelta(hours=1))
    mail(S.RETRY, reply="450 4.2.0 later")
    gone = mail(S.FAILED, reply="550 5.1.1 unknown")
    mail(S.FAILED, reply="550 5.1.1 unknown", resent_as_id=gone.id)
    found = mail_health.health()
    assert (found.sent, found.waiting, found.retrying, found.undelivered) == (2, 2, 1, 1)
    assert (found.waiting_since, found.last_sent_at) == (NOW - 3 * MINUTE, NOW - 5 * MINUTE)
    assert found.trouble is None


def test_nothing_leaves_although_mail_is_due() -> None:
    mail(S.QUEUED, at=NOW - 11 * MINUTE)
    assert mail_health.health().stalled
    factories.save(WorkerBeat(name="rechner:1", beat_at=NOW - MINUTE))
    assert not mail_health.health().stalled
    with frozen(NOW + 20 * MINUTE):
        assert mail_health.health().stalled
        mail(S.SENT, at=NOW + 18 * MINUTE)
        assert not mail_health.health().stalled


@pytest.mark.parametrize(
    "reply",
    ["0 gaierror: [Errno -2]", "0 TimeoutError: timed out", "535 5.7.8 wrong", "421 4.3.2 closing"],
)
def test_one_refusal_that_speaks_of_the_relay_is_trouble(reply: str) -> None:
    mail(S.SENT, at=NOW - 20 * MINUTE)
    mail(S.RETRY, at=NOW - 4 * MINUTE, reply="0 before")
    mail(S.RETRY, reply=reply)
    trouble = mail_health.health().trouble
    assert trouble is not None
    assert (trouble.reply, trouble.since, trouble.count) == (reply, NOW - 4 * MINUTE, 2)


def test_trouble_is_over_once_a_mail_was_taken() -> None:
    mail(S.RETRY, at=NOW - 4 * MINUTE, reply="0 gaierror")
    mail(S.SENT, at=NOW - 2 * MINUTE)
    assert mail_health.health().trouble is None


def test_everybody_refused_is_the_relay_and_not_three_hundred_people() -> None:
    for _ in range(2):
        mail(S.FAILED, reply="554 5.7.1 <a@b>: Relay access denied")
    assert mail_health.health().trouble is None
    mail(S.FAILED, reply="554 5.7.1 <c@d>: Relay access denied")
    assert mail_health.health().trouble is not None


@pytest.mark.parametrize("reply", ["550 5.1.1 unknown", "550 No such user", "552 5.2.2 full"])
def test_wrong_addresses_in_a_row_are_no_trouble_of_the_relay(reply: str) -> None:
    for _ in range(4):
        mail(S.FAILED, reply=reply)
    assert mail_health.health().trouble is None


def test_one_domain_that_refuses_is_not_everybody() -> None:
    for number in range(4):
        mail(S.RETRY, to=f"a{number}@eine.example", reply="451 4.7.1 greylisted")
    assert mail_health.health().trouble is None


def test_old_failures_are_no_news() -> None:
    for _ in range(4):
        # Deleting the bodies of old mails touches their rows.
        mail(S.FAILED, reply="554 5.7.1 denied", next_try_at=NOW - timedelta(days=90))
    assert mail_health.health().trouble is None


def test_queries_do_not_grow(app: Flask) -> None:
    counts = []
    for _ in range(2):
        for _many in range(2):
            mail(S.RETRY, reply="450")
            mail(S.FAILED, reply="550 5.1.1")
            mail(S.SENT)
        with counted() as statements:
            mail_health.health()
        counts.append(len(statements))
    assert counts == [4, 4]
