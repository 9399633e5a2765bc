"""The public form and its answer, which says nothing about any address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.personal import address, everything, looked_at
from webinar.clock import now
from webinar.domain import participation, registrations, subscriptions
from webinar.extensions import db, limiter
from webinar.models import (
    Contact,
    Format,
    Mail,
    Mode,
    Purpose,
    Registration,
    Talk,
    Visibility,
)

EVA = {"first_name": "Eva", "last_name": "Kern", "email": "eva@verein.example", "mode": "online"}
HTML = "<b data-hostile>Kern</b>"


def public_talk(**values: Any) -> Talk:
    return factories.talk(**{"visibility": Visibility.PUBLIC, **values})


def path(talk: Talk) -> str:
    return f"/veranstaltungen/{talk.slug}"


def send(client: FlaskClient, talk: Talk, **values: str) -> Any:
    return client.post(f"{path(talk)}/anmeldung", data={**EVA, **values})


def count(model: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.rollback()
    return found


def person(number: int, **values: Any) -> Contact:
    email = f"person{number}@gemeinde.example"
    return factories.contact(first_name="Eva", last_name="Kern", email=email, **values)


def test_form_is_on_the_page_of_a_public_talk_only(client: FlaskClient) -> None:
    page = client.get(path(public_talk())).get_data(as_text=True)
    assert 'id="anmeldung"' in page
    assert 'name="last_name"' in page
    assert "Set-Cookie" not in client.get(path(public_talk())).headers
    assert 'name="last_name"' not in client.get(path(factories.talk())).get_data(as_text=True)


def test_answers_for_all_addresses_are_the_same_bytes(client: FlaskClient) -> None:
    """Unknown, known, invited, declined, registered, waiting for confirmation, unsubscribed,
    retired, erased: the same status, headers and page."""
    talk = public_talk()
    person(1)
    factories.invitation(talk, person(2))
    declined = factories.invitation(talk, person(3))
    participation.decline(declined)
    participation.accept(factories.invitation(talk, person(4)), mode=Mode.ONLINE)
    subscriptions.unsubscribe(person(5))
    person(6, retired_at=now())
    person(7, erased_at=now())
    db.session.commit()
    send(client, talk, email="person8@gemeinde.example")
    answers = set()
    for number in range(9):
        answer = send(client, talk, email=f"person{number}@gemeinde.example")
        page = client.get(answer.headers["Location"])
        headers = tuple((k, v) for k, v in answer.headers if k != "Date")
        answers.add((answer.status_code, headers, answer.data, page.status_code, page.data))
    assert len(answers) == 1
    assert answers.pop()[0] == 303


def test_one_mail_follows_for_each_address_but_never_two(client: FlaskClient) -> None:
    talk = public_talk()
    factories.invitation(talk, person(2))
    for number in range(1, 4):
        send(client, talk, email=f"person{number}@gemeinde.example")
    mails = db.session.execute(select(Mail.recipient, Mail.template).order_by(Mail.id)).all()
    assert [tuple(row) for row in mails] == [
        ("person1@gemeinde.example", "signup_confirm"),
        ("person2@gemeinde.example", "signup_invited"),
        ("person3@gemeinde.example", "signup_confirm"),
    ]


def test_errors_stand_at_their_field_and_everything_stays(client: FlaskClient) -> None:
    talk = public_talk()
    answer = send(client, talk, email="eva", last_name="", office=HTML, form="frau")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="last_name-e"' in page
    assert 'href="#last_name"' in page
    assert "&lt;b data-hostile&gt;" in page
    assert HTML not in page
    assert '<option value="frau" selected>' in page
    answer = send(client, talk, email="eva")
    assert 'id="email-e"' in answer.get_data(as_text=True)
    assert count(Contact) == 0


def test_html_in_every_field_stays_text_on_all_pages(client: FlaskClient) -> None:
    talk = public_talk()
    values = dict.fromkeys(("first_name", "last_name", "office", "organisation"), HTML)
    assert send(client, talk, **values).status_code == 303
    contact = db.session.scalars(select(Contact)).one()
    for purpose, at in ((Purpose.ANSWER, talk), (Purpose.PREFERENCES, None)):
        page = client.get(address(contact, purpose, at)).get_data(as_text=True)
        assert "data-hostile" in page
        assert HTML not in page


def test_trap_answers_alike_and_writes_nothing(client: FlaskClient) -> None:
    talk = public_talk()
    before = everything()
    answer = send(client, talk, homepage="https://spam.example", last_name="")
    real = send(client, public_talk())
    assert answer.status_code == real.status_code == 303
    assert answer.headers["Location"] == f"{path(talk)}/anmeldung"
    assert everything()["mails"] != before["mails"]  # of the real one
    assert count(Contact) == 1


def test_trap_is_met_by_neither_key_nor_screen_reader(client: FlaskClient) -> None:
    page = client.get(path(public_talk())).get_data(as_text=True)
    trap = re.search(r'<div class="kern-sr-only" aria-hidden="true">.*?</div>', page)
    assert trap is not None
    assert 'name="homepage"' in trap[0]
    assert 'tabindex="-1"' in trap[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"visibility": Visibility.INVITED}, "nur mit Einladung"),
        ({"state": "cancelled"}, "abgesagt"),
        ({"registration_closes_at": factories.at("2026-01-01T10:00")}, "Anmeldung ist geschlossen"),
        ({"registration_opens_at": factories.at("2099-01-01T10:00")}, "noch nicht"),
        ({"starts_at": factories.at("2026-01-01T10:00")}, "begonnen"),
    ],
)
def test_talk_that_takes_nobody_says_so(
    client: FlaskClient, values: dict[str, Any], said: str
) -> None:
    talk = public_talk(**values)
    assert 'name="last_name"' not in client.get(path(talk)).get_data(as_text=True)
    answer = send(client, talk)
    assert answer.status_code == 409
    assert said in answer.get_data(as_text=True)
    assert count(Contact) == 0


def test_draft_looks_like_nothing(client: FlaskClient) -> None:
    assert send(client, public_talk(state="draft")).status_code == 404


def test_full_talk_says_so_before_the_form(client: FlaskClient) -> None:
    talk = public_talk(places_online=0)
    page = client.get(path(talk)).get_data(as_text=True)
    assert "Alle Plätze sind vergeben." in page
    assert "Auf die Warteliste" in page
    other = client.get(path(public_talk())).get_data(as_text=True)
    assert "Alle Plätze sind vergeben." not in other


def test_side_is_asked_for_hybrid_talks(client: FlaskClient) -> None:
    talk = public_talk(format=Format.HYBRID)
    assert 'value="hall"' in client.get(path(talk)).get_data(as_text=True)
    assert send(client, talk, mode="mars").status_code == 422
    assert send(client, talk, mode="hall").status_code == 303
    contact = db.session.scalars(select(Contact)).one()
    page = client.get(address(contact, Purpose.ANSWER, talk)).get_data(as_text=True)
    assert re.search(r'value="hall" checked', page)


def test_link_confirms_on_post_alone_and_is_the_persons_page(client: FlaskClient) -> None:
    talk = public_talk()
    send(client, talk)
    contact = db.session.scalars(select(Contact)).one()
    page = address(contact, Purpose.ANSWER, talk)
    before = everything()
    assert set(looked_at(client, page)) == {200}
    assert everything() == before
    assert "Anmeldung bestätigen" in client.get(page).get_data(as_text=True)
    assert client.post(f"{page}/zusage", data={"mode": "online"}).status_code == 303
    shown = client.get(page).get_data(as_text=True)
    assert "Sie sind angemeldet" in shown
    assert client.get(f"{page}/kalender.ics").status_code == 200
    assert client.post(f"{page}/absage").status_code == 303
    assert registrations.active_registration(talk, contact=contact) is None
    db.session.rollback()
    assert "Sie haben abgesagt" in client.get(page).get_data(as_text=True)
    assert client.post(f"{page}/zusage", data={"mode": "online"}).status_code == 303
    assert "Sie sind angemeldet" in client.get(page).get_data(as_text=True)
    mails = db.session.scalars(select(Mail.template).order_by(Mail.id)).all()
    assert mails == ["signup_confirm", "confirmation", "declined", "confirmation"]


def test_own_registration_changes_sides(client: FlaskClient) -> None:
    talk = public_talk(format=Format.HYBRID)
    send(client, talk)
    contact = db.session.scalars(select(Contact)).one()
    page = address(contact, Purpose.ANSWER, talk)
    for side in ("online", "hall"):
        client.post(f"{page}/zusage", data={"mode": side})
    assert db.session.scalars(select(Registration.mode)).all() == ["hall"]


def test_network_is_slowed_down(app: Flask) -> None:
    talk = public_talk()
    limiter.enabled = True
    limiter.reset()
    client = app.test_client()
    statuses = [send(client, talk, last_name="").status_code for _ in range(22)]
    assert statuses[:20] == [422] * 20
    assert statuses[-1] == 429
    assert client.get(path(talk)).status_code == 200


def test_english_form_makes_english_mails(client: FlaskClient) -> None:
    talk = public_talk()
    answer = client.post(f"{path(talk)}/anmeldung?lang=en", data=EVA)
    assert "mailbox" in client.get(answer.headers["Location"]).get_data(as_text=True)
    assert db.session.scalars(select(Contact.language)).one() == "en"
