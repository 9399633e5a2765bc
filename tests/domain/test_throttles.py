"""A guesser is slowed down, a crowd behind one address is not, and nobody is locked out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from webinar import clock
from webinar.domain import throttles
from webinar.errors import TooMany
from webinar.extensions import db
from webinar.models import Throttle

SECRET = "s" * 32
NAT = "203.0.113.7"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.moment = clock.now()

    def __call__(self) -> datetime:
        return self.moment

    def add(self, **more: float) -> None:
        self.moment += timedelta(**more)


@pytest.fixture
def time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttles, "now", made)
    return made


def tries(email: str, address: str = NAT) -> throttles.Tries:
    return throttles.of_sign_in(email, address, secret=SECRET)


def fails(email: str, address: str = NAT, *, times: int = 1) -> int:
    """Try in vain so often; how many of the tries were let through."""
    through = 0
    for _time in range(times):
        try:
            tries(email, address).begin()
            through += 1
        except TooMany:
            db.session.rollback()
        db.session.commit()
    return through


def succeeds(email: str, address: str = NAT) -> bool:
    try:
        tries(email, address).begin()
        tries(email, address).succeed()
    except TooMany:
        db.session.rollback()
        return False
    db.session.commit()
    return True


def test_guesser_waits_twice_as_long_each_time(time: Clock) -> None:
    assert fails("a@lra.example", times=20) == 6
    waits = []
    for _round in range(6):
        until = db.session.scalars(select(Throttle.until).order_by(Throttle.level.desc())).all()
        longest = max(moment for moment in until if moment is not None)
        waits.append(round((longest - time.moment).total_seconds()))
        time.moment = longest
        assert fails("a@lra.example", times=5) == 1
    # In the end about as long as one try takes to be given back.
    assert waits[:4] == [30, 60, 120, 240]
    assert all(240 <= wait <= 900 for wait in waits[4:])


def test_many_addresses_do_not_help_against_one_account(time: Clock) -> None:
    through = sum(fails("a@lra.example", f"198.51.100.{n}", times=3) for n in range(100))
    assert through <= 22


def test_owner_comes_in_from_the_usual_place_while_a_guesser_tries(time: Clock) -> None:
    assert succeeds("a@lra.example")
    for number in range(60):
        fails("a@lra.example", f"198.51.100.{number}", times=2)
    assert succeeds("a@lra.example")


def test_crowd_behind_one_address_comes_in(time: Clock) -> None:
    """After a lunch break two hundred people sign in, every tenth mistypes twice."""
    for number in range(200):
        if number % 10 == 0:
            fails(f"p{number}@lra.example", times=2)
        assert succeeds(f"p{number}@lra.example"), number


def test_guesser_behind_the_same_address_does_not_shut_out_colleagues(time: Clock) -> None:
    assert succeeds("kollegin@lra.example")
    through = sum(fails(f"x{number}@lra.example") for number in range(300))
    assert through < 60
    assert succeeds("kollegin@lra.example")


def test_levels_sink_with_time(time: Clock) -> None:
    fails("a@lra.example", times=20)
    assert not succeeds("a@lra.example")
    time.add(hours=2)
    assert succeeds("a@lra.example")


def test_keys_hold_no_address_and_old_ones_go(time: Clock) -> None:
    fails("a@lra.example")
    keys = db.session.scalars(select(Throttle.key)).all()
    assert len(keys) == 4
    assert not any("lra" in key or NAT in key for key in keys)
    time.add(days=32)
    assert throttles.forget() == 4
