"""Eight processes want the same few places at the same moment. With the lock none is sold twice;
the control takes the lock away and shows that the race is real."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.synchronize import Barrier
from typing import Any
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from tests import factories
from webinar import create_app
from webinar.domain import participation, registrations
from webinar.extensions import db, reading
from webinar.models import Invitation, Mail, Mode, Registration, RegistrationState, Talk

PROCESSES = 8
PAUSE = 0.02
"""Seconds between counting and confirming: makes the gap wide enough to be hit every time."""

S = RegistrationState
free = registrations.free


def slow_free(talk: Talk, mode: Mode) -> int | None:
    found = free(talk, mode)
    time.sleep(PAUSE)
    return found


@contextmanager
def unlocked() -> Iterator[None]:
    """Neither the row lock of PostgreSQL nor the early write lock of SQLite."""
    with mock.patch.object(registrations, "lock"), reading(only=True):
        yield


def compete(
    environ: dict[str, str],
    *,
    rounds: list[list[int]],
    number: int,
    barrier: Barrier,
    results: Any,
    locked: bool,
) -> None:
    """In each round accept at the same moment as all others; then whoever has a place gives it up
    while the others look on, and comes back."""
    app = create_app(environ)
    problems: list[str] = []
    with (
        app.app_context(),
        mock.patch.object(registrations, "free", slow_free),
        nullcontext() if locked else unlocked(),
    ):
        db.session.execute(select(1))
        db.session.rollback()
        for ids in rounds:
            for act in ("accept", "decline", "accept") if locked else ("accept",):
                barrier.wait(timeout=60)
                if act == "decline" and number % 2:
                    continue
                try:
                    take_part(ids[number], act)
                except DBAPIError as problem:
                    problems.append(type(problem).__name__)
                finally:
                    db.session.remove()
        db.engine.dispose()
    results.put((number, problems))


def take_part(invitation_id: int, act: str) -> None:
    invitation = db.session.get_one(Invitation, invitation_id)
    if act == "accept":
        participation.accept(invitation, mode=Mode.ONLINE)
    else:
        participation.decline(invitation)
    db.session.commit()


def run(environ: dict[str, str], rounds: list[list[int]], *, locked: bool) -> list[str]:
    """All processes through all rounds; returns the names of database errors that they met."""
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
    answers = [results.get(timeout=90) for _ in rivals]
    for rival in rivals:
        rival.join(timeout=30)
        assert rival.exitcode == 0
    return [name for _, problems in answers for name in problems]


def prepare(places: list[int]) -> tuple[list[Talk], list[list[int]]]:
    talks = [factories.talk(places_online=count) for count in places]
    rounds = [
        [factories.invitation(talk, factories.contact()).id for _ in range(PROCESSES)]
        for talk in talks
    ]
    db.session.commit()
    return talks, rounds


def taken(talk: Talk) -> int:
    db.session.rollback()
    return registrations.taken(talk, Mode.ONLINE)


@pytest.mark.race
def test_places_are_never_sold_twice(app: Flask, environ: dict[str, str]) -> None:
    talks, rounds = prepare([1, 5, 1, 5])
    assert run(environ, rounds, locked=True) == []
    for talk in talks:
        assert taken(talk) == talk.places_online
        active = db.session.scalars(
            select(Registration).where(
                Registration.talk_id == talk.id,
                Registration.state.in_((S.CONFIRMED, S.WAITING)),
            )
        ).all()
        assert len({row.contact_id for row in active}) == len(active) == PROCESSES
        waiting = [registrations.position(row) for row in active if row.state == S.WAITING]
        assert sorted(n or 0 for n in waiting) == list(range(1, PROCESSES - taken(talk) + 1))
        told = db.session.scalar(select(func.count(Mail.id)).where(Mail.talk_id == talk.id)) or 0
        moves = db.session.scalar(
            select(func.sum(Registration.revision)).where(Registration.talk_id == talk.id)
        )
        assert told == moves, "each change of a place is told once"


@pytest.mark.race
def test_without_the_lock_the_race_is_lost(app: Flask, environ: dict[str, str]) -> None:
    """PostgreSQL then sells a place several times; SQLite lets one writer through and fails the
    others in the middle of their work."""
    talks, rounds = prepare([1, 1, 1])
    problems = run(environ, rounds, locked=False)
    if db.engine.dialect.name == "postgresql":
        assert max(taken(talk) for talk in talks) > 1
    else:
        assert "OperationalError" in problems
