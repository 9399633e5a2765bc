"""The page of the evening: how things stand, the organiser's hand on the door, callers, and another
meeting in the room's place as everybody sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import part_requests, signed_in
from tests.personal import address, speaker_address
from tests.queries import counted
from tests.web.test_rooms import HOST
from webinar import create_app
from webinar.clock import frozen, now
from webinar.domain import links, mailings, participation, registrations
from webinar.extensions import db
from webinar.models import (
    Admission,
    Attendance,
    AttendanceSource,
    AuditEntry,
    Contact,
    Mail,
    Mailing,
    Mode,
    Purpose,
    Role,
    Talk,
)

START = factories.at("2027-01-14T17:00")
SOON = START - timedelta(minutes=4)
URL = "https://treffen.example.org/abend?pwd=1"


@pytest.fixture
def four_minutes_before(app: Flask) -> Iterator[None]:
    with frozen(SOON):
        yield


def evening(**values: object) -> tuple[Talk, str]:
    talk = factories.talk(**{"starts_at": START, **values})
    return talk, f"/desk/veranstaltungen/{talk.id}/abend"


def coming(talk: Talk, mode: Mode = Mode.ONLINE, **values: object) -> Contact:
    contact = factories.contact(**values)
    participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()
    return contact


def enters(talk: Talk, contact: Contact | None, *, at: datetime = SOON) -> Attendance:
    held = None
    if contact is not None:
        held = registrations.active_registration(talk, contact=contact)
        assert held is not None
    row = Attendance(
        talk_id=talk.id,
        registration_id=None if held is None else held.id,
        source=AttendanceSource.ROOM,
        joined_at=at,
    )
    factories.save(row)
    return row


def mails(template: str) -> list[Mail]:
    query = select(Mail).where(Mail.template == template).order_by(Mail.id)
    return list(db.session.scalars(query))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.usefixtures("four_minutes_before")
def test_page_says_in_one_sentence_how_things_stand(desk: FlaskClient) -> None:
    talk, path = evening(format="hybrid")
    people = [coming(talk) for _number in range(3)]
    coming(talk, Mode.HALL)
    enters(talk, people[0], at=SOON - timedelta(minutes=2))
    enters(talk, None)
    left = enters(talk, people[1])
    left.left_at = SOON
    db.session.commit()
    page = desk.get(path).text
    assert "Raum offen seit 17:45\u00a0Uhr, Beginn in 4\u00a0Minuten, 1 von 3 sind da." in re.sub(
        r"(\d) Minuten", "\\1\u00a0Minuten", page
    )
    assert "Im Raum ist 1 weitere Person" in page
    assert "Im Saal wird 1 Person erwartet." in page
    assert "da seit 17:54\u00a0Uhr" in page
    assert page.count("nicht da") == 2


@pytest.mark.parametrize(
    ("at", "values", "words"),
    [
        (START - timedelta(days=2), {}, "Raum öffnet am 14.\u00a0Januar, 17:45\u00a0Uhr"),
        (START - timedelta(hours=3), {}, "Raum öffnet um 17:45\u00a0Uhr, Beginn um 18:00\u00a0Uhr"),
        (START + timedelta(minutes=60), {}, "Ende in 30 Minuten (19:30\u00a0Uhr)"),
        (START + timedelta(minutes=95), {}, "Ende war um 19:30\u00a0Uhr"),
        (START + timedelta(minutes=120), {}, "Der Abend ist vorbei."),
        (SOON, {"format": "on_site"}, "Im Saal, Beginn in 4 Minuten."),
        (SOON, {"state": "cancelled"}, "Veranstaltung abgesagt"),
        (START, {"closed_at": SOON}, "Raum geschlossen seit 17:56\u00a0Uhr"),
        (
            START,
            {"other_room": URL, "other_room_at": SOON},
            "Ersatzraum seit 17:56\u00a0Uhr",
        ),
        (
            START + timedelta(minutes=95),
            {"extended_until": START + timedelta(minutes=105)},
            "Ende in 10 Minuten (19:45\u00a0Uhr)",
        ),
    ],
)
def test_sentence_follows_the_clock_and_the_hand(
    desk: FlaskClient, at: datetime, values: dict[str, object], words: str
) -> None:
    _, path = evening(**values)
    with frozen(at):
        assert words in desk.get(path).text


def test_door_is_opened_extended_closed_and_opened_again(desk: FlaskClient) -> None:
    talk, path = evening()
    contact = coming(talk)
    entry = address(contact, Purpose.ENTER, talk)
    client = desk.application.test_client()
    with frozen(START - timedelta(hours=1)):
        assert f'action="{path}/oeffnen"' in desk.get(path).text
        assert desk.post(f"{path}/oeffnen").headers["Location"] == path
        assert "Der Raum ist geöffnet." in desk.get(path).text
        assert "Raum betreten" in client.get(entry).text
    with frozen(START + timedelta(minutes=80)):
        page = desk.get(path).text
        assert f'action="{path}/oeffnen"' not in page
        assert "15 Minuten länger, bis 19:45\u00a0Uhr" in page
        until = int((talk.ends_at + timedelta(minutes=15)).timestamp())
        for _click in range(2):
            desk.post(f"{path}/verlaengern", data={"until": until})
        page = desk.get(path).text
        assert "Die Veranstaltung geht bis 19:45\u00a0Uhr." in page
        assert "15 Minuten länger, bis 20:00\u00a0Uhr" in page
        desk.post(f"{path}/schliessen")
        assert "Der Raum ist zurzeit geschlossen." in client.get(entry).text
        assert client.post(entry).status_code == 303
        page = desk.get(path).text
        assert f'action="{path}/verlaengern"' not in page
        assert f'action="{path}/wieder-oeffnen"' in page
        desk.post(f"{path}/wieder-oeffnen")
        assert "Raum betreten" in client.get(entry).text
    assert actions() == ["room.opened", "room.extended", "room.closed", "room.reopened"]


@pytest.mark.parametrize("until", ["", "abc", "9" * 30, "-1", "1"])
def test_end_that_makes_no_sense_is_refused_in_words(desk: FlaskClient, until: str) -> None:
    talk, path = evening()
    with frozen(START):
        desk.post(f"{path}/verlaengern", data={"until": until})
        assert "Das neue Ende ist schon vorbei." in desk.get(path).text
    assert talk.extended_until is None


@pytest.mark.parametrize("typed", ["Müller-Lüdenscheidt", "mueller ludenscheidt", "mull"])
@pytest.mark.usefixtures("four_minutes_before")
def test_caller_is_found_however_the_name_is_spelled(desk: FlaskClient, typed: str) -> None:
    talk, path = evening()
    coming(talk, last_name="Müller-Lüdenscheidt", email="mueller@gemeinde.example")
    factories.contact(last_name="Weiß")
    page = desk.get(path, query_string={"q": typed}).text
    part = page.partition('id="anruf"')[2].partition("</section>")[0]
    assert "Müller-Lüdenscheidt" in part
    assert "mu…r@gemeinde.example" in part
    assert "mueller@gemeinde.example" not in part
    assert "Weiß" not in part


@pytest.mark.usefixtures("four_minutes_before")
def test_link_goes_again_with_one_click_and_says_when(desk: FlaskClient) -> None:
    talk, path = evening()
    contact = coming(talk, email="seubert@gemeinde.example")
    page = desk.get(path, query_string={"q": "seubert"}).text
    assert "Link zuletzt gesendet" not in page
    for _click in range(2):
        answer = desk.post(f"{path}/link/{contact.id}", data={"q": "seubert", "number": 1})
    assert answer.headers["Location"] == f"{path}?q=seubert#anruf"
    page = desk.get(answer.headers["Location"]).text
    assert "Der Link ist auf dem Weg an se…t@gemeinde.example" in page
    assert "Link zuletzt gesendet um 17:56\u00a0Uhr" in page
    assert 'name="number" value="2"' in page
    assert len(mails("personal_link")) == 1


def test_link_goes_also_when_the_talk_has_begun_and_then_leads_to_the_archive(
    desk: FlaskClient,
) -> None:
    talk, path = evening()
    contact = coming(talk)
    with frozen(talk.ends_at - timedelta(seconds=1)):
        desk.post(f"{path}/link/{contact.id}", data={"number": 1})
    with frozen(talk.ends_at):
        desk.post(f"{path}/link/{contact.id}", data={"number": 2})
    assert (len(mails("personal_link")), len(mails("archive_link"))) == (1, 1)


@pytest.mark.usefixtures("four_minutes_before")
def test_somebody_unknown_is_let_in_beyond_the_places_and_out_again(desk: FlaskClient) -> None:
    talk, path = evening(places_online=1)
    coming(talk)
    page = desk.get(f"{path}/einlassen/neu").text
    assert "Alle 1 Plätze online sind vergeben: Mit dieser Person sind es 2." in page
    data = {"form": "frau", "first_name": "Ida", "last_name": "Neu", "language": "de"}
    refused = desk.post(f"{path}/einlassen/neu", data={**data, "email": "ida"})
    assert refused.status_code == 422
    assert 'value="Neu"' in refused.text
    desk.post(f"{path}/einlassen/neu", data={**data, "email": "ida@gemeinde.example"})
    page = desk.get(path).text
    assert "Ida Neu kann hinein. Der Link ist auf dem Weg an i…@gemeinde.example." in page
    assert "Von Hand eingelassen" in page
    contact = db.session.scalars(select(Contact).where(Contact.last_name == "Neu")).one()
    entry = address(contact, Purpose.ENTER, talk)
    assert "Raum betreten" in desk.get(entry).text
    assert [row.contact_id for row in mails("confirmation")][-1] == contact.id

    admission = db.session.scalars(select(Admission)).one()
    revoke = f"{path}/zutritt/{admission.id}"
    assert "Soll Ida Neu nicht mehr hineinkommen?" in desk.get(revoke).text
    assert desk.post(revoke).headers["Location"] == path
    assert "Von Hand eingelassen" not in desk.get(path).text
    assert "Raum betreten" not in desk.get(entry).text
    assert desk.get(revoke).headers["Location"] == path


def test_who_declined_is_let_in_with_one_click_after_the_start(desk: FlaskClient) -> None:
    talk, path = evening()
    contact = factories.contact()
    participation.decline(factories.invitation(talk, contact))
    db.session.commit()
    with frozen(START + timedelta(minutes=3)):
        page = desk.get(path, query_string={"q": contact.last_name}).text
        assert f'action="{path}/einlassen/{contact.id}"' in page
        desk.post(f"{path}/einlassen/{contact.id}", data={"q": contact.last_name})
        page = desk.get(path, query_string={"q": contact.last_name}).text
        assert f'action="{path}/einlassen/{contact.id}"' not in page
        desk.post(f"{path}/einlassen/{contact.id}")
        assert len(mails("confirmation")) == 1


@pytest.mark.usefixtures("four_minutes_before")
def test_message_to_all_begins_with_words_and_waits_for_a_look(desk: FlaskClient) -> None:
    talk, path = evening()
    for _number in range(2):
        coming(talk)
    answer = desk.post(f"{path}/nachricht")
    assert answer.headers["Location"].endswith("/text")
    assert "Heute Abend: {titel}" in desk.get(answer.headers["Location"]).text
    mailing = db.session.scalars(select(Mailing)).one()
    assert len(mailings.recipients(mailing)) == 2
    assert mails("message") == []
    again = desk.post(f"{path}/nachricht")
    assert again.headers["Location"] == answer.headers["Location"]


@pytest.mark.usefixtures("four_minutes_before")
def test_other_meeting_is_looked_at_then_stands_before_everybody(desk: FlaskClient) -> None:
    talk, path = evening(places_online=1)
    contact, waiting, speaker = coming(talk), coming(talk), factories.speaker(talk)
    pages = [
        address(contact, Purpose.ANSWER, talk),
        f"{address(contact, Purpose.ANSWER, talk)}/raum",
        address(contact, Purpose.ENTER, talk),
        speaker_address(speaker, talk),
    ]
    others = [address(waiting, Purpose.ANSWER, talk), address(waiting, Purpose.ENTER, talk)]
    put = f"{path}/ersatzraum"
    review = desk.post(put, data={"url": URL})
    assert review.status_code == 200
    assert "Sollen alle zu treffen.example.org wechseln?" in review.text
    assert "2 Personen werden dorthin geleitet" in review.text
    assert (talk.other_room, mails("other_room")) == ("", [])
    for _click in range(2):
        assert desk.post(put, data={"url": URL, "step": "set"}).headers["Location"] == path
    assert "2 Personen bekommen eine Nachricht." in desk.get(path).text
    assert len(mails("other_room")) == 2
    guest = desk.application.test_client()
    escaped = URL.replace("&", "&amp;")
    for page in pages:
        found = guest.get(page)
        assert f'href="{escaped}"' in found.text, page
        assert "treffen.example.org" in found.text
        assert "Raum betreten" not in found.text
    for page in others:
        assert "treffen.example.org" not in guest.get(page).text
    assert guest.post(pages[2]).status_code == 303

    back = f"{path}/ersatzraum/zuruecknehmen"
    assert "2 Personen erfahren es per E-Mail" in desk.get(back).text
    desk.post(back)
    assert len(mails("room_back")) == 2
    for page in pages:
        assert "treffen.example.org" not in guest.get(page).text
    assert desk.get(back).headers["Location"] == path


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Bitte fügen Sie den Link zum Ersatzraum ein."),
        ("http://treffen.example.org/", "Die Adresse muss mit https:// beginnen."),
        ("javascript:alert(1)", ""),
    ],
)
@pytest.mark.usefixtures("four_minutes_before")
def test_address_that_is_none_is_refused_at_its_field(
    desk: FlaskClient, typed: str, words: str
) -> None:
    talk, path = evening()
    for step in ("", "set"):
        answer = desk.post(f"{path}/ersatzraum", data={"url": typed, "step": step})
        assert answer.status_code == 422
        assert words in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert f'value="{typed}"' in answer.text
    assert talk.other_room == ""


@pytest.mark.usefixtures("four_minutes_before")
def test_open_pages_learn_of_every_change_of_the_door(desk: FlaskClient) -> None:
    talk, path = evening()
    contact, speaker = coming(talk), factories.speaker(talk)
    guest = desk.application.test_client()
    for page in (
        address(contact, Purpose.ANSWER, talk),
        address(contact, Purpose.ENTER, talk),
        speaker_address(speaker, talk),
    ):
        talk.other_room, talk.other_room_at = "", None
        db.session.commit()
        shown = re.search(r'data-state="([^"]*)"', guest.get(page).text)
        assert shown is not None
        answer = guest.get(f"{page}/lage")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json == {
            "state": shown[1],
            "elsewhere": False,
            "end": "19:30\u00a0Uhr",
            "seconds": 94 * 60,
        }
        talk.other_room, talk.other_room_at = URL, now()
        db.session.commit()
        found = guest.get(f"{page}/lage").json
        assert found is not None
        assert found["elsewhere"]
        assert found["state"] != shown[1]
        assert URL not in str(found)
        again = re.search(r'data-state="([^"]*)"', guest.get(page).text)
        assert again is not None
        assert again[1] == found["state"]
    answer = desk.get(f"{path}/lage")
    assert answer.json is not None
    assert not answer.json["elsewhere"]


def test_room_page_shows_the_end_and_leaves_for_another_meeting(
    app: Flask, environ: dict[str, str]
) -> None:
    talk, _path = evening(extended_until=START + timedelta(minutes=105))
    contact, speaker = coming(talk), factories.speaker(talk)
    answer, enter = (address(contact, one, talk) for one in (Purpose.ANSWER, Purpose.ENTER))
    speaks = speaker_address(speaker, talk)
    hosted = create_app({**environ, **HOST})
    part_requests(hosted)
    with hosted.app_context(), frozen(SOON):
        client = hosted.test_client()
        for click, watched, back in (
            (f"{answer}/raum", answer, f"{answer}/raum"),
            (enter, enter, enter),
            (f"{speaks}/raum", speaks, speaks),
        ):
            page = client.post(click)
            assert "<span data-end>19:45\u00a0Uhr</span>" in page.text
            assert f'data-address="{watched}/lage"' in page.text
            assert f'data-back="{back}"' in page.text
            assert "watch.js" in page.text
            assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
        db.session.remove()
        db.engine.dispose()


@pytest.mark.usefixtures("four_minutes_before")
def test_viewer_sees_who_is_there_and_changes_nothing(app: Flask) -> None:
    talk, path = evening()
    contact = coming(talk)
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    page = viewer.get(path, query_string={"q": contact.last_name}).text
    assert "0 von 1 sind da." in page
    part = page.partition("<main")[2]
    assert '<form method="post"' not in part


def test_desk_leads_to_the_evening_on_the_day_alone(desk: FlaskClient) -> None:
    talk, path = evening()
    pages = ("/desk/", path.removesuffix("/abend"))
    for at, near in (
        (START - timedelta(hours=6, seconds=1), False),
        (START - timedelta(hours=6), True),
        (START + timedelta(minutes=119, seconds=59), True),
        (START + timedelta(minutes=120), False),
    ):
        with frozen(at):
            found = [f'href="{path}"' in desk.get(page).text for page in pages]
        assert found == [near, near], at
    assert talk.id


@pytest.mark.usefixtures("four_minutes_before")
def test_page_asks_as_often_for_many_people_as_for_one(desk: FlaskClient) -> None:
    counts = []
    for number in (1, 3):
        talk, path = evening(format="hybrid")
        for _number in range(number):
            organisation = factories.organisation()
            contact = coming(talk, last_name="Gleich", organisation=organisation)
            enters(talk, contact)
            desk.post(f"{path}/link/{contact.id}", data={"number": 1})
            other = factories.contact(last_name="Gleich", organisation=factories.organisation())
            desk.post(f"{path}/einlassen/{other.id}")
        db.session.expire_all()
        with counted() as queries:
            assert desk.get(path, query_string={"q": "gleich"}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("four_minutes_before")
def test_hundreds_of_people_come_in_pages_and_are_narrowed(desk: FlaskClient) -> None:
    talk, path = evening()
    people = [coming(talk, last_name=f"Person{number:03}") for number in range(60)]
    enters(talk, people[7])
    page = desk.get(path).text
    assert "60 Personen, 1 bis 25 angezeigt" in page
    assert "1 von 60 sind da." in page
    assert "Person059" in desk.get(path, query_string={"page": 3}).text
    assert "1 Person<" in desk.get(path, query_string={"list": "in"}).text
    assert "59 Personen" in desk.get(path, query_string={"list": "missing"}).text
    assert "1 Person<" in desk.get(path, query_string={"name": "person042"}).text
    assert links.PATHS  # the page names no personal link
    assert "/e/" not in page
