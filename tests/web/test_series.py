"""The series' pages."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from webinar.extensions import db
from webinar.models import Role, Series

LIST = "/desk/reihen"


def test_list_costs_the_same_for_one_and_three(desk: FlaskClient) -> None:
    costs = []
    for number in (1, 2):
        for _ in range(number):
            factories.talk()
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(LIST).status_code == 200
        costs.append(len(statements))
    assert costs == [5, 5]


def test_empty_list_says_what_to_do(desk: FlaskClient) -> None:
    page = desk.get(LIST).text
    assert f"{LIST}/neu" in page
    assert "<table" not in page


def test_series_is_added_and_changed(desk: FlaskClient) -> None:
    data = {"name": "After-Work-Wissen", "host": "Landrat Johannes Weidner", "signature": "A\r\nB"}
    assert desk.post(f"{LIST}/neu", data=data).status_code == 303
    found = db.session.scalars(select(Series)).one()
    assert (found.slug, found.signature) == ("after-work-wissen", "A\nB")
    page = desk.get(f"{LIST}/{found.id}/bearbeiten").text
    assert 'value="Landrat Johannes Weidner"' in page
    desk.post(f"{LIST}/{found.id}/bearbeiten", data={**data, "name": "Wissen am Abend"})
    db.session.refresh(found)
    assert (found.name, found.slug) == ("Wissen am Abend", "after-work-wissen")


def test_name_is_needed_and_the_rest_stays_typed(desk: FlaskClient) -> None:
    answer = desk.post(f"{LIST}/neu", data={"name": " ", "host": "Landrat <Weidner>"})
    assert answer.status_code == 422
    assert 'id="name-e"' in answer.text
    assert "Landrat &lt;Weidner&gt;" in answer.text
    assert db.session.scalars(select(Series)).all() == []


def test_copy_begins_with_the_words_of_the_other(desk: FlaskClient) -> None:
    other = factories.series(description="Für **alle** Gemeinden")
    page = desk.get(f"{LIST}/neu?template={other.id}").text
    assert f'value="{other.host}"' in page
    assert "Für **alle** Gemeinden" in page
    assert desk.get(f"{LIST}/neu?template=999").status_code == 404


def test_only_a_series_without_talks_is_removed(desk: FlaskClient) -> None:
    talk, empty = factories.talk(), factories.series()
    assert f"{talk.series_id}/loeschen" not in desk.get(f"{LIST}/{talk.series_id}/bearbeiten").text
    for one in (talk.series_id, empty.id):
        assert desk.post(f"{LIST}/{one}/loeschen").status_code == 303
    assert db.session.scalars(select(Series.id)).all() == [talk.series_id]
    assert "kern-alert--danger" in desk.get(LIST).text


def test_viewer_reads_and_is_offered_nothing(app: Flask) -> None:
    factories.series()
    page = signed_in(app, factories.account(role=Role.VIEWER)).get(LIST).text
    assert "After-Work-Wissen" in page
    assert "/neu" not in page
    assert "/bearbeiten" not in page
