"""How many mails may leave per minute: never more in any minute, and evenly."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tests import factories
from tests.lengths import length
from webinar.clock import frozen
from webinar.domain import delivery, mail, pace
from webinar.extensions import db
from webinar.models import Mail, MailState

START = factories.at("2026-12-07T09:00")


def queued(count: int) -> None:
    for number in range(count):
        mail.to_contact("declined", factories.contact(), key=f"pace:{number}")
    db.session.execute(update(Mail).values(next_try_at=START))
    db.session.commit()


def claimed(per_minute: int, *, most: int = 50) -> list[Mail]:
    count = pace.allowed(per_minute, most=most)
    _token, mails = delivery.claim(count=count, until=START + timedelta(hours=1))
    db.session.commit()
    return mails


def settle(mails: list[Mail], state: MailState = MailState.SENT) -> None:
    for row in mails:
        values = {"sent_at": pace.now()} if state == MailState.SENT else {}
        assert delivery.settle(row, token=row.lease_owner or "", state=state, **values)
    db.session.commit()


def test_without_a_limit_all_may_go(app: Flask) -> None:
    assert pace.allowed(0, most=50) == 50


def test_portion_goes_at_once_and_the_next_after_its_time(app: Flask) -> None:
    queued(30)
    with frozen(START):
        first = claimed(200)
        assert len(first) == 10
        settle(first)
        assert claimed(200) == []
    with frozen(START + timedelta(seconds=2.9)):
        assert claimed(200) == []
    with frozen(START + timedelta(seconds=3)):
        assert len(claimed(200)) == 10


def test_mails_in_the_hands_of_another_worker_count(app: Flask) -> None:
    queued(4)
    with frozen(START):
        assert len(claimed(1)) == 1
        assert claimed(1) == []
    with frozen(START + timedelta(seconds=59)):
        assert claimed(1) == []
    # A worker that died with it holds up nobody for longer than a minute.
    with frozen(START + timedelta(seconds=60)):
        assert len(claimed(1)) == 1


@pytest.mark.parametrize("state", [MailState.RETRY, MailState.FAILED])
def test_refused_mails_count_too(app: Flask, state: MailState) -> None:
    queued(2)
    with frozen(START):
        settle(claimed(1), state)
        assert claimed(1) == []


def test_mail_that_was_handed_back_does_not_count(app: Flask) -> None:
    queued(2)
    with frozen(START):
        (row,) = claimed(1)
        delivery.hand_back(row.lease_owner or "")
        assert len(claimed(1)) == 1


@pytest.mark.race
def test_workers_that_claim_at_the_same_moment_share_one_portion(app: Flask) -> None:
    queued(8)
    barrier = threading.Barrier(4)

    def claim() -> int:
        with app.app_context(), frozen(START):
            db.session.execute(select(1))
            db.session.rollback()
            barrier.wait()
            try:
                return len(claimed(40))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(claim) for _ in range(4)]
    assert sum(future.result() for future in found) == 2


@pytest.mark.property
@pytest.mark.deep
@settings(
    max_examples=length(8, soak=60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    per_minute=st.sampled_from([1, 3, 7, 20, 30]),
    steps=st.lists(st.tuples(st.floats(0.1, 25), st.integers(1, 50)), min_size=5, max_size=25),
)
def test_no_minute_sees_more_than_the_limit(
    app: Flask, per_minute: int, steps: list[tuple[float, int]]
) -> None:
    db.session.execute(delete(Mail))
    queued(70)
    moment = START
    for seconds, most in steps:
        moment += timedelta(seconds=seconds)
        with frozen(moment):
            settle(claimed(per_minute, most=most))
    sent = sorted(
        db.session.scalars(select(Mail.sent_at).where(Mail.sent_at.is_not(None)).order_by(Mail.id))
    )
    portion, stretch = pace.portion_of(per_minute)
    assert portion == math.ceil(per_minute / 20)
    for window, most in ((pace.MINUTE, per_minute), (stretch, portion)):
        for first in sent:
            assert first is not None
            inside = [one for one in sent if one is not None and first <= one < first + window]
            assert len(inside) <= most
