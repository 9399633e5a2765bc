"""The page of one person at one talk, and what the office does from there."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from webinar.clock import now
from webinar.domain import participation, registrations
from webinar.extensions import db
from webinar.models import (
    Answer,
    AuditEntry,
    Contact,
    Format,
    Invitation,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Role,
    Source,
    Talk,
    TalkState,
)

S = RegistrationState


def hybrid(places_hall: int = 1) -> Talk:
    return factories.talk(
        format=Format.HYBRID, venue="Saal", places_online=30, places_hall=places_hall
    )


def accept(talk: Talk, name: str, mode: Mode = Mode.HALL) -> Contact:
    contact = factories.contact(last_name=name)
    participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()
    return contact


def home(talk: Talk, contact: Contact) -> str:
    return f"/desk/veranstaltungen/{talk.id}/personen/{contact.id}"


def text_of(desk: FlaskClient, address: str, status: int = 200) -> str:
    answer = desk.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True).replace("\xa0", " ")


def pressed(desk: FlaskClient, address: str, **form: str) -> str:
    """The page of the person after the act."""
    answer = desk.post(address, data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    db.session.expire_all()
    return text_of(desk, answer.headers["Location"])


def place(talk: Talk, contact: Contact) -> Registration | None:
    return registrations.active_registration(talk, contact=contact)


def told(contact: Contact) -> list[str]:
    query = select(Mail.template).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return list(db.session.scalars(query))


def test_page_shows_place_queue_source_mails_and_acts(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    accept(talk, "Zoe")
    second = accept(talk, "Yves")
    accept(talk, "Xaver")
    page = text_of(desk, home(talk, second))
    assert "Warteliste: im Saal, Platz 1 von 2" in page
    assert "über den persönlichen Link" in page
    assert "Jetzt nachrücken lassen" in page
    assert page.count("kern-btn--primary") == 1


def test_page_of_somebody_who_has_nothing_to_do_with_the_talk_is_missing(
    app: Flask, desk: FlaskClient
) -> None:
    text_of(desk, home(factories.talk(), factories.contact()), 404)


def test_page_needs_the_same_queries_for_little_and_much(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    contact = accept(talk, "Zoe")
    counts = []
    for number in (1, 3):
        for _round in range(number):
            pressed(desk, f"{home(talk, contact)}/link", number=str(_round + number))
        with counted() as statements:
            text_of(desk, home(talk, contact))
        counts.append(len(statements))
    assert counts == [19, 19]


@pytest.mark.parametrize(("notify", "mails"), [("y", ["confirmation"]), ("", [])])
def test_answer_by_telephone_is_taken_down_and_told_as_wished(
    app: Flask, desk: FlaskClient, notify: str, mails: list[str]
) -> None:
    talk, contact = hybrid(), factories.contact()
    factories.invitation(talk, contact)
    form = {"answer": "hall", "notify": notify} if notify else {"answer": "hall"}
    page = pressed(desk, f"{home(talk, contact)}/antwort", **form)
    assert "Die Antwort ist eingetragen." in page
    assert "Zusage eingetragen" in page
    assert "durch das Büro" in page
    assert told(contact) == mails


def test_refusal_by_telephone_gives_the_place_to_the_next(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    first, second = accept(talk, "Zoe"), accept(talk, "Yves")
    pressed(desk, f"{home(talk, first)}/antwort", answer="declined")
    found = place(talk, second)
    assert (place(talk, first), found and found.state) == (None, S.CONFIRMED)
    assert told(first) == ["confirmation"]


def test_answer_that_is_none_is_shown_at_its_field(app: Flask, desk: FlaskClient) -> None:
    talk, contact = hybrid(), factories.contact()
    factories.invitation(talk, contact)
    answer = desk.post(f"{home(talk, contact)}/antwort", data={"answer": "vielleicht"})
    assert answer.status_code == 422
    assert 'id="answer-e"' in answer.get_data(as_text=True)


def test_exclusion_says_what_it_means_and_happens_only_when_sent(
    app: Flask, desk: FlaskClient
) -> None:
    talk = hybrid()
    contact = accept(talk, "Zoe")
    page = text_of(desk, f"{home(talk, contact)}/ausschliessen")
    assert "Der Platz wird frei" in page
    assert 'name="notify" type="checkbox"' in page or "checked" in page
    assert place(talk, contact) is not None
    page = pressed(desk, f"{home(talk, contact)}/ausschliessen", notify="y")
    assert "Die Einladung ist zurückgenommen." in page
    assert (place(talk, contact), told(contact)[-1]) == (None, "withdrawn")
    assert f"{home(talk, contact)}/ausschliessen" not in page


def test_link_is_sent_once_for_two_clicks_and_again_on_purpose(
    app: Flask, desk: FlaskClient
) -> None:
    talk, contact = hybrid(), factories.contact()
    factories.invitation(talk, contact)
    page = text_of(desk, home(talk, contact))
    for _click in range(2):
        number = re.search(r'name="number" value="(\d+)"', page)
        assert number is not None
        pressed(desk, f"{home(talk, contact)}/link", number=number[1])
    page = text_of(desk, home(talk, contact))
    assert 'name="number" value="2"' in page
    pressed(desk, f"{home(talk, contact)}/link", number="2")
    assert told(contact) == ["personal_link"] * 2


def test_replaced_link_is_mailed_as_wished(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    contact = accept(talk, "Zoe")
    page = pressed(desk, f"{home(talk, contact)}/link/ersetzen", notify="y")
    assert "Persönlicher Link ersetzt" in page
    assert told(contact)[-1] == "personal_link"
    pressed(desk, f"{home(talk, contact)}/link/ersetzen", csrf_token="x")
    assert told(contact).count("personal_link") == 1


def test_waiting_list_is_moved_with_a_reason_that_the_page_keeps(
    app: Flask, desk: FlaskClient
) -> None:
    talk = hybrid()
    _first, second, third = (accept(talk, name) for name in ("Zoe", "Yves", "Xaver"))
    address = f"{home(talk, third)}/warteliste/verschieben"
    assert 'value="1"' in text_of(desk, address)
    bad = desk.post(address, data={"position": "1", "reason": ""})
    assert bad.status_code == 422
    assert "Bitte nennen Sie den Grund" in bad.get_data(as_text=True)
    page = pressed(desk, address, position="1", reason="Trägt vor <b>")
    assert "von Platz 2 auf Platz 1. Trägt vor &lt;b&gt;" in page
    line = [row.contact_id for row in registrations.queue(talk, Mode.HALL)]
    assert line == [third.id, second.id]


@pytest.mark.parametrize("position", ["", "0", "-1", "viele"])
def test_move_to_no_place_is_refused_and_keeps_the_reason(
    app: Flask, desk: FlaskClient, position: str
) -> None:
    talk = hybrid()
    accept(talk, "Zoe")
    contact = accept(talk, "Yves")
    address = f"{home(talk, contact)}/warteliste/verschieben"
    answer = desk.post(address, data={"position": position, "reason": "Trägt vor"})
    assert answer.status_code == 422
    assert "Trägt vor" in answer.get_data(as_text=True)


def test_promotion_says_that_it_raises_the_places_before_it_does(
    app: Flask, desk: FlaskClient
) -> None:
    talk = hybrid()
    accept(talk, "Zoe")
    contact = accept(talk, "Yves")
    address = f"{home(talk, contact)}/warteliste/nachruecken"
    assert "steigt die Zahl der Plätze auf 2" in text_of(desk, address)
    blunt = desk.post(address, data={"reason": "Trägt vor"})
    assert blunt.status_code == 422
    assert "kein Platz frei" in blunt.get_data(as_text=True)
    pressed(desk, address, reason="Trägt vor", raise_places="y")
    found = place(talk, contact)
    assert (found and found.state, talk.places_hall) == (S.CONFIRMED, 2)


def test_refusal_sends_the_words_and_keeps_the_reason(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    accept(talk, "Zoe")
    contact = accept(talk, "Yves")
    address = f"{home(talk, contact)}/warteliste/ablehnen"
    form = {"reason": "Zu viele", "words": "Bis bald.", "notify": "y"}
    page = pressed(desk, address, **form)
    assert "abgelehnt" in page
    assert "Zu viele" in page
    letter = db.session.scalars(select(Mail).where(Mail.template == "refused")).one()
    assert letter.params == {"words": "Bis bald."}


def test_pages_of_the_waiting_list_are_missing_for_who_holds_nothing(
    app: Flask, desk: FlaskClient
) -> None:
    talk, contact = hybrid(), factories.contact()
    factories.invitation(talk, contact)
    for page in ("verschieben", "nachruecken", "ablehnen"):
        text_of(desk, f"{home(talk, contact)}/warteliste/{page}", 404)
    holder = accept(talk, "Zoe")
    answer = desk.get(f"{home(talk, holder)}/warteliste/verschieben")
    assert answer.headers["Location"] == home(talk, holder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": TalkState.CANCELLED}, "Diese Veranstaltung ist abgesagt."),
        ({"starts_at": now()}, "Diese Veranstaltung hat begonnen."),
    ],
)
def test_page_says_why_nothing_can_be_done(
    app: Flask, desk: FlaskClient, values: dict[str, object], words: str
) -> None:
    talk, contact = factories.talk(**values), factories.contact()  # type: ignore[arg-type]
    factories.invitation(talk, contact)
    page = text_of(desk, home(talk, contact))
    assert words in page
    assert "/antwort" not in page
    assert desk.get(f"{home(talk, contact)}/antwort").status_code == 303


def test_viewer_sees_the_person_without_acts(app: Flask) -> None:
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    talk = hybrid()
    contact = accept(talk, "Zoe")
    page = text_of(viewer, home(talk, contact))
    assert "/antwort" not in page
    assert "/ersetzen" not in page
    assert "/ablehnen" not in page


def new(talk: Talk, rest: str = "") -> str:
    return f"/desk/veranstaltungen/{talk.id}/personen/neu{rest}"


def test_search_offers_who_is_not_invited_and_shows_who_is(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    invited, other = accept(talk, "Seubert"), factories.contact(last_name="Seuberth")
    page = text_of(desk, new(talk, "?q=seubert"))
    assert f'href="{home(talk, invited)}"' in page
    assert f'href="{new(talk, f"/{other.id}")}"' in page
    assert desk.get(new(talk, f"/{invited.id}")).headers["Location"] == home(talk, invited)


def test_contact_is_registered_by_hand(app: Flask, desk: FlaskClient) -> None:
    talk, contact = hybrid(), factories.contact()
    assert "checked" in text_of(desk, new(talk, f"/{contact.id}"))
    pressed(desk, new(talk, f"/{contact.id}"), side="hall")
    found = place(talk, contact)
    assert found is not None
    assert (found.source, found.mode, told(contact)) == (Source.OFFICE, Mode.HALL, [])


NEW = {
    "form": "herr",
    "first_name": "Max",
    "last_name": "Ott",
    "email": "max.ott@ort.example",
    "organisation": "Gemeinde Kist",
    "language": "de",
    "side": "online",
    "notify": "y",
}


def test_new_person_is_registered_and_joins_the_address_book(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    pressed(desk, new(talk, "/person"), **NEW)
    contact = db.session.scalars(select(Contact)).one()
    assert contact.organisation is not None
    assert (contact.last_name, contact.organisation.name) == ("Ott", "Gemeinde Kist")
    assert told(contact) == ["confirmation"]


def test_typed_person_who_is_known_is_not_doubled(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    known = factories.contact(first_name="Max", last_name="Ott", email=NEW["email"])
    pressed(desk, new(talk, "/person"), **NEW)
    assert db.session.scalars(select(Contact)).one() is known
    assert place(talk, known) is not None


def test_other_name_at_a_known_address_is_a_question_that_keeps_what_was_typed(
    app: Flask, desk: FlaskClient
) -> None:
    talk = hybrid()
    factories.contact(email=NEW["email"])
    answer = desk.post(new(talk, "/person"), data=NEW)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="second"' in page
    assert 'value="Ott"' in page
    assert db.session.scalars(select(Registration)).all() == []
    pressed(desk, new(talk, "/person"), **NEW, decision="second")
    assert db.session.scalars(select(Invitation.answer)).one() == Answer.ACCEPTED


def test_registering_twice_leaves_one_place_and_one_mail(app: Flask, desk: FlaskClient) -> None:
    talk = hybrid()
    for _click in range(2):
        pressed(desk, new(talk, "/person"), **NEW)
    assert len(db.session.scalars(select(Registration)).all()) == 1
    assert len(db.session.scalars(select(Mail)).all()) == 1
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions.count("invitation.answered") == 1
