"""What stands outside of CSRF has a proof of its own; what everybody may send is counted."""

from __future__ import annotations

from io import BytesIO

from flask import Flask
from flask_limiter.util import get_qualified_name
from werkzeug.routing import Rule

from tests import factories
from tests.conftest import signed_in
from tests.personal import address as link_to
from tests.queries import counted
from tests.web.access_matrix import ANYBODY, MACHINE, MATRIX
from tests.web.test_access import address, methods
from webinar.domain import links
from webinar.extensions import csrf, db, limiter
from webinar.models import Account, Purpose, Role
from webinar.web import guards
from webinar.web.sizes import FORM

SAFE = {"GET"}
BORROW_NOTHING = {"signups"}
"""Forms of anybody, who gains by a forged request only what he could send himself."""
COUNTED_ELSEWHERE = {"sign_in", "password_links", "provider", "security"}
"""By account and network, in the database or around the library's own view."""


def exempt(app: Flask) -> set[str]:
    """The blueprints whose forms take no CSRF token."""
    return {name for name, found in app.blueprints.items() if found in csrf._exempt_blueprints}


def changing(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in app.url_map.iter_rules() for method in methods(rule) - SAFE]


def test_only_links_machines_and_public_forms_stand_outside_of_csrf(app: Flask) -> None:
    """A signature in the path, a secret of the machine's, or nothing that could be borrowed."""
    assert csrf._exempt_views == set()
    found = exempt(app)
    assert found > BORROW_NOTHING
    for name in found - BORROW_NOTHING:
        mine = {who for endpoint, who in MATRIX.items() if endpoint.startswith(f"{name}.")}
        assert mine <= set(Purpose) or mine == {MACHINE}, name
        assert guards.GUARDS[name] is not guards.anybody, name


def test_everything_else_takes_no_form_without_its_token(app: Flask) -> None:
    client = signed_in(app, factories.account(role=Role.ADMIN))
    app.config["WTF_CSRF_ENABLED"] = app.config["WTF_CSRF_CHECK_DEFAULT"] = True
    outside = exempt(app)
    tried, wrong = 0, []
    for rule, method in changing(app):
        if rule.endpoint.split(".")[0] in outside:
            continue
        tried += 1
        answer = client.open(address(rule), method=method)
        if answer.status_code != 400:
            wrong.append((rule.endpoint, method, answer.status_code))
    assert tried > 80
    assert wrong == []


def test_whatever_everybody_may_send_is_limited(app: Flask) -> None:
    """Otherwise one stranger could fill the outbox, or guess for ever."""
    wrong = []
    for rule, method in changing(app):
        name = rule.endpoint.split(".")[0]
        if MATRIX[rule.endpoint] != ANYBODY or name in COUNTED_ELSEWHERE:
            continue
        view = app.view_functions[rule.endpoint]
        if not limiter.limit_manager.decorated_limits(get_qualified_name(view)):
            wrong.append((rule.endpoint, method))
    assert wrong == []


def test_files_come_from_the_office_alone(app: Flask, administrator: Account) -> None:
    """Whoever is not signed in is refused before the body is read, whatever the address."""
    office, stranger = signed_in(app, administrator), app.test_client()
    found = set()
    for rule, method in changing(app):
        if MATRIX[rule.endpoint] != MACHINE:
            body = {"file": (BytesIO(b"x" * (FORM + 1)), "a.pdf")}
            answer = stranger.open(address(rule), method=method, data=body)
            found.add((rule.endpoint, answer.status_code))
    assert len(found) > 100
    assert {status for _endpoint, status in found} == {413}
    body = {"file": (BytesIO(b"x" * (FORM + 1)), "a.csv")}
    assert office.post("/desk/kontakte/import/", data=body).status_code != 413


def test_guessing_links_is_slowed_and_slows_nobody_whose_link_opens(app: Flask) -> None:
    limiter.enabled = True
    client = app.test_client()
    mine = link_to(factories.contact(), Purpose.PREFERENCES)
    statuses = [client.get(f"/m/{'x' * 12}.{number:043}").status_code for number in range(62)]
    assert statuses == [404] * 60 + [429] * 2
    assert client.get("/e/other.guess").status_code == 429
    assert client.get(mine).status_code == 200


def test_links_that_open_nothing_are_alike_in_status_size_and_work(app: Flask) -> None:
    """Unknown, forged, closed, replaced and of another purpose: nothing tells which it was."""
    client = app.test_client()
    mine = [link_to(factories.contact(), Purpose.PREFERENCES) for _ in range(4)]
    opened = [
        links.open_link(path[3:], purpose=Purpose.PREFERENCES, keys=keys(app)) for path in mine
    ]
    links.revoke(opened[0])
    links.reissue(opened[1])
    db.session.commit()
    forged = mine[2][:-3] + ("abc" if not mine[2].endswith("abc") else "cba")
    paths = [mine[0], mine[1], forged, mine[3].replace("/m/", "/e/"), f"/m/{'x' * 12}.{'y' * 43}"]
    found = set()
    for path in paths:
        with counted() as statements:
            answer = client.get(path)
        found.add((answer.status_code, answer.text, len(statements), str(answer.headers)))
    assert len(found) == 1
    assert found.pop()[0] == 404


def keys(app: Flask) -> tuple[str, ...]:
    found: tuple[str, ...] = app.extensions["settings"].link_keys
    return found
