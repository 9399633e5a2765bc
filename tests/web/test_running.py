"""The running web server, with its processes and its real database, survives every form of every
page and every call of machines; its log knows of no defect and holds nothing that was typed."""

from __future__ import annotations

import http.client
import random
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import signed_in
from tests.test_deploy import serving
from tests.web import world
from tests.web.access_matrix import MACHINE, MATRIX
from tests.web.pageforms import forms_of
from tests.web.test_hostile import LAST, RAW, TEXTS, filled
from webinar.extensions import db
from webinar.models import Account

pytestmark = [pytest.mark.hostile, pytest.mark.soak]

TOKEN = "the token of the video server, long enough to pass"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WEBINAR_JITSI_PROSODY_TOKEN": TOKEN}


class Visitor:
    """Sends what it is told to, byte by byte, and keeps what is wrong with the answers."""

    def __init__(self, address: str, cookie: str) -> None:
        self.address, self.cookie = address, cookie
        self.wrong: list[object] = []

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> str:
        """The page; empty where the answer is none."""
        line = http.client.HTTPConnection(self.address, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, {"Cookie": self.cookie, **given})
        answer = line.getresponse()
        page = answer.read()
        line.close()
        if answer.status >= 500 and answer.status not in (501, 505):
            self.wrong.append((answer.status, method, path, body[:200]))
        if any(name.lower() == "bcc" for name, _value in answer.getheaders()):
            self.wrong.append(("header", method, path, body[:200]))
        is_page = answer.headers.get_content_type() == "text/html"
        return page.decode(errors="replace") if is_page else ""


def test_running_server_survives_every_form_and_every_call(
    app: Flask,
    environ: dict[str, str],
    organiser: Account,
    administrator: Account,
    tmp_path: Path,
) -> None:
    whole = world.build(app, organiser)
    client = signed_in(app, administrator)
    found = client.get_cookie("webinar")
    assert found is not None
    pages = [path for _rule, path in whole.all_paths("GET")]
    calls = [
        (method, path)
        for method in ("POST", "PUT", "PATCH", "DELETE")
        for rule, path in whole.all_paths(method)
        if MATRIX[rule.endpoint] == MACHINE
    ]
    db.session.remove()
    chance, log = random.Random(6), tmp_path / "log"
    with serving(environ, log) as address:
        visitor = Visitor(address, f"webinar={found.value}")
        send_forms(visitor, pages, chance)
        send_calls(visitor, calls, chance)
    assert visitor.wrong == []
    said = log.read_text()
    assert "unexpected error" not in said
    assert "Bcc: alle" not in said


def send_forms(visitor: Visitor, pages: list[str], chance: random.Random) -> None:
    """Each form once for each address that it goes to, with a few fillings; the ending ones last,
    signing out never."""
    forms = {
        (form.method, form.action, tuple(form.names)): form
        for path in pages
        for form in forms_of(visitor.ask("GET", path), address=path)
        if "/abmelden" not in form.action
    }
    order = sorted(forms.values(), key=lambda form: any(word in form.action for word in LAST))
    assert len(order) > 50
    for form in order:
        bodies = list(filled(form, chance))
        for body, kind in chance.sample(bodies, min(4, len(bodies))):
            if form.method == "post":
                visitor.ask("POST", form.action, body, Content_Type=kind)
            elif kind == FORM:
                visitor.ask("GET", f"{form.action.partition('?')[0]}?{body.decode()}")


def send_calls(visitor: Visitor, calls: list[tuple[str, str]], chance: random.Random) -> None:
    """With the right token and without, in every shape of body."""
    assert len(calls) > 5
    short = [text.encode(errors="replace") for text in TEXTS if len(text) < 10_000]
    for method, path in calls:
        for body in (b"{}", b"[[]]", b'{"room": 5}', b"[" * 10_000, *chance.sample(short, 5)):
            for kind in ("application/json", FORM, "text/x"):
                proof = chance.choice((f"Bearer {TOKEN}", "Bearer x", "Basic ::"))
                visitor.ask(method, path, body, Content_Type=kind, Authorization=proof)
        visitor.ask(method, path, chance.choice(RAW).encode(), Content_Type=FORM)
