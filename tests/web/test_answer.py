"""The invited person's page: it shows, and only its buttons act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import func, select

from tests import factories
from tests.personal import address, everything, looked_at
from tests.queries import counted
from webinar.clock import frozen, now
from webinar.domain import invitations, links, participation, registrations
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Grant,
    Grantee,
    Invitation,
    Link,
    Mail,
    Material,
    Mode,
    Purpose,
    Registration,
    Talk,
    TalkState,
)


def invited(talk: Talk, **values: Any) -> tuple[Invitation, str]:
    """An English-speaking contact's invitation and the path of its page."""
    contact = factories.contact(**{"language": "en", **values})
    row = factories.invitation(talk, contact)
    return row, address(contact, Purpose.ANSWER, talk)


def filled(talk: Talk, count: int, mode: Mode = Mode.ONLINE) -> None:
    for _ in range(count):
        row = factories.invitation(talk, factories.contact())
        participation.accept(row, mode=mode)
    db.session.commit()


def stand(row: Invitation) -> tuple[str, str | None, str | None]:
    db.session.expire_all()
    found = registrations.active_registration(row.talk, contact=row.contact)
    result = (row.answer, found and found.state, found and found.mode)
    db.session.rollback()
    return result


def count_of(model: Any) -> int:
    found = db.session.scalar(select(func.count(model.id))) or 0
    db.session.rollback()
    return found


def released(talk: Talk) -> Material:
    row = Material(
        talk=talk,
        kind="link",
        title="Merkblatt",
        url="https://example.org/merkblatt",
        processing="done",
        released_at=now(),
        grants=[Grant(grantee=Grantee.INVITED)],
    )
    factories.save(row)
    return row


def text(client: FlaskClient, path: str, *, at: datetime | None = None) -> str:
    if at is None:
        return client.get(path).get_data(as_text=True)
    with frozen(at):
        return client.get(path).get_data(as_text=True)


def test_page_names_whom_it_is_for_and_who_invites(client: FlaskClient) -> None:
    organisation = factories.organisation("Gemeinde Gaukönigshofen")
    _, path = invited(
        factories.talk(), language="de", last_name="Seubert", organisation_id=organisation.id
    )
    page = text(client, path)
    assert "Sehr geehrte Frau Bürgermeisterin Seubert," in page
    assert "<strong>Landrat Johannes Weidner</strong>" in page
    assert "Hannah Seubert, Erste Bürgermeisterin, Gemeinde Gaukönigshofen." in page
    assert '<html lang="de">' in page


def test_page_is_private(client: FlaskClient) -> None:
    _, path = invited(factories.talk())
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "csrf" not in answer.get_data(as_text=True)
    assert "<script" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("answered", [False, True])
def test_looking_changes_nothing(client: FlaskClient, answered: bool) -> None:
    talk = factories.talk(format="hybrid", places_hall=1)
    _, path = invited(talk)
    if answered:
        client.post(f"{path}/zusage", data={"mode": "hall"})
    released(talk)
    before = everything()
    calendar = [f"{path}/kalender.ics"] if answered else []
    statuses = looked_at(client, path, f"{path}/raum", *calendar)
    assert set(statuses) == {200}
    for act in ("zusage", "absage", "unterlagen"):
        assert client.get(f"{path}/{act}").status_code == 405
    assert everything() == before


def test_accept_and_change_of_mind(client: FlaskClient) -> None:
    row, path = invited(factories.talk())
    answer = client.post(f"{path}/zusage", data={"mode": "online"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "Set-Cookie" not in answer.headers
    assert stand(row) == (Answer.ACCEPTED, "confirmed", "online")
    assert "You accepted" in text(client, path)
    client.post(f"{path}/absage")
    assert stand(row) == (Answer.DECLINED, None, None)
    page = text(client, path)
    assert "You declined" in page
    assert "Would you like to come after all?" in page
    client.post(f"{path}/zusage")
    assert stand(row) == (Answer.ACCEPTED, "confirmed", "online")


def test_double_click_doubles_nothing(client: FlaskClient) -> None:
    _, path = invited(factories.talk())
    for _ in range(3):
        assert client.post(f"{path}/zusage").status_code == 303
    assert (count_of(Registration), count_of(Mail)) == (1, 1)
    for _ in range(3):
        assert client.post(f"{path}/absage").status_code == 303
    assert (count_of(Registration), count_of(Mail)) == (1, 2)


def test_hybrid_talk_asks_for_the_side_and_shows_places(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", places_online=12, places_hall=1)
    filled(talk, 1, Mode.HALL)
    row, path = invited(talk)
    page = text(client, path)
    assert "Online: 12 places left" in page
    assert "On site: fully booked, waiting list" in page
    client.post(f"{path}/zusage", data={"mode": "hall"})
    assert stand(row) == (Answer.ACCEPTED, "waiting", "hall")
    page = text(client, path)
    assert "The hall is full." in page
    assert "You are number 1 on the waiting list" in page
    client.post(f"{path}/zusage", data={"mode": "online"})
    assert stand(row) == (Answer.ACCEPTED, "confirmed", "online")


def test_change_to_a_full_side_keeps_the_place(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", places_hall=1)
    filled(talk, 1, Mode.HALL)
    row, path = invited(talk)
    client.post(f"{path}/zusage", data={"mode": "online"})
    assert "Wait for a place in the hall" in text(client, path)
    client.post(f"{path}/zusage", data={"mode": "hall"})
    assert stand(row) == (Answer.ACCEPTED, "confirmed", "online")
    page = text(client, path)
    assert "number 1 on the waiting list for the hall" in page
    assert "Leave it at my place: online" in page


@pytest.mark.parametrize("data", [{}, {"mode": ""}, {"mode": "moon"}])
def test_missing_side_is_asked_for_at_its_field(client: FlaskClient, data: dict[str, str]) -> None:
    row, path = invited(factories.talk(format="hybrid"))
    answer = client.post(f"{path}/zusage", data=data)
    assert answer.status_code == 422
    assert 'id="mode-e"' in answer.get_data(as_text=True)
    assert "Please choose how you will take part." in answer.get_data(as_text=True)
    assert stand(row) == (Answer.NONE, None, None)


def test_side_that_is_not_offered_is_refused(client: FlaskClient) -> None:
    row, path = invited(factories.talk(format="online"))
    assert client.post(f"{path}/zusage", data={"mode": "hall"}).status_code == 422
    assert stand(row) == (Answer.NONE, None, None)


def test_full_talk_says_so_and_queues(client: FlaskClient) -> None:
    talk = factories.talk(places_online=1)
    filled(talk, 2)
    row, path = invited(talk)
    assert "All places are taken." in text(client, path)
    client.post(f"{path}/zusage")
    page = text(client, path)
    assert "You are on the waiting list" in page
    assert "You are number 2 on the waiting list" in page
    client.post(f"{path}/absage")
    assert stand(row) == (Answer.DECLINED, None, None)


def test_closed_registration_says_since_when_and_still_takes_a_refusal(
    client: FlaskClient,
) -> None:
    row, path = invited(factories.talk(registration_closes_at=now() - timedelta(hours=1)))
    page = text(client, path)
    assert "Registration is closed." in page
    assert "/zusage" not in page
    answer = client.post(f"{path}/zusage")
    assert answer.status_code == 409
    assert "Nothing was changed." in answer.get_data(as_text=True)
    assert stand(row) == (Answer.NONE, None, None)
    client.post(f"{path}/absage")
    assert stand(row) == (Answer.DECLINED, None, None)


def shut(row: Invitation, how: str) -> None:
    if how == "cancelled":
        row.talk.state = TalkState.CANCELLED
        row.talk.cancel_reason = "The speaker is ill."
        participation.tell_cancelled(row.talk)
    elif how == "withdrawn":
        row.answer = Answer.WITHDRAWN
    elif how == "draft":
        row.talk.state = TalkState.DRAFT
    else:
        row.contact.retired_at = now()
    db.session.commit()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("cancelled", "will not take place"),
        ("withdrawn", "This invitation is no longer valid."),
        ("draft", "This invitation is no longer valid."),
        ("retired", "This invitation was for Hannah"),
    ],
)
def test_shut_page_helps_and_takes_no_answer(client: FlaskClient, how: str, says: str) -> None:
    row, path = invited(factories.talk())
    shut(row, how)
    page = text(client, path)
    assert says in page
    assert "after-work-wissen@lra.example" in page
    assert "/zusage" not in page
    before = everything()
    for act in ("zusage", "absage"):
        assert client.post(f"{path}/{act}").status_code == 409
    assert client.post(f"{path}/raum").status_code == 303
    assert client.post(f"{path}/unterlagen").headers["Location"] == path
    assert everything() == before


def test_started_talk_takes_no_answer(client: FlaskClient) -> None:
    talk = factories.talk(contact_phone="0931 0000-1234")
    row, path = invited(talk)
    with frozen(talk.starts_at):
        page = text(client, path)
        assert "The talk has begun." in page
        assert "0931 0000-1234" in page
        assert client.post(f"{path}/zusage").status_code == 409
    assert stand(row) == (Answer.NONE, None, None)


def test_page_over_leads_to_the_archive_when_there_is_something(client: FlaskClient) -> None:
    talk = factories.talk()
    _, path = invited(talk)
    with frozen(talk.ends_at + timedelta(days=1)):
        assert "Nothing has been released yet." in text(client, path)
        assert client.post(f"{path}/unterlagen").headers["Location"] == path
        released(talk)
        assert f"{path}/unterlagen" in text(client, path)
        answer = client.post(f"{path}/unterlagen")
        again = client.post(f"{path}/unterlagen")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/a/")
    assert again.headers["Location"] == answer.headers["Location"]
    query = select(func.count(Link.id)).where(Link.purpose == Purpose.ARCHIVE)
    assert db.session.scalar(query) == 1


def test_calendar_file_carries_the_door_and_names_nobody(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", venue="Großer Sitzungssaal")
    row, path = invited(talk)
    assert client.get(f"{path}/kalender.ics").status_code == 404
    client.post(f"{path}/zusage", data={"mode": "online"})
    answer = client.get(f"{path}/kalender.ics")
    assert answer.mimetype == "text/calendar"
    calendar = Calendar.from_ical(answer.data)
    assert "METHOD" not in calendar
    (event,) = calendar.walk("VEVENT")
    assert "ATTENDEE" not in event
    assert event["UID"] == talk.uid
    door = address(row.contact, Purpose.ENTER, talk)
    assert str(event["URL"]) == f"http://localhost{door}"
    assert path.split("/")[2] not in answer.get_data(as_text=True)
    assert "Sitzungssaal" not in str(event["LOCATION"])
    client.post(f"{path}/absage")
    assert client.get(f"{path}/kalender.ics").status_code == 404


def test_calendar_file_has_the_sequence_that_the_mails_have(client: FlaskClient) -> None:
    _, path = invited(factories.talk(format="hybrid", venue="Großer Sitzungssaal"))
    for mode in ("online", "hall"):
        client.post(f"{path}/zusage", data={"mode": mode})
    (event,) = Calendar.from_ical(client.get(f"{path}/kalender.ics").data).walk("VEVENT")
    assert event["SEQUENCE"] == 1
    assert "Großer Sitzungssaal" in str(event["LOCATION"])


def test_day_of_the_talk_offers_the_way_to_the_room(client: FlaskClient) -> None:
    talk = factories.talk(starts_at=factories.at("2027-01-14T17:00"))
    _, path = invited(talk)
    client.post(f"{path}/zusage")
    assert "To the room" not in text(client, path)
    page = text(client, path, at=talk.starts_at - timedelta(hours=3))
    assert "The room opens at 17:45." in page
    assert "Today, Thursday" in page
    page = text(client, path, at=talk.starts_at - timedelta(minutes=15))
    assert "The room is open." in page
    assert "To the room" in page
    assert f'href="{path}/raum"' in page


def test_links_stay_in_the_language_that_was_asked_for(client: FlaskClient) -> None:
    _, path = invited(factories.talk(), language="de")
    assert "Kommen Sie?" in text(client, path)
    page = text(client, f"{path}?lang=en")
    assert "Will you come?" in page
    assert f"{path}/zusage?lang=en" in page


def test_link_of_a_contact_without_invitation_shows_nothing_valid(client: FlaskClient) -> None:
    contact: Contact = factories.contact(language="en")
    talk = factories.talk()
    path = address(contact, Purpose.ANSWER, talk)
    assert "no longer valid" in text(client, path)
    assert client.post(f"{path}/zusage").status_code == 409
    assert invitations.invitation_of(talk, contact=contact) is None


def test_page_asks_few_questions_however_many_take_part(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", places_online=50, places_hall=50)
    for _ in range(3):
        factories.speaker(talk)
    _, path = invited(talk)
    db.session.expunge_all()
    with counted() as few:
        client.get(path)
    filled(db.session.get_one(Talk, talk.id), 3)
    db.session.expunge_all()
    with counted() as more:
        client.get(path)
    assert (len(few), len(more)) == (1, 1)


def test_answer_needs_few_statements_however_many_take_part(client: FlaskClient) -> None:
    talk = factories.talk(format="hybrid", places_online=50, places_hall=50)
    (one, first), (two, second) = invited(talk), invited(talk)
    for row in (one, two):
        links.contact_link(row.contact, purpose=Purpose.ENTER, talk=talk)
    db.session.commit()
    db.session.expunge_all()
    with counted() as few:
        client.post(f"{first}/zusage", data={"mode": "online"})
    filled(db.session.get_one(Talk, talk.id), 3)
    db.session.expunge_all()
    with counted() as more:
        client.post(f"{second}/zusage", data={"mode": "online"})
    assert (len(few), len(more)) == (7, 7)


def test_page_bends_the_form_of_address_behind_a_preposition(client: FlaskClient) -> None:
    _, path = invited(
        factories.talk(), language="de", form="herr", office="Kreisrat", last_name="Kraus"
    )
    assert "Sie antworten für Herrn Kreisrat Kraus." in client.get(path).get_data(as_text=True)
