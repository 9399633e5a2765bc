"""The page of the whole series: what accepting means, accepting, leaving; what the desk shows."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests import factories
from tests.personal import address, everything, looked_at
from webinar.clock import now
from webinar.domain import acceptances, registrations
from webinar.extensions import db
from webinar.models import Contact, Invitation, Mode, Purpose, Talk


def invited(talk: Talk, **values: Any) -> tuple[Invitation, str]:
    row = factories.invitation(talk, factories.contact(**values))
    return row, address(row.contact, Purpose.ANSWER, talk)


def state(talk: Talk, contact: Contact) -> str | None:
    db.session.expire_all()
    found = registrations.active_registration(talk, contact=contact)
    return None if found is None else found.state


def test_page_leads_to_the_series_and_says_what_accepting_means(client: FlaskClient) -> None:
    talk = factories.talk(title="Der erste Abend")
    factories.talk(series=talk.series, title="Der zweite Abend", registration_closes_at=now())
    _, path = invited(talk)
    assert f'href="{path}/reihe"' in client.get(path).text
    page = client.get(f"{path}/reihe").text
    assert "Der erste Abend" in page
    assert "Sie werden angemeldet" in page
    assert "Der zweite Abend" in page
    assert "Anmeldung nicht geöffnet" in page
    assert "bis auf Weiteres" in page


def test_looking_changes_nothing_and_sets_no_cookie(client: FlaskClient) -> None:
    _, path = invited(factories.talk())
    before = everything()
    assert set(looked_at(client, f"{path}/reihe")) == {200}
    answer = client.get(f"{path}/reihe")
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    for act in ("zusage", "verlassen"):
        assert client.get(f"{path}/reihe/{act}").status_code == 405
    assert everything() == before


def test_accepting_and_leaving(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", venue="Saal")
    other = factories.talk(series=talk.series)
    row, path = invited(talk)
    for _ in range(2):
        answer = client.post(f"{path}/reihe/zusage", data={"mode": "hall"})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/reihe")
    assert state(talk, row.contact) == state(other, row.contact) == "confirmed"
    page = client.get(f"{path}/reihe").text
    assert "Sie haben der ganzen Reihe am" in page
    assert "Zusage zur Reihe beenden" in page
    assert "Sie haben der ganzen Reihe zugesagt" in client.get(path).text
    client.post(f"{path}/absage")
    assert state(talk, row.contact) is None
    client.post(f"{path}/reihe/verlassen")
    assert state(other, row.contact) == "confirmed"
    assert "Zu allen Abenden zusagen" in client.get(f"{path}/reihe").text


def test_leaving_gives_places_up_where_that_is_ticked(client: FlaskClient) -> None:
    talk = factories.talk()
    row, path = invited(talk)
    client.post(f"{path}/reihe/zusage")
    assert 'name="places"' in client.get(f"{path}/reihe").text
    client.post(f"{path}/reihe/verlassen", data={"places": "y"})
    assert state(talk, row.contact) is None


def test_unsubscribed_person_is_told_to_subscribe_first(client: FlaskClient) -> None:
    _, path = invited(factories.talk(), unsubscribed_at=now())
    assert f"{path}/reihe" not in client.get(path).text
    answer = client.post(f"{path}/reihe/zusage", data={"mode": "online"})
    assert answer.status_code == 409
    assert "Bitte bestellen Sie sie zuerst wieder" in answer.text


def test_desk_shows_how_many_accepted_and_who_comes_by_the_series(desk: FlaskClient) -> None:
    talk = factories.talk()
    row, _ = invited(talk)
    acceptances.accept_series(talk.series, contact=row.contact, mode=Mode.ONLINE)
    db.session.commit()
    page = desk.get("/desk/reihen").text
    assert 'data-label="Zusagen zur Reihe">1<' in page
    assert (
        "1 Person hat der ganzen Reihe"
        in desk.get(f"/desk/reihen/{talk.series_id}/bearbeiten").text
    )
    page = desk.get(f"/desk/veranstaltungen/{talk.id}/einladungen").text
    assert "online, durch Zusage zur Reihe" in page
