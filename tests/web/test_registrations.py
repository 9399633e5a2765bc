"""The list of places: counts by side, the queue in order, filters and the table to save."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.queries import counted
from webinar.domain import participation
from webinar.extensions import db
from webinar.models import Format, Mode, Talk


def hybrid(places_hall: int = 1) -> Talk:
    return factories.talk(
        format=Format.HYBRID, venue="Saal", places_online=30, places_hall=places_hall
    )


def accept(talk: Talk, name: str, mode: Mode) -> None:
    contact = factories.contact(last_name=name, organisation=factories.organisation())
    participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()


def home(talk: Talk) -> str:
    return f"/desk/veranstaltungen/{talk.id}/anmeldungen"


def text_of(desk: FlaskClient, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\xa0", " ")


def test_index_counts_places_and_lists_the_queue_in_order(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    for name in ("Zoe", "Yves", "Xaver"):
        accept(talk, name, Mode.HALL)
    accept(talk, "Anna", Mode.ONLINE)
    page = text_of(desk, home(talk))
    assert "1 von 30 Plätzen belegt" in page
    assert "1 von 1 Plätzen belegt, 2 auf der Warteliste" in page
    order = [page.index(f"{name}, Hannah</a>") for name in ("Anna", "Zoe", "Yves", "Xaver")]
    assert order == sorted(order)
    assert page.index("Platz 1") < page.index("Platz 2")


def test_index_filters_and_exports_what_it_shows(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    accept(talk, "Zoe", Mode.HALL)
    accept(talk, "Yves", Mode.HALL)
    accept(talk, "Anna", Mode.ONLINE)
    narrowed = "?side=hall&state=waiting"
    page = text_of(desk, home(talk) + narrowed)
    assert "Yves" in page
    assert "Zoe, " not in page
    assert "Anna, " not in page
    rows = desk.get(f"{home(talk)}/liste.csv{narrowed}").get_data().decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert ";im Saal;Warteliste;Platz 1;" in rows[1]
    assert "Keine Treffer." in text_of(desk, home(talk) + "?q=niemand&side=x&state=cancelled")


def test_index_without_registrations_says_so(app: Flask, desk: FlaskClient) -> None:
    page = text_of(desk, home(factories.talk()))
    assert "Noch keine Anmeldungen." in page


def test_index_needs_the_same_queries_for_one_and_many(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid(places_hall=0)  # everybody waits: the queue is asked, too
    counts = []
    for names in ("A", "BC"):
        for name in names:
            accept(talk, name, Mode.HALL)
        with counted() as statements:
            text_of(desk, home(talk))
        counts.append(len(statements))
    assert counts == [10, 10]
