"""Eight processes want the same few places at the same moment. With the lock none is sold twice and
nobody waits while one is free, online and in the hall; the control takes the lock away and shows
that the same processes in the same rounds oversell.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import DBAPIError

from tests import factories
from tests.lengths import length
from webinar import create_app
from webinar.domain import participation, registrations
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Contact,
    Format,
    Invitation,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Talk,
)

PROCESSES = 8
ROUNDS = length([1] * 5 + [5] * 2, soak=[1] * 20 + [5] * 20 + [50] * 20)
"""By the number of places on each side."""
PAUSE = length(0.005, soak=0.001)
"""Seconds between counting and confirming: makes the gap wide enough to be hit in the control, on
a busy machine too. The many rounds of the soak need less."""
ACTS_FOR = {1: 1, 5: 2, 50: 14}
"""How many people each process acts for, by the number of places: with 50 places on each side 112
people compete for 100."""

S = RegistrationState
free = registrations.free


def slow_free(talk: Talk, mode: Mode) -> int | None:
    found = free(talk, mode)
    time.sleep(PAUSE)
    return found


@contextmanager
def unlocked() -> Iterator[None]:
    """Neither the row lock of PostgreSQL nor the early write lock of SQLite.

    On SQLite `BEGIN IMMEDIATE` is the lock, and a transaction that read an older state may not
    write. So both are taken out: it is given back at once, and every statement stands alone.
    """

    def autocommit(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")

    event.listen(db.engine, "begin", autocommit)
    try:
        read = partial(db.session.get_one, Talk)
        with mock.patch.object(registrations, "lock_talk", read):
            yield
    finally:
        event.remove(db.engine, "begin", autocommit)


def compete(
    environ: dict[str, str],
    *,
    rounds: list[list[list[int]]],
    number: int,
    barrier: Barrier,
    results: Any,
    locked: bool,
) -> None:
    """In each round all accept at the same moment, then answer, decline and change sides at
    random: each process for its own people."""
    app = create_app(environ)
    problems: list[str] = []
    chance = random.Random(number)
    with (
        app.app_context(),
        mock.patch.object(registrations, "free", slow_free),
        nullcontext() if locked else unlocked(),
    ):
        db.session.execute(select(1))
        db.session.rollback()
        for people in rounds:
            barrier.wait(timeout=300)
            for act in ("accept", "change") if locked else ("accept",):
                for invitation_id in people[number]:
                    if act == "change" and chance.random() < 0.5:
                        continue
                    try:
                        take_part(invitation_id, act, chance)
                    except DBAPIError as problem:
                        problems.append(f"{type(problem).__name__}: {problem}")
                    except RuleError as problem:
                        problems.append(problem.code)
                    finally:
                        db.session.remove()
        db.engine.dispose()
    results.put((number, problems))


def take_part(invitation_id: int, act: str, chance: random.Random) -> None:
    invitation = db.session.get_one(Invitation, invitation_id)
    mode = chance.choice(list(Mode))
    if act == "change" and chance.random() < 0.4:
        participation.decline(invitation)
    else:
        participation.accept(invitation, mode=mode)
    db.session.commit()


def run(environ: dict[str, str], rounds: list[list[list[int]]], *, locked: bool) -> list[str]:
    """All processes through all rounds; returns the errors that they met."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "webinar.web"])
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    shared = {"rounds": rounds, "barrier": barrier, "results": results, "locked": locked}
    rivals = [
        context.Process(target=compete, args=(environ,), kwargs=shared | {"number": number})
        for number in range(PROCESSES)
    ]
    for rival in rivals:
        rival.start()
    answers = [results.get(timeout=600) for _ in rivals]
    for rival in rivals:
        rival.join(timeout=120)
        assert rival.exitcode == 0
    return [name for _, problems in answers for name in problems]


def prepare(places: Sequence[int]) -> tuple[list[Talk], list[list[list[int]]]]:
    """A talk for each round, and the invitations that each process acts for."""
    talks, rounds = [], []
    for count in places:
        talk = factories.talk(format=Format.HYBRID, places_online=count, places_hall=count)
        each = ACTS_FOR[count]
        invitations = [
            Invitation(talk=talk, contact=person(number)) for number in range(PROCESSES * each)
        ]
        db.session.add_all(invitations)
        db.session.commit()
        ids = [invitation.id for invitation in invitations]
        talks.append(talk)
        rounds.append([ids[number::PROCESSES] for number in range(PROCESSES)])
    db.session.rollback()
    return talks, rounds


def person(number: int) -> Contact:
    address = f"{time.monotonic_ns()}.{number}@gemeinde.example"
    return Contact(
        last_name="Seubert", email=address, name_key="seubert", sort_key="", search_key=""
    )


def of_talk(talk: Talk) -> list[Registration]:
    db.session.rollback()
    query = select(Registration).where(
        Registration.talk_id == talk.id, Registration.state.in_((S.CONFIRMED, S.WAITING))
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def oversold(talk: Talk) -> int:
    """How many places more than there are were given away, on both sides together."""
    held = [row.mode for row in of_talk(talk) if row.state == S.CONFIRMED]
    return sum(max(0, held.count(mode) - (registrations.limit(talk, mode) or 0)) for mode in Mode)


def check(talk: Talk) -> None:
    """Nothing oversold, nobody waits beside a free place, one place each, a queue without gaps, and
    each change told once."""
    rows = of_talk(talk)
    assert oversold(talk) == 0
    assert len({row.contact_id for row in rows}) == len(rows)
    for mode in Mode:
        queue = registrations.queue(talk, mode)
        if queue:
            assert free(talk, mode) == 0, "somebody waits while a place is free"
        assert [registrations.position(row) for row in queue] == list(range(1, len(queue) + 1))
    places = select(func.sum(Registration.revision)).where(Registration.talk_id == talk.id)
    told = select(func.count(Mail.id)).where(Mail.talk_id == talk.id, Mail.key.startswith("place:"))
    assert db.session.scalar(told) == db.session.scalar(places), "each change is told once"


@pytest.mark.race
@pytest.mark.deep
def test_places_are_never_sold_twice_and_none_stays_empty(
    app: Flask, environ: dict[str, str]
) -> None:
    talks, rounds = prepare(ROUNDS)
    assert run(environ, rounds, locked=True) == []
    for talk in talks:
        check(talk)


@pytest.mark.race
def test_without_the_lock_the_same_rounds_oversell(app: Flask, environ: dict[str, str]) -> None:
    """The control: what the test above finds, it would find."""
    talks, rounds = prepare([1] * 6 + [5] * 2)
    run(environ, rounds, locked=False)
    assert max(oversold(talk) for talk in talks) > 0
