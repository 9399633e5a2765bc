"""Whatever anybody sends, no page is about a defect of ours, and nothing that was typed runs.

The forms come from the pages themselves: each is sent as it stands with one entry replaced, so that
what lies behind the first check is reached too. The choices are drawn with fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse, encode_multipart

from tests.conftest import PASSWORD, signed_in
from tests.lengths import length
from tests.web import world
from tests.web.access_matrix import ANYBODY, MATRIX
from tests.web.pageforms import PageForm, forms_of
from tests.web.world import World
from webinar.extensions import db
from webinar.models import Account

pytestmark = [pytest.mark.hostile, pytest.mark.deep]

ENTRIES = length(1, soak=1_000)
"""Of each form, that are replaced one by one."""
BROKEN = length(1, soak=3)
"""Entries of each form that are sent as no text at all."""
PARTS = length(2, soak=1_000)
"""Of each address, that are replaced one by one."""
TRIES = length(1, soak=6)
"""Texts in place of each entry of each form."""
ROUNDS = length(1, soak=4)
"""With all entries replaced at once."""

MARK = '<b data-hostile="1">\''
HUGE = "9" * 30
TEXTS = (
    "",
    " \t\u00a0",
    "x" * 100_000,
    MARK,
    f"</textarea></title></script>{MARK}<script>alert(1)</script>",
    "{{ 7 * 7 }} {% if %} ${7*7} #{7*7}",
    "{anrede} {name} {unbekannt} {titel.__class__} {0} {",
    "%s%n%(name)s %",
    "=1+1",
    "@SUM(1)\t-1\r+1",
    "Betreff\r\nBcc: alle@gemeinde.example\r\n\r\nText",
    "a\u2028b\u2029c\u0085d\x0be\x0cf",
    "\x01\x08\x1b[31m\x7f\x80\x9f",
    "\u202egnuhcieroF\u202c \u2066\u200f\u200b\ufeff",
    "\ufffe\uffff\U0010ffff\U000e0041",
    "e\u0301" * 40 + "\u0301" * 400,
    "🦆" * 60,
    "'; DROP TABLE talks; --",
    "../../../etc/passwd",
    "javascript:alert(1)",
    "https://[::1",
    "https://user@host.example:99999/",
    "a@b",
    f"{'l' * 70}@{'d' * 300}.example",
    '"a b"@gemeinde.example',
    "sofie@gemeinde.example\r\nBcc: x@y.example",
    "-1",
    "0",
    HUGE,
    "-" + HUGE,
    "9" * 5000,
    "1e9",
    "0x10",
    "NaN",
    "٣",
    "²",
    "2027-02-31",
    "31.02.2027",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "+2027-01-01",
    "25:00",
    "24:00",
    "23:59:60",
    "02:30",
    "/etc/localtime",
    "../UTC",
    "Europe/Berlin ",
    "Nirgendwo/Stadt",
    "true",
    "None",
    "[]",
    "successor:1",
    f"successor:{HUGE}",
    "correction:²",
    "row-1",
)
RAW = ("%ED%A0%80", "%FF%FE", "%C0%AF", "%F4%90%80%80", "%", "%zz", "%u0041", "+", "%0A%0D")
"""Values that are no UTF-8, or no escapes at all."""
FILES = (
    (b"", "leer.pdf"),
    (b"%PDF-1.7\n" + b"\xff" * 500, "a.pdf"),
    (b"PK\x03\x04" + b"\0" * 400, "../../folien.pptx"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 300, "\r\nX: y.jpg"),
    (b"\x89PNG\r\n\x1a\n" + b"\xff" * 100, "x" * 400 + ".png"),
    (b"\0\0\0\x20ftypisom" + b"\0" * 300, "film.mp4"),
    (b"WEBVTT\n\n<script>", "a.vtt"),
    (("E-Mail;Nachname\n" + f"a@b.example;{MARK}\n" * 3).encode(), "liste.csv"),
    ('E-Mail;Nachname\n"offen;;;\n\n'.encode("utf-16"), "liste.csv"),
    (b"E-Mail," * 3000, "liste.csv"),
    (b"<html><script>alert(1)</script>", "a.pdf"),
)
LAST = ("loeschen", "absagen", "deaktivieren", "zusammenfuehren", "verwerfen", "zurueckziehen")
"""Addresses that end a record: asked after all others."""


@pytest.fixture
def whole(app: Flask, organiser: Account) -> World:
    return world.build(app, organiser)


def send(client: FlaskClient, path: str, body: bytes, kind: str) -> TestResponse:
    return client.post(path, data=body, content_type=kind)


def forms(client: FlaskClient, whole: World) -> list[PageForm]:
    """Every form of every page, once for each address that it goes to, the ending ones last."""
    found: dict[tuple[str, str, tuple[str, ...]], PageForm] = {}
    for _rule, path in whole.all_paths("GET"):
        with client.get(path) as answer:
            if answer.mimetype != "text/html":
                continue
            for form in forms_of(answer.get_data(as_text=True), address=path):
                if "/abmelden" not in form.action:
                    found.setdefault((form.method, form.action, tuple(form.names)), form)
    return sorted(found.values(), key=lambda form: any(word in form.action for word in LAST))


def variants(form: PageForm, chance: random.Random) -> Iterator[list[tuple[str, str]]]:
    """The form with one entry replaced, without it, with it twice; then with all at random."""
    for name in chance.sample(form.names, min(ENTRIES, len(form.names))):
        for one in chance.sample(TEXTS, TRIES):
            yield [(key, one if key == name else value) for key, value in form.fields]
        yield [pair for pair in form.fields if pair[0] != name]
        yield [*form.fields, (name, chance.choice(TEXTS))]
    for _round in range(ROUNDS):
        yield [(name, chance.choice(TEXTS)) for name in form.names]
    yield []


def filled(form: PageForm, chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Bodies to send and their content types."""
    for pairs in variants(form, chance):
        pressed = [chance.choice(form.buttons)] if form.buttons else []
        both = pairs + [pair for pair in pressed if pair[0]]
        if form.files and chance.random() < 0.7:
            yield multipart(both, form.files[0], *chance.choice(FILES))
        else:
            yield urlencode(both).encode(), "application/x-www-form-urlencoded"
    for name in form.names[:BROKEN]:
        raw = f"{quote(name)}={chance.choice(RAW)}"
        yield raw.encode(), "application/x-www-form-urlencoded"


def multipart(
    pairs: list[tuple[str, str]], field: str, content: bytes, name: str
) -> tuple[bytes, str]:
    values: MultiDict[str, object] = MultiDict(pairs)
    values.add(field, (BytesIO(content), name))
    boundary, body = encode_multipart(values)
    return body, f'multipart/form-data; boundary="{boundary}"'


def check(answer: TestResponse, what: object, wrong: list[object]) -> None:
    """Note what is a defect: a 5xx, or what was typed standing in the page as markup."""
    status, page = answer.status_code, answer.get_data()
    answer.close()
    if status >= 500:
        wrong.append((status, what))
    if answer.mimetype == "text/html" and MARK.encode() in page:
        wrong.append(("markup", what))


def test_every_form_survives_everything(app: Flask, administrator: Account, whole: World) -> None:
    """The desk's, the personal pages', the sign-in; afterwards every page still shows."""
    chance = random.Random(1)
    client = signed_in(app, administrator)
    wrong: list[object] = []
    for form in forms(client, whole):
        for body, kind in filled(form, chance):
            if form.method == "post":
                answer = send(client, form.action, body, kind)
            else:
                answer = client.get(form.action.partition("?")[0], query_string=body.decode())
            check(answer, (form.method, form.action, body[:300]), wrong)
    for _rule, path in whole.all_paths("GET"):
        check(client.get(path), path, wrong)
    assert wrong == []


def test_every_address_survives_everything(
    app: Flask, administrator: Account, whole: World
) -> None:
    """Each part of each address and each name of its query replaced, by the office and by a
    stranger; afterwards also methods and headers that nobody sends."""
    chance = random.Random(2)
    clients = [signed_in(app, administrator), app.test_client()]
    names = ("page", "q", "lang", "state", "list", "audience", "talk", "mit", "template", "t")
    odd = (*names, "self", "endpoint", "_method", "_external", "_anchor", "kind", "answer", "side")
    wrong: list[object] = []
    for rule, path in whole.all_paths("GET"):
        for asked in addresses(path, odd, chance):
            check(clients[0].get(asked), asked, wrong)
            if "token" in rule.arguments or MATRIX[rule.endpoint] == ANYBODY:
                check(clients[1].get(asked), asked, wrong)
    assert wrong == []


def addresses(path: str, names: tuple[str, ...], chance: random.Random) -> Iterator[str]:
    """The address with one part replaced, cut, doubled; and with a query."""
    path = path.partition("?")[0]
    parts = path.split("/")
    short = [one for one in TEXTS if len(one) < 10_000]
    for place in sorted(chance.sample(range(1, len(parts)), min(PARTS, len(parts) - 1))):
        one = chance.choice([*(quote(one, safe="") for one in short), *RAW])
        yield "/".join([*parts[:place], one, *parts[place + 1 :]])
    for _round in range(ROUNDS):
        pairs = [(name, chance.choice(TEXTS)) for name in chance.sample(names, 4)]
        yield f"{path}?{urlencode(pairs)}"
    yield f"{path}?{chance.choice(names)}={chance.choice(RAW)}"


HEADERS = (
    {"Range": "bytes=0-" + "9" * 5000},
    {"Range": "bytes=-0,5-1,x"},
    {"Range": "\u00b2=1-2"},
    {"If-Range": "\u00ff", "Range": "bytes=0-1"},
    {"If-None-Match": '"' * 99, "If-Modified-Since": "Thu, 99 Foo 0000 99:99:99"},
    {"Host": "evil.example"},
    {"Host": "a b:99999999"},
    {"Cookie": "webinar=.eJw.x.y; remember_token=1|2; a"},
    {"Accept": "application/json", "Accept-Language": "xx;q=9,*;q=-1"},
    {"Authorization": "Basic ::::", "Authentication-Token": "x.y.z"},
    {"Content-Type": "application/json"},
    {"Content-Type": "multipart/form-data"},
    {"Transfer-Encoding": "chunked", "Content-Length": "-1"},
    {"X-Forwarded-For": "'", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"},
)


@pytest.mark.once
def test_headers_that_nobody_sends_break_nothing(
    app: Flask, administrator: Account, whole: World
) -> None:
    chance = random.Random(3)
    clients = [signed_in(app, administrator), app.test_client()]
    wrong: list[object] = []
    for rule, path in whole.all_paths("GET"):
        client = clients["token" in rule.arguments or MATRIX[rule.endpoint] == ANYBODY]
        for given in chance.sample(HEADERS, length(2, soak=len(HEADERS))):
            answer = client.get(path, headers=given)
            if b"evil.example" in answer.get_data():
                wrong.append(("host", path))
            check(answer, (path, given), wrong)
    assert wrong == []


@pytest.mark.parametrize(
    "body", ["[[1, 2], [3]]", '"x"', "5", "{", '{"next": 5, "email": [1]}', "[" * 100_000]
)
def test_signing_in_takes_no_json(app: Flask, body: str) -> None:
    answer = signed_in_nowhere(app).post("/anmelden", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_signing_in_hands_out_no_token(app: Flask, organiser: Account) -> None:
    """The library would put one that outlives the session into an answer in JSON."""
    answer = signed_in_nowhere(app).post(
        "/anmelden?include_auth_token",
        data={"email": organiser.email, "password": PASSWORD},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 303
    assert "token" not in answer.get_data(as_text=True)


def test_password_that_no_hash_takes_is_a_wrong_one(app: Flask, organiser: Account) -> None:
    data = {"email": organiser.email, "password": "x" * 5000}
    answer = signed_in_nowhere(app).post("/anmelden", data=data)
    assert answer.status_code == 422
    assert "das Kennwort stimmt nicht" in answer.get_data(as_text=True)


def signed_in_nowhere(app: Flask) -> FlaskClient:
    """A stranger's browser whose forms need no CSRF token."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    return app.test_client()


def test_public_page_names_no_host_but_its_own(client: FlaskClient, whole: World) -> None:
    page = f"/veranstaltungen/{whole.talk.slug}"
    for path in (page, f"{page}/kalender.ics"):
        text_of = client.get(path, headers={"Host": "evil.example"}).get_data(as_text=True)
        assert "evil.example" not in text_of
        assert f"http://localhost{page}" in text_of.replace("\r\n ", "")


def test_failing_statement_does_not_tell_what_it_was_given(app: Flask) -> None:
    """Its message stands in the log, which holds no personal data."""
    with pytest.raises(DatabaseError) as problem:
        db.session.execute(
            text("SELECT :address FROM nirgends"), {"address": "kern@gemeinde.example"}
        )
    assert "kern@" not in str(problem.value)
    db.session.rollback()
