"""Every route, asked as everybody, answers as the access matrix says; none is open by accident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from tests import factories
from tests.conftest import fresh_sqlite, signed_in
from tests.web import world
from tests.web.access_matrix import ADMIN, ANYBODY, MACHINE, MATRIX, OWN, READ, WRITE
from webinar.domain import links
from webinar.models import Purpose, Role
from webinar.web import guards
from webinar.web.settings import settings

DESK = (READ, WRITE, ADMIN)
PURPOSES = set(Purpose)


def rules(app: Flask) -> Iterator[Rule]:
    yield from app.url_map.iter_rules()


def address(rule: Rule, *, token: str = "x" * 20) -> str:
    """The rule's address with a token and with records that do not exist."""
    values: dict[str, object] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        if isinstance(converter, IntegerConverter):
            values[name] = 999_999
        elif isinstance(converter, AnyConverter):
            values[name] = sorted(converter.items)[0]
        else:
            values[name] = token if name == "token" else "nichts"
    _, path = rule.build(values)  # type: ignore[misc]  # the rule has all its arguments
    return str(path)


def methods(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


@pytest.fixture
def database_url(migrated_sqlite: Path, sqlite_path: Path) -> str:
    """Who may enter does not depend on the database: SQLite is enough here."""
    return fresh_sqlite(sqlite_path, template=migrated_sqlite)


def test_every_route_has_a_line_in_the_matrix(app: Flask) -> None:
    assert sorted({rule.endpoint for rule in rules(app)} - set(MATRIX)) == []


def test_matrix_has_no_line_without_a_route(app: Flask) -> None:
    assert sorted(set(MATRIX) - {rule.endpoint for rule in rules(app)}) == []


def test_every_blueprint_is_guarded(app: Flask) -> None:
    assert sorted(set(app.blueprints) - set(guards.GUARDS)) == []


OPEN = {
    "public",
    "public_archive",
    "search",
    "signups",
    "feeds",
    "technique",
    "room_keys",
    "operating",
}


def test_only_public_blueprints_let_anybody_in(app: Flask) -> None:
    is_open = {name for name, check in guards.GUARDS.items() if check is guards.anybody}
    assert is_open == OPEN
    wrong = [
        endpoint
        for endpoint, who in MATRIX.items()
        if who == ANYBODY and "." in endpoint and endpoint.split(".")[0] not in OPEN
    ]
    assert wrong == []


def test_desk_sends_strangers_to_the_sign_in(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    wrong = []
    for rule in rules(app):
        if MATRIX.get(rule.endpoint) not in (*DESK, OWN):
            continue
        for method in methods(rule):
            answer = client.open(address(rule), method=method)
            if answer.status_code != 302 or "/anmelden" not in answer.headers["Location"]:
                wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []


def test_viewer_changes_nothing(app: Flask) -> None:
    client = signed_in(app, factories.account(role=Role.VIEWER))
    wrong = [
        (rule.endpoint, method, answer.status_code)
        for rule in rules(app)
        if MATRIX.get(rule.endpoint) in DESK
        for method in methods(rule) - {"GET"}
        if (answer := client.open(address(rule), method=method)).status_code != 403
    ]
    assert wrong == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ORGANISER])
def test_administration_is_closed_to_everybody_else(app: Flask, role: Role) -> None:
    client = signed_in(app, factories.account(role=role))
    wrong = [
        (rule.endpoint, method, answer.status_code)
        for rule in rules(app)
        if MATRIX.get(rule.endpoint) == ADMIN
        for method in methods(rule)
        if (answer := client.open(address(rule), method=method)).status_code != 403
    ]
    assert wrong == []


def test_reading_endpoints_take_nothing_but_get(app: Flask) -> None:
    wrong = [
        (rule.endpoint, methods(rule))
        for rule in rules(app)
        if MATRIX.get(rule.endpoint) == READ and methods(rule) != {"GET"}
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("role", "kinds"),
    [(Role.VIEWER, (OWN,)), (Role.ORGANISER, (READ, WRITE)), (Role.ADMIN, (ADMIN,))],
)
def test_who_may_is_let_in_and_finds_no_missing_record(
    app: Flask, role: Role, kinds: tuple[str, ...]
) -> None:
    """Nothing of the desk breaks on a record that does not exist, whatever the method."""
    client = signed_in(app, factories.account(role=role))
    wrong = [
        (rule.endpoint, method, answer.status_code)
        for rule in rules(app)
        if MATRIX.get(rule.endpoint) in kinds
        for method in methods(rule)
        if (answer := client.open(address(rule), method=method)).status_code
        not in (200, 302, 303, 404, 400, 422)
    ]
    assert wrong == []


def test_personal_pages_are_closed_to_forged_and_foreign_links(app: Flask) -> None:
    talk = factories.talk()
    contact = factories.contact()
    keys = settings().link_keys
    tokens = {}
    for purpose in (p for p in Purpose if p is not Purpose.SPEAKER):
        link = links.contact_link(contact, purpose=purpose, talk=talk)
        factories.save(link)
        tokens[purpose] = links.token(link, keys=keys)
    client = app.test_client()
    wrong = []
    for rule in rules(app):
        mine = MATRIX.get(rule.endpoint)
        if mine not in PURPOSES:
            continue
        foreign = [token for purpose, token in tokens.items() if purpose != mine]
        for token in [*foreign, "x" * 40, tokens[Purpose.ANSWER][:-2] + "xx"]:
            for method in methods(rule):
                answer = client.open(address(rule, token=token), method=method)
                if answer.status_code != 404:
                    wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []


def test_calls_of_machines_are_closed_to_everybody_without_their_secret(app: Flask) -> None:
    """Also while no secret is set, and to whoever is signed in."""
    for client in (app.test_client(), signed_in(app, factories.account(role=Role.ADMIN))):
        wrong = [
            (rule.endpoint, method, answer.status_code)
            for rule in rules(app)
            if MATRIX.get(rule.endpoint) == MACHINE
            for method in methods(rule)
            if (
                answer := client.open(
                    address(rule), method=method, headers={"Authorization": "Bearer "}
                )
            ).status_code
            != 401
        ]
        assert wrong == []


def test_personal_and_public_pages_set_no_cookie(app: Flask) -> None:
    client = app.test_client()
    wrong = [
        rule.endpoint
        for rule in rules(app)
        if MATRIX.get(rule.endpoint) in {ANYBODY, *PURPOSES} - {None}
        and "GET" in methods(rule)
        and "Set-Cookie" in client.get(address(rule)).headers
    ]
    assert wrong == []


def test_pages_behind_a_real_link_set_no_cookie_whatever_is_asked(app: Flask) -> None:
    found = world.build(app, factories.account())
    asked = {
        rule.endpoint: "Set-Cookie" in app.test_client().open(path, method=method).headers
        for method in ("GET", "POST")
        for rule, path in found.all_paths(method)
        if MATRIX[rule.endpoint] in PURPOSES
    }
    assert len(asked) > 30
    assert [endpoint for endpoint, sets in asked.items() if sets] == []
