"""The pages of the address book: list, export, form with its question, retiring, merging."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from webinar.adapters.spreadsheet import read_table
from webinar.domain import participation
from webinar.extensions import db
from webinar.models import Contact, Mode, Registration, Role

FORM = {
    "form": "frau",
    "first_name": "Petra",
    "last_name": "Kraiß",
    "email": "kraiss@a.example",
    "language": "de",
}


def contact_of(**values: object) -> Contact:
    return db.session.scalars(select(Contact).filter_by(**values)).one()


def test_list_shows_name_office_address_and_audience(desk: FlaskClient) -> None:
    office = factories.organisation("Gemeinde Kürnach")
    contact = factories.contact(last_name="Seubert", title="Dr.", organisation_id=office.id)
    factories.audience("Kreistag", [contact])

    page = desk.get("/desk/kontakte").text

    assert "Seubert, Dr. Hannah" in page
    assert "Erste Bürgermeisterin, Gemeinde Kürnach" in page
    assert "Kreistag" in page


def test_list_sends_as_many_queries_for_three_as_for_one(desk: FlaskClient) -> None:
    def statements() -> int:
        db.session.expire_all()
        with counted() as sent:
            assert desk.get("/desk/kontakte").status_code == 200
        return len(sent)

    def add() -> None:
        contact = factories.contact(organisation_id=factories.organisation().id)
        factories.audience("", [contact])

    add()
    one = statements()
    add()
    add()

    assert (one, statements()) == (6, 6)


def test_list_keeps_the_filters_on_the_next_page_and_in_the_files(desk: FlaskClient) -> None:
    for _ in range(60):
        factories.contact(last_name="Müller", first_name="A")

    page = desk.get("/desk/kontakte?q=mueller&state=all").text

    assert "60 Kontakte, 1 bis 50 angezeigt" in page
    assert "q=mueller&amp;state=all&amp;page=2" in page
    assert "/desk/kontakte/liste.csv?q=mueller&amp;state=all" in page


def test_empty_list_says_what_to_do(desk: FlaskClient) -> None:
    assert "Noch keine Kontakte." in desk.get("/desk/kontakte").text
    assert "Filter aufheben" in desk.get("/desk/kontakte?q=nichts").text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_export_holds_what_the_list_shows(desk: FlaskClient, kind: str) -> None:
    contact = factories.contact(last_name="Seubert", email="s@a.example")
    factories.audience("Kreistag", [contact])
    factories.contact(last_name="Roth")

    answer = desk.get(f"/desk/kontakte/liste.{kind}?q=seubert")
    table = read_table(answer.data, filename=f"kontakte.{kind}")

    assert "attachment; filename=kontakte-" in answer.headers["Content-Disposition"]
    (row,) = table.rows
    told = dict(zip(table.headers, row.cells, strict=True))
    assert (told["Anrede"], told["Nachname"], told["E-Mail"], told["Verteiler"]) == (
        "Frau",
        "Seubert",
        "s@a.example",
        "Kreistag",
    )


def test_export_goes_back_in_unchanged(desk: FlaskClient) -> None:
    office = factories.organisation("Gemeinde Kürnach")
    contact = factories.contact(organisation_id=office.id, salutation="Liebe Hannah")
    factories.audience("Kreistag", [contact])
    factories.audience("Bauausschuss", [contact])
    data = desk.get("/desk/kontakte/liste.csv").data

    page = desk.post("/desk/kontakte/import", data={"file": (BytesIO(data), "k.csv")})
    page = desk.get(page.headers["Location"])

    assert "Es gibt nichts zu übernehmen" in page.text


def test_contact_is_added_with_its_audiences(desk: FlaskClient) -> None:
    audience = factories.audience("Kreistag")

    answer = desk.post("/desk/kontakte/neu", data={**FORM, "audiences": [audience.id]})

    contact = contact_of(email="kraiss@a.example")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/desk/kontakte/{contact.id}"
    assert [a.name for a in contact.audiences] == ["Kreistag"]
    assert "Der Kontakt wurde angelegt." in desk.get(answer.headers["Location"]).text


def test_form_keeps_what_was_typed_beside_the_error(desk: FlaskClient) -> None:
    answer = desk.post("/desk/kontakte/neu", data={**FORM, "email": "kein-at.example"})

    assert answer.status_code == 422
    assert "Es fehlt das @-Zeichen" in answer.text
    assert 'value="kein-at.example"' in answer.text
    assert 'value="Kraiß"' in answer.text


def test_form_asks_who_a_new_name_at_a_known_address_is(desk: FlaskClient) -> None:
    mayor = factories.contact(first_name="Volker", last_name="Roth", email="kraiss@a.example")

    asked = desk.post("/desk/kontakte/neu", data=FORM)
    assert asked.status_code == 422
    for value in (f"correction:{mayor.id}", f"successor:{mayor.id}", "second"):
        assert f'value="{value}"' in asked.text

    answer = desk.post("/desk/kontakte/neu", data={**FORM, "decision": f"successor:{mayor.id}"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert mayor.successor_id == contact_of(last_name="Kraiß").id


def test_form_asks_whether_a_changed_name_is_a_successor(desk: FlaskClient) -> None:
    mayor = factories.contact(first_name="Volker", last_name="Roth", email="kraiss@a.example")
    factories.audience("Kreistag", [mayor])
    address = f"/desk/kontakte/{mayor.id}/bearbeiten"
    form = {**FORM, "audiences": [a.id for a in mayor.audiences]}

    asked = desk.post(address, data=form)
    assert asked.status_code == 422
    assert "Nachfolge im Amt" in asked.text

    desk.post(address, data={**form, "decision": "successor"})
    successor = contact_of(last_name="Kraiß")
    assert [a.name for a in successor.audiences] == ["Kreistag"]
    page = desk.get(f"/desk/kontakte/{mayor.id}").text
    assert f"/desk/kontakte/{successor.id}" in page
    assert "Deaktiviert am" in page


def test_form_is_refused_when_somebody_else_was_faster(desk: FlaskClient) -> None:
    contact = factories.contact(first_name="Petra", last_name="Kraiß", email="kraiss@a.example")

    seen = {"seen": "2026-01-01T00:00:00+00:00"}
    answer = desk.post(f"/desk/kontakte/{contact.id}/bearbeiten", data={**FORM, **seen})

    assert answer.status_code == 422
    assert "inzwischen geändert" in answer.text


def test_contact_shows_its_evenings(desk: FlaskClient) -> None:
    contact = factories.contact()
    factories.invitation(factories.talk(title="eAkte"), contact, answer="declined")

    page = desk.get(f"/desk/kontakte/{contact.id}").text

    assert "eAkte" in page
    assert "abgesagt" in page


def test_contact_is_deactivated_after_a_review_and_comes_back(desk: FlaskClient) -> None:
    contact = factories.contact()
    address = f"/desk/kontakte/{contact.id}"

    assert desk.get(f"{address}/deaktivieren").status_code == 200
    desk.post(f"{address}/deaktivieren")
    db.session.expire_all()
    assert contact.retired_at is not None

    desk.post(f"{address}/reaktivieren")
    db.session.expire_all()
    assert contact.retired_at is None


def test_contacts_are_merged_after_a_review(desk: FlaskClient) -> None:
    kept = factories.contact(last_name="Roth", email="a@a.example")
    other = factories.contact(last_name="Roth", email="b@a.example", title="Dr.")
    address = f"/desk/kontakte/{kept.id}/zusammenfuehren"

    assert f"mit={other.id}" in desk.get(address).text
    review = desk.get(f"{address}?mit={other.id}").text
    assert "Akademischer Titel: Dr." in review

    desk.post(address, data={"mit": other.id})
    db.session.expire_all()
    assert (kept.title, other.successor_id) == ("Dr.", kept.id)


def test_contact_is_not_merged_with_itself(desk: FlaskClient) -> None:
    contact = factories.contact()

    answer = desk.post(f"/desk/kontakte/{contact.id}/zusammenfuehren", data={"mit": contact.id})

    assert answer.status_code == 422
    assert "einen anderen Kontakt" in answer.text


def test_unknown_contact_is_not_found(desk: FlaskClient) -> None:
    assert desk.get("/desk/kontakte/999999").status_code == 404


def test_viewer_sees_contacts_and_no_way_to_change_them(app: Flask) -> None:
    contact = factories.contact()
    viewer = signed_in(app, factories.account(role=Role.VIEWER))

    assert "Kontakt anlegen" not in viewer.get("/desk/kontakte").text
    assert "Bearbeiten" not in viewer.get(f"/desk/kontakte/{contact.id}").text
    assert viewer.post(f"/desk/kontakte/{contact.id}/deaktivieren").status_code == 403


def with_place(**values: str) -> tuple[Contact, Registration]:
    contact = factories.contact(**values)
    invitation = factories.invitation(factories.talk(title="eAkte"), contact)
    place = participation.accept(invitation, mode=Mode.ONLINE)
    db.session.commit()
    return contact, place


def test_deactivating_says_which_places_become_free_and_frees_them(desk: FlaskClient) -> None:
    contact, place = with_place()
    path = f"/desk/kontakte/{contact.id}"
    review = desk.get(f"{path}/deaktivieren").text
    assert "Ein Platz bei einer kommenden Veranstaltung wird frei:" in review
    assert "eAkte" in review
    db.session.refresh(place)
    assert place.state == "confirmed"
    desk.post(f"{path}/deaktivieren")
    assert "Ein Platz bei einer kommenden Veranstaltung wurde frei." in desk.get(path).text
    db.session.refresh(place)
    assert place.state == "cancelled"


def test_predecessor_of_an_edited_contact_holds_no_place_any_more(desk: FlaskClient) -> None:
    mayor, place = with_place(first_name="Volker", last_name="Roth", email="kraiss@a.example")
    desk.post(f"/desk/kontakte/{mayor.id}/bearbeiten", data={**FORM, "decision": "successor"})
    db.session.refresh(place)
    assert place.state == "cancelled"


def test_correcting_a_name_keeps_the_place(desk: FlaskClient) -> None:
    mayor, place = with_place(first_name="Volker", last_name="Roth", email="kraiss@a.example")
    desk.post(f"/desk/kontakte/{mayor.id}/bearbeiten", data={**FORM, "decision": "correction"})
    db.session.refresh(place)
    assert place.state == "confirmed"
