"""What was typed comes back as text wherever it shows, and leads nobody to another host."""

from __future__ import annotations

import csv
import io
import random
import re
from urllib.parse import urlencode, urlsplit

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.conftest import signed_in
from tests.web import world
from tests.web.access_matrix import ANYBODY, MATRIX
from tests.web.test_hostile import LAST, MARK, check, forms
from tests.web.world import World
from webinar.extensions import db
from webinar.models import Account, Contact

pytestmark = pytest.mark.hostile


@pytest.fixture
def whole(app: Flask, organiser: Account) -> World:
    return world.build(app, organiser)


WAYS_OUT = ("https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example")

NAMES = ("next", "url", "return", "back", "weiter", "zurueck", "to", "redirect", "way_on")


@pytest.mark.once
def test_no_address_leads_where_its_query_says(
    app: Flask, administrator: Account, whole: World
) -> None:
    """Pages and forms, by whatever name they might take a way on."""
    chance = random.Random(4)
    clients = [signed_in(app, administrator), app.test_client()]
    wrong: list[object] = []
    for method in ("GET", "POST"):
        for rule, path in whole.all_paths(method):
            client = clients["token" in rule.arguments or MATRIX[rule.endpoint] == ANYBODY]
            way = chance.choice(WAYS_OUT)
            query = dict.fromkeys(NAMES, way)
            asked = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
            data = query if method == "POST" else None
            with client.open(asked, method=method, data=data) as answer:
                gone = urlsplit(answer.headers.get("Location", ""))
                if "evil.example" in gone.netloc or gone.path.startswith(("//", "/\\")):
                    wrong.append((method, path, gone))
                check(answer, (method, path), wrong)
            db.session.expunge_all()  # as outside tests, where every request begins anew
    assert wrong == []


SUM = "{{ 7919 * 7907 }} ${7919*7907} #{7919*7907} {%print(7919*7907)%}"
STORED = f"{MARK}{SUM}"
KEPT = re.compile(r"-?[\d.,:T-]*|on|y|[\w.+-]+@[\w.-]+|[\w-]{30,}|https?://\S+")
"""What is no text: numbers, days, times, ticks, addresses, tickets."""
SHOWN = re.compile(re.escape("&lt;b data-hostile"))


@pytest.mark.once
def test_whatever_is_stored_is_shown_as_text(
    app: Flask, administrator: Account, whole: World
) -> None:
    """Markup and template code in every text of every form, one by one while the rest stays valid;
    then every page, calendar and preview, as office, as guest and as anybody."""
    client, stranger = signed_in(app, administrator), app.test_client()
    wrong: list[object] = []
    for form in forms(client, whole):
        if form.method != "post" or any(word in form.action for word in LAST):
            continue
        typed = [name for name, value in form.fields if not KEPT.fullmatch(value)]
        empty = [name for name, value in form.fields if not value]
        for name in dict.fromkeys([*typed, *empty]):
            sent = [(key, STORED if key == name else value) for key, value in form.fields]
            check(client.post(form.action, data=MultiDict(sent)), (form.action, name), wrong)
    shown = set()
    for _rule, path in whole.all_paths("GET"):
        for visitor in (client, stranger):
            with visitor.get(path) as answer:
                page = answer.get_data()
            if answer.mimetype == "text/html" and SHOWN.search(page.decode()):
                shown.add(path)
            if str(7919 * 7907).encode() in page:
                wrong.append(("reckoned", path))
            check(answer, path, wrong)
    assert wrong == []
    assert len(shown) > 10, shown


TABLES = ("contacts.export", "registrations.export", "attendances.export", "invitations.export")
FORMULA = "=cmd|' /C calc'!A0"
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.once
def test_no_table_that_leaves_holds_a_formula(
    app: Flask, administrator: Account, whole: World
) -> None:
    """Every address of the office's that answers with a table."""
    for contact in db.session.scalars(select(Contact)):
        contact.first_name = contact.last_name = contact.office = FORMULA
    whole.contact.organisation.name = whole.talk.title = "@SUM(1)"
    db.session.commit()
    client, tables, wrong = signed_in(app, administrator), set(), []
    for rule, path in whole.all_paths("GET"):
        with client.get(path) as answer:
            cells = cells_of(answer.mimetype, answer.get_data())
        tables |= {(rule.endpoint, answer.mimetype)} if cells else set()
        wrong += [(path, cell) for cell in cells if cell and cell[0] in "=+-@\t\r"]
    assert tables >= {(name, kind) for name in TABLES for kind in (CSV, XLSX)}
    assert wrong == []


def cells_of(mimetype: str, content: bytes) -> list[str]:
    """All cells of a table, of a workbook those that are no formula as "text"; none for anything
    else."""
    if mimetype == CSV:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
        return [cell for row in rows for cell in row]
    if mimetype == XLSX:
        sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        cells = [cell for sheet in sheets for row in sheet.rows for cell in row]
        return [f"={cell.value}" if cell.data_type == "f" else "text" for cell in cells]
    return []
