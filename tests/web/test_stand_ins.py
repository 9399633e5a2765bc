"""What the office takes down for one person: a deputy, and answers to the talk's questions."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from webinar.domain import participation, questions
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    Deputy,
    Mail,
    Mode,
    Question,
    QuestionKind,
    Registration,
    Talk,
)

DEPUTY = {
    "form": "frau",
    "first_name": "Vera",
    "last_name": "Vogel",
    "email": "vogel@gemeinde.example",
    "notify": "y",
}


def coming(app: Flask) -> tuple[Talk, Registration, str]:
    talk, contact = factories.talk(), factories.contact()
    place = participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    return talk, place, f"/desk/veranstaltungen/{talk.id}/personen/{contact.id}"


def templates() -> list[str]:
    return sorted(db.session.scalars(select(Mail.template)))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_deputy_is_named_and_taken_back_by_the_office(app: Flask, desk: FlaskClient) -> None:
    _talk, _place, path = coming(app)
    assert f"{path}/vertretung" in desk.get(path).text
    wrong = desk.post(f"{path}/vertretung", data={**DEPUTY, "last_name": ""})
    assert (wrong.status_code, "vogel@gemeinde.example" in wrong.text) == (422, True)
    done = desk.post(f"{path}/vertretung", data=DEPUTY, follow_redirects=True).text
    assert "Die Vertretung ist benannt." in done
    assert "Vera Vogel" in done
    held = select(Registration).where(Registration.state == "confirmed")
    assert db.session.scalars(held).one().contact.last_name == "Vogel"
    assert {"delegated", "deputy"} <= set(templates())
    back = desk.post(f"{path}/vertretung/zuruecknehmen", follow_redirects=True).text
    assert "Die Vertretung kommt nicht mehr." in back
    db.session.expire_all()
    assert db.session.scalars(select(Deputy)).one().ended_at is not None
    assert actions().count("invitation.answered") == 2


def test_nobody_is_told_where_the_office_does_not_want_it(app: Flask, desk: FlaskClient) -> None:
    _talk, _place, path = coming(app)
    before = templates()
    desk.post(f"{path}/vertretung", data={**DEPUTY, "notify": ""})
    assert templates() == before


def test_answers_are_taken_down_for_the_person(app: Flask, desk: FlaskClient) -> None:
    talk, place, path = coming(app)
    assert desk.get(path).text.count("Antworten auf die Fragen") == 0
    one = Question(talk=talk, position=0, kind=QuestionKind.TEXT, text="Essen?", required=True)
    factories.save(one)
    assert "Antworten auf die Fragen" in desk.get(path).text
    field = f"answer_{one.id}"
    missing = desk.post(f"{path}/angaben", data={field: ""})
    assert missing.status_code == 422
    desk.post(f"{path}/angaben", data={field: "vegetarisch", "notify": "y"})
    db.session.expire_all()
    assert questions.answers_of(place) == {one.id: "vegetarisch"}
    assert templates().count("details") == 1
    assert "vegetarisch" in desk.get(path).text
    assert "vegetarisch</textarea>" in desk.get(f"{path}/angaben").text
    desk.post(f"{path}/angaben", data={field: "vegan"})
    assert templates().count("details") == 1
    assert actions().count("registration.answers") == 2
    nobody = factories.contact()
    factories.invitation(talk, nobody)
    assert desk.get(f"{path.rpartition('/')[0]}/{nobody.id}/angaben").status_code == 404
