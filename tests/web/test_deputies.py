"""Naming a deputy from the personal page: form, review, act, and the deputy's own page."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.personal import address, everything, looked_at
from webinar.clock import now
from webinar.domain import deputies, invitations, participation
from webinar.domain.contacts import ContactData
from webinar.extensions import db
from webinar.models import Answer, Contact, Invitation, Mail, Mode, Purpose, Talk

PERSON = {
    "form": "herr",
    "title": "Dr.",
    "first_name": "Jonas",
    "last_name": "Weiß",
    "office": "Zweiter Bürgermeister",
    "email": "Weiss@gemeinde.example",
}


def inviter(talk: Talk, *, accepted: bool = True) -> tuple[Invitation, str]:
    """The invitation of a mayor and the path of her page."""
    organisation = factories.organisation("Gemeinde Musterort")
    contact = factories.contact(last_name="Seubert", organisation_id=organisation.id)
    row = factories.invitation(talk, contact)
    if accepted:
        participation.accept(row, mode=Mode.ONLINE)
        db.session.commit()
    return row, address(contact, Purpose.ANSWER, talk)


def named(client: FlaskClient, path: str, **changed: str) -> int:
    return client.post(f"{path}/vertretung/benennen", data={**PERSON, **changed}).status_code


def deputy() -> Contact:
    db.session.expire_all()
    return db.session.scalars(select(Contact).where(Contact.origin == "deputy")).one()


def test_page_leads_to_the_form_and_the_form_says_whom_it_is_for(client: FlaskClient) -> None:
    _, path = inviter(factories.talk())
    assert f'href="{path}/vertretung"' in client.get(path).text
    page = client.get(f"{path}/vertretung").text
    assert "Hannah Seubert, Erste Bürgermeisterin, Gemeinde Musterort." in page
    assert "Ihr Platz geht an die Vertretung über." in page
    assert 'name="mode"' not in page


def test_looking_changes_nothing_and_sets_no_cookie(client: FlaskClient) -> None:
    _, path = inviter(factories.talk())
    before = everything()
    assert set(looked_at(client, f"{path}/vertretung")) == {200}
    answer = client.get(f"{path}/vertretung")
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    for act in ("pruefen", "benennen", "zuruecknehmen"):
        assert client.get(f"{path}/vertretung/{act}").status_code == 405
    assert everything() == before


def test_errors_stand_at_their_fields_and_everything_is_kept(client: FlaskClient) -> None:
    row, path = inviter(factories.talk())
    given = {**PERSON, "last_name": "", "email": "weiss"}
    for act in ("pruefen", "benennen"):
        answer = client.post(f"{path}/vertretung/{act}", data=given)
        assert answer.status_code == 422
        assert 'id="last_name-e"' in answer.text
        assert 'value="Jonas"' in answer.text
        assert 'value="herr" checked' in answer.text
        again = client.post(f"{path}/vertretung/{act}", data={**given, "last_name": "Weiß"})
        assert again.status_code == 422
        assert 'id="email-e"' in again.text
        assert "Das @-Zeichen fehlt" in again.text or "@" in again.text
    db.session.refresh(row)
    assert row.answer == Answer.ACCEPTED


def test_review_shows_the_real_mail_and_writes_nothing(client: FlaskClient) -> None:
    _, path = inviter(factories.talk())
    before = everything()
    page = client.post(f"{path}/vertretung/pruefen", data=PERSON).text
    assert everything() == before
    assert "Dr. Jonas Weiß, weiss@gemeinde.example" in page
    assert "Sehr geehrter Herr Bürgermeister Dr. Weiß" in page
    assert "Hannah Seubert (Erste Bürgermeisterin, Gemeinde Musterort)" in page
    assert "/e/beispiel" in page
    assert path not in page.split("<pre>")[1].split("</pre>")[0]
    back = client.post(f"{path}/vertretung", data=PERSON)
    assert back.status_code == 200
    assert 'value="Weiss@gemeinde.example"' in back.text


def test_named_deputy_comes_and_both_pages_say_so(client: FlaskClient) -> None:
    talk = factories.talk()
    _row, path = inviter(talk)
    answer = client.post(f"{path}/vertretung/benennen", data=PERSON)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "Set-Cookie" not in answer.headers
    page = client.get(path).text
    assert "Dr. Jonas Weiß vertritt Sie." in page
    assert "weiss@gemeinde.example" in page
    assert f'action="{path}/zusage"' not in page
    own = address(deputy(), Purpose.ANSWER, talk)
    page = client.get(own).text
    assert "Sie vertreten Frau Bürgermeisterin Seubert, Gemeinde Musterort." in page
    assert "Sie antworten für Herrn Bürgermeister Dr. Weiß als Vertretung." in page
    assert "geben wir Frau Bürgermeisterin Seubert Bescheid" in page
    assert f'href="{own}/vertretung"' not in page
    assert client.get(f"{own}/vertretung").headers["Location"] == own
    assert client.post(f"{own}/vertretung/benennen", data=PERSON).status_code == 422


def test_second_click_names_once(client: FlaskClient) -> None:
    _, path = inviter(factories.talk())
    assert [named(client, path), named(client, path)] == [303, 303]
    count = db.session.scalar(select(func.count(Mail.id)).where(Mail.template == "deputy"))
    assert count == 1


def test_taking_back_returns_the_place_and_a_second_click_changes_nothing(
    client: FlaskClient,
) -> None:
    talk = factories.talk()
    _row, path = inviter(talk)
    named(client, path)
    own = address(deputy(), Purpose.ANSWER, talk)
    for _ in range(2):
        answer = client.post(f"{path}/vertretung/zuruecknehmen")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "Sie haben zugesagt" in client.get(path).text
    assert "Diese Einladung gilt nicht mehr." in client.get(own).text


def test_declining_deputy_gives_the_answer_back(client: FlaskClient) -> None:
    talk = factories.talk()
    _row, path = inviter(talk)
    named(client, path)
    client.post(address(deputy(), Purpose.ANSWER, talk) + "/absage")
    page = client.get(path).text
    assert "Kommen Sie?" in page
    assert f'href="{path}/vertretung"' in page


def test_who_declined_is_asked_whether_to_name_a_deputy(client: FlaskClient) -> None:
    _row, path = inviter(factories.talk(), accepted=False)
    client.post(f"{path}/absage")
    page = client.get(path).text
    assert "Möchten Sie eine Vertretung benennen?" in page
    assert f'href="{path}/vertretung"' in page


def test_side_is_asked_where_no_place_passes(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", venue="Saal", places_hall=3)
    _, path = inviter(talk, accepted=False)
    assert 'value="hall"' in client.get(f"{path}/vertretung").text
    assert named(client, path, mode="hall") == 303
    found = deputies.registrations.active_registration(talk, contact=deputy())
    assert found is not None
    assert found.mode == Mode.HALL


def test_nobody_is_named_after_the_start_or_behind_a_closed_registration(
    client: FlaskClient,
) -> None:
    for talk in (
        factories.talk(registration_closes_at=now()),
        factories.talk(starts_at=now()),
    ):
        row = factories.invitation(talk, factories.contact())
        path = address(row.contact, Purpose.ANSWER, talk)
        assert client.get(f"{path}/vertretung").headers["Location"] == path
        assert named(client, path) == 422
        assert client.post(f"{path}/vertretung/zuruecknehmen").status_code == 303
    assert db.session.scalar(select(func.count(Mail.id))) == 0


def test_names_in_html_stay_text(client: FlaskClient) -> None:
    _, path = inviter(factories.talk())
    hostile = {**PERSON, "last_name": "<b>Weiß</b>", "office": "<script>"}
    page = client.post(f"{path}/vertretung/pruefen", data=hostile).text
    assert "<b>Weiß" not in page
    assert "<script>" not in page


def test_desk_shows_who_comes_for_whom(desk: FlaskClient) -> None:
    talk = factories.talk()
    row, _ = inviter(talk)
    deputies.name_deputy(row, person=ContactData(last_name="Ott", email="ott@a.example"))
    db.session.commit()
    page = desk.get(f"/desk/veranstaltungen/{talk.id}/einladungen").text
    assert invitations.invitation_of(talk, contact=row.contact) == row
    assert "Ott" in page
    assert "Vertretung" in page
