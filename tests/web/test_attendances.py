"""Who was there, at the desk and on the person's own pages; the hall ticked off by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.personal import address
from tests.queries import counted
from webinar.adapters.spreadsheet import Table, read_table
from webinar.clock import frozen, now
from webinar.domain import attendances, participation, rooms
from webinar.domain.attendances import Report
from webinar.extensions import db
from webinar.models import (
    Attendance,
    AuditEntry,
    Contact,
    Format,
    Mode,
    Purpose,
    Registration,
    Role,
    Talk,
    TalkState,
)

START = now().replace(microsecond=0) - timedelta(hours=3)


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.talk(starts_at=START, format=Format.HYBRID, places_hall=20)
    rooms.room_of(talk, name="abend")
    db.session.commit()
    return talk


def person(talk: Talk, name: str, *, mode: Mode = Mode.ONLINE, minutes: int = 0) -> Contact:
    """Somebody with a place, who was online for so many minutes."""
    contact = factories.contact(last_name=name)
    with frozen(START - timedelta(days=3)):
        registration = participation.accept(factories.invitation(talk, contact), mode=mode)
        db.session.commit()
    if minutes:
        stay(talk, registration.pseudonym, minutes)
    return contact


def stay(talk: Talk, user_id: str, minutes: int) -> None:
    room = attendances.room_of("abend")
    assert room is not None
    left = START + timedelta(minutes=minutes)
    report = Report(occupant=f"{user_id}@x/y", user_id=user_id, joined_at=START, left_at=left)
    attendances.take_down(room, report)
    db.session.commit()


def home(talk: Talk, rest: str = "") -> str:
    return f"/desk/veranstaltungen/{talk.id}/teilnahme{rest}"


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).replace("\xa0", " ").split())


def test_list_says_who_took_part_and_how_long(desk: FlaskClient, talk: Talk) -> None:
    person(talk, "Adam", minutes=63)
    person(talk, "Brandl", minutes=20)
    person(talk, "Conrad", mode=Mode.HALL)
    stay(talk, "speaker-1", 90)
    stay(talk, "", 90)
    page = text_of(desk, home(talk))
    adam, brandl, conrad = (page.index(f">{name}, Hannah") for name in ("Adam", "Brandl", "Conrad"))
    assert "hat teilgenommen<small>65 Minuten online</small>" in page[adam:brandl]
    assert "war kurz da<small>20 Minuten online</small>" in page[brandl:conrad]
    assert "nicht vermerkt" in page[conrad:]
    assert "<dt>Teilgenommen</dt><dd>1</dd>" in page
    assert "<dt>Online, auch kurz</dt><dd>2</dd>" in page
    assert "<dt>Ohne Anmeldung</dt><dd>1 Verbindung</dd>" in page


def test_one_click_ticks_off_in_the_hall_and_another_takes_it_back(
    desk: FlaskClient, talk: Talk
) -> None:
    contact = person(talk, "Adam", mode=Mode.HALL)
    for _time in range(2):
        answer = desk.post(home(talk, f"/{contact.id}"), data={"side": "hall", "page": "2"})
        assert answer.status_code == 303
        assert answer.headers["Location"] == home(talk, "?side=hall&page=2")
    page = text_of(desk, home(talk))
    assert "hat teilgenommen<small>im Saal</small>" in page
    assert db.session.query(Attendance).count() == 1
    for _time in range(2):
        desk.post(home(talk, f"/{contact.id}/zuruecknehmen"))
    assert db.session.query(Attendance).count() == 0
    actions = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.action.startswith("attendance"))
        .order_by(AuditEntry.id)
    )
    assert list(actions) == ["attendance.ticked", "attendance.unticked"]


def test_who_had_a_place_online_can_be_ticked_off_in_the_hall(
    desk: FlaskClient, talk: Talk
) -> None:
    contact = person(talk, "Adam", minutes=12)
    desk.post(home(talk, f"/{contact.id}"), data={"q": "adam"})
    assert "im Saal, 10 Minuten online" in text_of(desk, home(talk))


@pytest.mark.parametrize("state", ["cancelled", "draft", "early"])
def test_nobody_is_ticked_off_before_the_day_or_at_no_talk(
    desk: FlaskClient, talk: Talk, state: str
) -> None:
    contact = person(talk, "Adam", mode=Mode.HALL)
    if state == "early":
        talk.starts_at, talk.ends_at = now() + timedelta(days=2), now() + timedelta(days=3)
    else:
        talk.state = TalkState(state)
    db.session.commit()
    answer = desk.post(home(talk, f"/{contact.id}"), follow_redirects=True)
    assert "am Tag der Veranstaltung" in answer.get_data(as_text=True)
    assert db.session.query(Attendance).count() == 0
    assert "Ist im Saal" not in text_of(desk, home(talk))


def test_who_has_no_place_cannot_be_ticked_off(desk: FlaskClient, talk: Talk) -> None:
    contact = factories.contact()
    assert desk.post(home(talk, f"/{contact.id}")).status_code == 404
    assert desk.post(home(talk, f"/{contact.id}/zuruecknehmen")).status_code == 404


def test_viewer_sees_the_list_without_buttons(app: Flask, talk: Talk) -> None:
    person(talk, "Adam", mode=Mode.HALL)
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    assert "Ist im Saal" not in text_of(viewer, home(talk))


def table_of(desk: FlaskClient, path: str) -> Table:
    name = path.partition("?")[0].rpartition("/")[2]
    return read_table(desk.get(path).get_data(), filename=name)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_file_holds_the_list_as_it_is_narrowed(desk: FlaskClient, talk: Talk, kind: str) -> None:
    person(talk, "Adam", minutes=63)
    hall = person(talk, "Brandl", mode=Mode.HALL)
    desk.post(home(talk, f"/{hall.id}"))
    table = table_of(desk, home(talk, f"/liste.{kind}"))
    ends = [row.cells[-4:] for row in table.rows]
    assert [list(map(str, end)) for end in ends] == [
        ["online", "ja", "65", "nein"],
        ["im Saal", "ja", "0", "ja"],
    ]
    narrowed = table_of(desk, home(talk, f"/liste.{kind}?side=hall"))
    assert len(narrowed.rows) == 1


def test_list_asks_as_often_for_one_person_as_for_three(desk: FlaskClient, talk: Talk) -> None:
    found = []
    for names in (["Adam"], ["Brandl", "Conrad"]):
        for name in names:
            contact = person(talk, name, minutes=30)
            desk.post(home(talk, f"/{contact.id}"))
        with counted() as statements:
            desk.get(home(talk))
        found.append(len(statements))
    assert found[0] == found[1]


def test_talk_page_counts_who_came_and_leads_to_the_list(desk: FlaskClient, talk: Talk) -> None:
    path = f"/desk/veranstaltungen/{talk.id}"
    assert "Wer war da" not in text_of(desk, path)
    person(talk, "Adam", minutes=63)
    page = text_of(desk, path)
    assert f'href="{home(talk)}"' in page
    assert "Wer war da" in page


def test_coming_talk_has_no_tab_for_it_yet(desk: FlaskClient) -> None:
    talk = factories.talk()
    assert home(talk) not in text_of(desk, f"/desk/veranstaltungen/{talk.id}")


def test_person_sees_the_own_attendance_and_nobody_elses(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    contact, other = person(talk, "Adam", minutes=63), person(talk, "Brandl")
    assert "Sie waren dabei: etwa 65 Minuten online." in text_of(
        client, address(contact, Purpose.ANSWER, talk)
    )
    mine = text_of(client, address(contact, Purpose.PREFERENCES, None))
    assert "Ihre Teilnahme" in mine
    assert "etwa 65 Minuten online" in mine
    assert "Sie waren dabei" not in text_of(client, address(other, Purpose.ANSWER, talk))
    assert "Ihre Teilnahme" not in text_of(client, address(other, Purpose.PREFERENCES, None))


def test_person_in_the_hall_reads_so(app: Flask, client: FlaskClient, talk: Talk) -> None:
    contact = person(talk, "Adam", mode=Mode.HALL)
    desk = signed_in(app, factories.account())
    desk.post(home(talk, f"/{contact.id}"))
    assert "Sie waren dabei: im Saal." in text_of(client, address(contact, Purpose.ANSWER, talk))


def test_place_that_was_given_up_and_taken_again_sums_for_the_person(talk: Talk) -> None:
    contact = person(talk, "Adam", minutes=30)
    old = db.session.scalars(select(Registration)).one()
    old.state = "cancelled"
    again = Registration(talk=talk, contact=contact, state="confirmed", mode=Mode.ONLINE)
    factories.save(again)
    room = attendances.room_of("abend")
    assert room is not None
    later = START + timedelta(minutes=40)
    attendances.take_down(
        room,
        Report(
            occupant="b@x/y",
            user_id=again.pseudonym,
            joined_at=later,
            left_at=later + timedelta(minutes=20),
        ),
    )
    db.session.commit()
    rule = attendances.Rule(minutes=0, percent=50)
    assert attendances.of_talk(talk, rule=rule)[contact.id].minutes == 50
