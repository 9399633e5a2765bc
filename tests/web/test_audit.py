"""The audit log's page and file, for administrators: words for every action, nothing personal."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from webinar.domain import audit, contacts
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Contact, Role, Talk
from webinar.web.organiser import audit_fields, audit_words

DOMAIN = Path(audit.__file__).parent
PAGE = "/desk/protokoll"


@pytest.fixture
def chief(app: Flask) -> Account:
    return factories.account(role=Role.ADMIN, name="Miriam Hartmann")


@pytest.fixture
def administration(app: Flask, chief: Account) -> FlaskClient:
    return signed_in(app, chief)


def text_of(client: FlaskClient, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\xa0", " ")


def edited(talk: Talk, chief: Account, **changes: object) -> None:
    audit.record("talk.edited", talk, by=chief, changes=dict(changes))
    db.session.commit()


def recorded_actions() -> set[str]:
    """Every action that a call of `audit.record` names, by the sources."""
    found = set()
    for path in DOMAIN.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_recorded_action_has_a_word() -> None:
    missing = recorded_actions() - set(audit_words.ACTIONS) - {audit_words.ANSWERED}
    assert missing == set()


def test_every_column_that_the_log_can_name_has_a_word() -> None:
    tables = (Talk, Contact)
    names = {column.name for table in tables for column in table.__table__.columns}
    kept = {"id", "created_at", "changed_at", "name_key", "sort_key", "search_key", "erased_at"}
    assert names - kept - audit_fields.UNSAID - set(audit_fields.FIELDS) == set()


def test_index_says_who_did_what_to_which_record(
    app: Flask, administration: FlaskClient, chief: Account
) -> None:
    edited(factories.talk(title="Schulen ans Netz"), chief, places_hall=[40, 60])
    page = text_of(administration)
    for words in ("Veranstaltung bearbeitet", "Schulen ans Netz", "40 → 60", "Miriam Hartmann"):
        assert words in page


def test_index_keeps_of_personal_fields_only_that_they_changed(
    app: Flask, administration: FlaskClient, chief: Account
) -> None:
    contact = factories.contact(email="alt@gemeinde.example")
    contact.email = "neu@gemeinde.example"
    audit.record("contact.edited", contact, by=chief, changes=audit.changes_of(contact))
    db.session.commit()
    page = text_of(administration)
    assert "E-Mail" in page
    assert "geändert" in page
    assert "gemeinde.example" not in page


def test_index_names_a_line_without_account_and_a_record_that_is_gone(
    app: Flask, administration: FlaskClient
) -> None:
    factories.save(AuditEntry(action="series.deleted", record_type="series", record_id=4711))
    page = text_of(administration)
    assert "Programm oder persönlicher Link" in page
    assert "Nr. 4711" in page


def test_index_is_narrowed_by_the_address(
    app: Flask, administration: FlaskClient, chief: Account
) -> None:
    edited(factories.talk(title="Schulen ans Netz"), chief)
    contacts.retire(factories.contact(last_name="Rosenmüller"), by=chief)
    db.session.commit()
    assert "Rosenmüller" not in text_of(administration, f"{PAGE}?record=talks")
    assert "Schulen ans Netz" in text_of(administration, f"{PAGE}?record=talks")
    assert "Keine Zeile passt." in text_of(administration, f"{PAGE}?until=2020-01-01")


@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31", "since=x&account=x"])
def test_index_ignores_what_makes_no_sense(
    app: Flask, administration: FlaskClient, chief: Account, query: str
) -> None:
    edited(factories.talk(title="Schulen ans Netz"), chief)
    assert "Schulen ans Netz" in text_of(administration, f"{PAGE}?{query}")


@pytest.mark.parametrize("count", [1, 3])
def test_index_asks_the_same_whatever_it_shows(
    app: Flask, administration: FlaskClient, chief: Account, count: int
) -> None:
    for _ in range(count):
        edited(factories.talk(), chief)
        audit.record("contact.created", factories.contact(), by=chief)
    db.session.commit()
    db.session.expunge_all()
    with counted() as statements:
        text_of(administration)
    assert len(statements) == 6


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_export_holds_the_lines_that_match(
    app: Flask, administration: FlaskClient, chief: Account, kind: str
) -> None:
    edited(factories.talk(title="Schulen ans Netz"), chief, places_hall=[40, 60])
    contacts.retire(factories.contact(), by=chief)
    db.session.commit()
    answer = administration.get(f"{PAGE}/protokoll.{kind}?record=talks")
    assert answer.status_code == 200
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
        assert len(rows) == 2
        assert rows[1][1:4] == ["Miriam Hartmann", "Veranstaltung bearbeitet", "Veranstaltung"]
        assert rows[1][5:] == ["Schulen ans Netz", "Plätze im Saal: 40 → 60"]


def test_navigation_shows_the_log_to_administrators_alone(
    app: Flask, administration: FlaskClient
) -> None:
    assert PAGE in text_of(administration, "/desk/")
    organiser = signed_in(app, factories.account(role=Role.ORGANISER))
    assert PAGE not in text_of(organiser, "/desk/")
