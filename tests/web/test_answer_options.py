"""The personal page of a talk with an opening time, a limit per organisation, or own questions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import everything, looked_at
from tests.web.test_answer import invited, stand, text
from webinar.clock import now
from webinar.domain import questions, registrations
from webinar.domain.questions import QuestionValues
from webinar.extensions import db
from webinar.models import Invitation, Mail, QuestionKind, Talk

K = QuestionKind
HOSTILE = '<b data-x="">&amp; {{ 7*7 }}'


def asking(talk: Talk) -> Talk:
    values = [
        QuestionValues(text="Auto?", kind=K.CHOICE, choices="Ja\nRad <1>", required=True),
        QuestionValues(text="Wünsche <b>?"),
    ]
    questions.set_questions(talk, values)
    db.session.commit()
    return talk


def names(talk: Talk) -> tuple[str, str]:
    first, second = questions.asked(talk)
    return f"answer_{first.id}", f"answer_{second.id}"


def answers(row: Invitation) -> list[str]:
    db.session.expire_all()
    found = registrations.active_registration(row.talk, contact=row.contact)
    assert found is not None
    return list(questions.answers_of(found).values())


def templates(row: Invitation) -> list[str]:
    query = select(Mail.template).where(Mail.contact_id == row.contact_id).order_by(Mail.id)
    return list(db.session.scalars(query))


def test_before_it_opens_one_can_decline_but_not_accept(client: FlaskClient) -> None:
    talk = factories.talk(registration_opens_at=now() + timedelta(days=2))
    row, path = invited(talk, language="de")
    page = text(client, path)
    assert "Die Anmeldung öffnet am" in page
    assert f'action="{path}/absage"' in page
    assert f'action="{path}/zusage"' not in page
    public = text(client, f"/veranstaltungen/{talk.slug}")
    assert "Die Anmeldung öffnet am" in public
    assert client.post(f"{path}/zusage").status_code == 409
    assert stand(row) == ("none", None, None)
    assert client.post(f"{path}/absage").status_code == 303
    assert stand(row) == ("declined", None, None)
    assert "Die Anmeldung öffnet am" in text(client, path)
    later = text(client, path, at=now() + timedelta(days=3))
    assert f'action="{path}/zusage"' in later


def test_who_is_over_the_limit_reads_why_before_and_after(client: FlaskClient) -> None:
    town = factories.organisation("Gemeinde Kürnach")
    talk = factories.talk(places_per_organisation=2)
    for _ in range(2):
        _row, path = invited(talk, organisation=town)
        client.post(f"{path}/zusage")
    row, path = invited(talk, organisation=town, language="de")
    page = text(client, path)
    assert "Für Gemeinde Kürnach sind bereits 2 Plätze vergeben." in page
    assert "Auf die Warteliste" in page
    client.post(f"{path}/zusage")
    assert stand(row) == ("accepted", "waiting", "online")
    page = text(client, path)
    assert "Für Gemeinde Kürnach sind bereits 2 Plätze vergeben." in page
    assert "Sie stehen auf Platz 1 der Warteliste" in page


def test_page_that_asks_writes_nothing(client: FlaskClient) -> None:
    _row, path = invited(asking(factories.talk()))
    before = everything()
    looked_at(client, path, f"{path}/angaben")
    assert everything() == before


def test_required_answer_is_refused_at_its_field_and_the_rest_kept(client: FlaskClient) -> None:
    talk = asking(factories.talk(format="hybrid", venue="Saal"))
    row, path = invited(talk)
    needed, free = names(talk)
    answer = client.post(f"{path}/zusage", data={"mode": "hall", free: HOSTILE})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{needed}-e"' in page
    assert 'value="hall" checked' in page
    assert "&lt;b data-x=&#34;&#34;&gt;&amp;amp; {{ 7*7 }}</textarea>" in page
    assert "<b data-x" not in page
    assert "Rad &lt;1&gt;" in page
    assert stand(row) == ("none", None, None)


def test_answers_are_stored_and_changed_with_a_mail(client: FlaskClient) -> None:
    talk = asking(factories.talk())
    row, path = invited(talk)
    needed, free = names(talk)
    data = {needed: "Rad <1>", free: "Nichts"}
    for _click in range(2):
        assert client.post(f"{path}/zusage", data=data).status_code == 303
    assert answers(row) == ["Rad <1>", "Nichts"]
    assert templates(row) == ["confirmation"]
    page = text(client, path)
    assert 'value="Rad &lt;1&gt;" checked' in page
    assert "Nichts</textarea>" in page
    for _click in range(2):
        answer = client.post(f"{path}/angaben", data={needed: "Ja", free: ""})
        assert answer.status_code == 303
    assert answers(row) == ["Ja", ""]
    assert templates(row) == ["confirmation", "details"]


@pytest.mark.parametrize(
    ("given", "field"), [({0: ""}, 0), ({0: "Tofu"}, 0), ({0: "Ja", 1: "x" * 1001}, 1)]
)
def test_bad_details_stay_at_their_field(
    client: FlaskClient, given: dict[int, str], field: int
) -> None:
    talk = asking(factories.talk())
    row, path = invited(talk)
    fields = names(talk)
    client.post(f"{path}/zusage", data={fields[0]: "Ja"})
    data = {fields[number]: value for number, value in given.items()}
    answer = client.post(f"{path}/angaben", data=data)
    assert answer.status_code == 422
    assert f'id="{fields[field]}-e"' in answer.get_data(as_text=True)
    assert answers(row)[0] == "Ja"


def test_changing_sides_asks_for_no_answers_and_keeps_them(client: FlaskClient) -> None:
    talk = asking(factories.talk(format="hybrid", venue="Saal"))
    row, path = invited(talk)
    client.post(f"{path}/zusage", data={"mode": "hall", names(talk)[0]: "Ja"})
    assert client.post(f"{path}/zusage", data={"mode": "online"}).status_code == 303
    assert stand(row) == ("accepted", "confirmed", "online")
    assert answers(row)[0] == "Ja"


def test_details_of_nobody_and_after_the_start_change_nothing(client: FlaskClient) -> None:
    talk = asking(factories.talk())
    row, path = invited(talk)
    needed, _free = names(talk)
    assert client.post(f"{path}/angaben", data={needed: "Ja"}).status_code == 303
    assert stand(row) == ("none", None, None)
    client.post(f"{path}/zusage", data={needed: "Ja"})
    talk.starts_at = now() - timedelta(minutes=1)
    db.session.commit()
    assert client.post(f"{path}/angaben", data={needed: "Rad <1>"}).status_code == 409
    assert answers(row)[0] == "Ja"
