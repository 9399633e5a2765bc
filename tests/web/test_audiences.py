"""The pages of the audiences: list with counts, members, taking in and out, deleting."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.queries import counted
from webinar import clock
from webinar.extensions import db
from webinar.models import Audience


def test_list_shows_how_many_can_be_invited(desk: FlaskClient) -> None:
    members = [factories.contact(), factories.contact(unsubscribed_at=clock.now())]
    factories.audience("Kreistag", members)

    page = desk.get("/desk/verteiler").text

    assert "Kreistag" in page
    assert 'data-label="Mitglieder">2<' in page
    assert 'data-label="einladbar">1<' in page


def test_list_sends_as_many_queries_for_three_as_for_one(desk: FlaskClient) -> None:
    def statements() -> int:
        db.session.expire_all()
        with counted() as sent:
            assert desk.get("/desk/verteiler").status_code == 200
        return len(sent)

    factories.audience(members=[factories.contact()])
    one = statements()
    factories.audience(members=[factories.contact()])
    factories.audience(members=[factories.contact()])

    assert (one, statements()) == (3, 3)


def test_members_send_as_many_queries_for_three_as_for_one(desk: FlaskClient) -> None:
    def statements(count: int) -> int:
        members = [
            factories.contact(organisation_id=factories.organisation().id) for _ in range(count)
        ]
        number = factories.audience(members=members).id
        db.session.expire_all()
        with counted() as sent:
            assert desk.get(f"/desk/verteiler/{number}").status_code == 200
        return len(sent)

    assert (statements(1), statements(3)) == (6, 6)


def test_audience_is_created_and_asks_for_members(desk: FlaskClient) -> None:
    answer = desk.post("/desk/verteiler/neu", data={"name": "Kreistag"})

    audience = db.session.scalars(select(Audience)).one()
    assert answer.headers["Location"] == f"/desk/verteiler/{audience.id}/aufnehmen"


def test_audience_of_a_taken_name_is_refused_at_the_field(desk: FlaskClient) -> None:
    factories.audience("Kreistag")

    answer = desk.post("/desk/verteiler/neu", data={"name": "kreistag", "description": "Alle"})

    assert answer.status_code == 422
    assert "Es gibt bereits einen Verteiler „Kreistag“." in answer.text
    assert "Alle" in answer.text


def test_audience_is_renamed(desk: FlaskClient) -> None:
    audience = factories.audience("Kreistag")

    desk.post(f"/desk/verteiler/{audience.id}/bearbeiten", data={"name": "Kreisausschuss"})

    db.session.expire_all()
    assert (audience.name, audience.sort_key) == ("Kreisausschuss", "kreisausschuss")


def test_contacts_are_taken_in_by_ticks(desk: FlaskClient) -> None:
    audience = factories.audience()
    ott, roth = factories.contact(last_name="Ott"), factories.contact(last_name="Roth")
    address = f"/desk/verteiler/{audience.id}/aufnehmen"
    found = desk.get(f"{address}?q=ott").text
    assert f'value="{ott.id}"' in found
    assert f'value="{roth.id}"' not in found

    answer = desk.post(address, data={"contact": [ott.id]})

    assert "1 Kontakt aufgenommen." in desk.get(answer.headers["Location"]).text
    db.session.expire_all()
    assert audience.members == [ott]


def test_members_are_taken_out_by_ticks(desk: FlaskClient) -> None:
    ott, roth = factories.contact(), factories.contact()
    audience = factories.audience(members=[ott, roth])

    desk.post(f"/desk/verteiler/{audience.id}/entfernen", data={"contact": [ott.id]})

    db.session.expire_all()
    assert audience.members == [roth]


def test_members_stand_in_pages(desk: FlaskClient) -> None:
    audience = factories.audience(members=[factories.contact() for _ in range(51)])

    assert "51 Mitglieder, 1 bis 50 angezeigt" in desk.get(f"/desk/verteiler/{audience.id}").text


def test_audience_is_deleted_after_a_review(desk: FlaskClient) -> None:
    audience = factories.audience("Kreistag", [factories.contact()])
    address = f"/desk/verteiler/{audience.id}/loeschen"

    assert "1 Kontakt bleibt im Adressbuch" in desk.get(address).text
    desk.post(address)

    assert db.session.scalar(select(Audience)) is None


def test_unknown_audience_is_not_found(desk: FlaskClient) -> None:
    assert desk.get("/desk/verteiler/999999").status_code == 404
