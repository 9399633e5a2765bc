"""At the same moment: guesses that count as many, and administrators who demote each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.conftest import signed_in
from webinar.extensions import db
from webinar.models import Account, Role, Throttle

pytestmark = pytest.mark.race


def at_once(sent: list[tuple[FlaskClient, str, dict[str, str]]]) -> list[int]:
    """Send all from a thread each; the statuses of the answers."""
    db.session.commit()  # nothing of the test's own may hold a lock
    barrier = Barrier(len(sent))

    def one(what: tuple[FlaskClient, str, dict[str, str]]) -> int:
        client, path, data = what
        barrier.wait(60)
        return client.post(path, data=data).status_code

    with ThreadPoolExecutor(len(sent)) as pool:
        found = list(pool.map(one, sent))
    db.session.expire_all()
    return found


def test_guesses_at_the_same_moment_count_as_many(app: Flask, organiser: Account) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    guess = {"email": organiser.email, "password": "geraten und geraten"}
    statuses = at_once([(app.test_client(), "/anmelden", guess) for _number in range(12)])
    assert sorted(statuses) == [422] * 6 + [429] * 6
    assert round(db.session.scalar(select(func.max(Throttle.level))) or 0) == 6


def test_two_administrators_do_not_demote_each_other(app: Flask) -> None:
    both = [factories.account(role=Role.ADMIN) for _number in range(2)]
    sent = [
        (
            signed_in(app, by),
            f"/desk/konten/{other.id}",
            {"name": other.name, "email": other.email, "role": "viewer"},
        )
        for by, other in zip(both, reversed(both), strict=True)
    ]
    at_once(sent)
    query = select(func.count(Account.id)).where(Account.role == Role.ADMIN)
    assert db.session.scalar(query) == 1
