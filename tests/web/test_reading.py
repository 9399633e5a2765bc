"""Opening an address changes nothing: every route, with records and links that are real.

Mail gateways fetch every link, browsers fetch in advance, search engines follow all they find; this
is the promise on which personal links stand (docs/decisions/0005-personal-links.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import signed_in
from tests.personal import everything
from tests.web import world
from tests.web.access_matrix import MACHINE, MATRIX
from tests.web.world import World
from webinar.models import Account

METHODS = ("GET", "HEAD", "OPTIONS")
PROVIDER = (
    "provider.begin",
    "provider.back",
    "provider.confirm",
    "provider.left",
    "password_links.connect",
    "own_account.connect",
    "proof.by_provider",
)
EMPTY = ("operating.metrics", "room_keys.show", *PROVIDER)
"""Wants a token; needs a server that is set to fetch keys; needs a provider."""


@pytest.fixture
def whole(app: Flask, organiser: Account) -> World:
    return world.build(app, organiser)


def files(app: Flask) -> set[str]:
    return set(world.storage(app).keys())


def crawl(
    client: FlaskClient, whole: World, *, methods: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Ask every address under every one of the methods; what was answered."""
    found = []
    for method in methods:
        for rule, path in whole.all_paths(method):
            with client.open(path, method=method, headers={"Purpose": "prefetch"}) as answer:
                answer.get_data()
                found.append((rule.endpoint, method, answer.status_code))
    return found


@pytest.mark.once
def test_world_has_a_record_for_every_address(
    app: Flask, whole: World, administrator: Account
) -> None:
    """Otherwise the tests below would prove that nothing happens where nothing is."""
    client = signed_in(app, administrator)
    found = crawl(client, whole, methods=["GET"])
    missing = {
        endpoint
        for endpoint, _method, status in found
        if status not in (200, 302, 303) and endpoint not in EMPTY and MATRIX[endpoint] != MACHINE
    }
    assert missing == set(), [row for row in found if row[0] in missing]


@pytest.mark.parametrize("who", ["the office", "a stranger with every link"])
def test_asking_for_every_address_changes_nothing(
    app: Flask, administrator: Account, whole: World, who: str
) -> None:
    client = signed_in(app, administrator) if who == "the office" else app.test_client()
    before, kept = everything(), files(app)
    answered = crawl(client, whole, methods=METHODS)
    assert everything() == before
    assert files(app) == kept
    assert [row for row in answered if row[2] >= 500] == []


def test_what_acts_is_not_to_be_had_by_asking(app: Flask, whole: World) -> None:
    """An address that only acts answers a GET with 405, and the database stays as it is."""
    client = app.test_client()
    before = everything()
    acting = [
        (rule, path)
        for rule, path in whole.all_paths("POST")
        if "GET" not in (rule.methods or ()) and "token" in rule.arguments
    ]
    shown = {str(rule) for rule, _path in whole.all_paths("GET")}
    wrong = [
        (path, method)
        for rule, path in acting
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "PROPFIND")
        if client.open(path, method=method).status_code != 405
        and not (str(rule) in shown and method in ("GET", "HEAD"))
    ]
    assert wrong == []
    assert everything() == before
