"""The public pages: what is on, and nothing about who comes or where the room is."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from tests import factories
from tests.queries import counted
from webinar.clock import now
from webinar.extensions import db
from webinar.models import Format, Mode, Registration, Room, TalkState


def test_programme_shows_the_next_talk_large_and_drafts_not_at_all(client: FlaskClient) -> None:
    factories.talk(title="Der nächste Abend", slug="naechster")
    factories.talk(title="Der Abend danach", starts_at=now() + timedelta(days=30))
    factories.talk(title="Noch ein Entwurf", state=TalkState.DRAFT)
    page = client.get("/").text
    assert re.search(r'<h1[^>]*id="naechster"[^>]*>Der nächste Abend</h1>', page)
    assert "Der Abend danach" in page
    assert "Noch ein Entwurf" not in page


def test_empty_programme_says_what_will_stand_there(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Noch ist kein Abend angekündigt." in page
    assert page.count("<h1") == 1


def test_programme_asks_the_same_queries_for_one_talk_and_for_three(client: FlaskClient) -> None:
    numbers = []
    for count in (1, 2):
        for _ in range(count):
            factories.speaker(factories.talk())
            factories.talk(starts_at=now() - timedelta(days=30))
        db.session.remove()
        with counted() as statements:
            assert client.get("/").status_code == 200
        numbers.append(len(statements))
    assert numbers == [6, 6]


def test_talk_page_shows_neither_room_nor_participants(client: FlaskClient) -> None:
    talk = factories.talk(format=Format.HYBRID, venue="Großer Sitzungssaal", places_online=20)
    contact = factories.contact(last_name="Geheimnis")
    factories.save(Room(talk_id=talk.id, name="geheimerraumname0123456789"))
    factories.save(
        Registration(talk_id=talk.id, contact_id=contact.id, state="confirmed", mode=Mode.ONLINE)
    )
    page = client.get(f"/veranstaltungen/{talk.slug}").text
    assert "noch 19 Plätze" in page
    assert "Geheimnis" not in page
    assert "geheimerraumname" not in page


@pytest.mark.parametrize("state", [TalkState.DRAFT])
def test_draft_is_not_there(client: FlaskClient, state: str) -> None:
    talk = factories.talk(state=state)
    assert client.get(f"/veranstaltungen/{talk.slug}").status_code == 404
    assert client.get(f"/veranstaltungen/{talk.slug}/kalender.ics").status_code == 404


def test_cancelled_talk_says_so_to_people_machines_and_calendars(client: FlaskClient) -> None:
    talk = factories.talk(state=TalkState.CANCELLED, cancel_reason="Die Referentin ist erkrankt.")
    page = client.get(f"/veranstaltungen/{talk.slug}").text
    assert "Veranstaltung abgesagt" in page
    assert "Die Referentin ist erkrankt." in page
    assert event_of(page)["eventStatus"].endswith("EventCancelled")
    file = Calendar.from_ical(client.get(f"/veranstaltungen/{talk.slug}/kalender.ics").data)
    assert file.events[0]["STATUS"] == "CANCELLED"


def event_of(page: str) -> dict[str, str]:
    found = re.search(r'<script type="application/ld\+json">(.+?)</script>', page, re.DOTALL)
    assert found is not None
    event: dict[str, str] = json.loads(found[1])
    return event


def test_structured_data_survives_a_hostile_title(client: FlaskClient) -> None:
    title = '</script><script>alert("1")</script> & "Zitat"'
    talk = factories.talk(title=title)
    page = client.get(f"/veranstaltungen/{talk.slug}").text
    assert "<script>alert" not in page
    assert event_of(page)["name"] == title


def test_hostile_abstract_is_shown_as_text(client: FlaskClient) -> None:
    talk = factories.talk(abstract="<img src=x onerror=alert(1)> [x](javascript:alert(1))")
    page = client.get(f"/veranstaltungen/{talk.slug}").text
    assert "<img src=x" not in page
    assert 'href="javascript' not in page


def test_calendar_file_names_no_attendee_and_leads_to_the_page(client: FlaskClient) -> None:
    talk = factories.talk()
    answer = client.get(f"/veranstaltungen/{talk.slug}/kalender.ics")
    assert answer.mimetype == "text/calendar"
    event = Calendar.from_ical(answer.data).events[0]
    assert "ATTENDEE" not in event
    assert str(event["UID"]) == talk.uid
    assert str(event["URL"]).endswith(f"/veranstaltungen/{talk.slug}")


def test_english_is_complete_and_stays_while_following_links(client: FlaskClient) -> None:
    talk = factories.talk()
    page = client.get("/?lang=en").text
    assert '<html lang="en">' in page
    assert "Next talk" in page
    assert f"/veranstaltungen/{talk.slug}?lang=en" in page


@pytest.mark.parametrize("page", ["impressum", "datenschutz", "barrierefreiheit"])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_legal_pages_have_one_heading_and_the_offices_name(
    client: FlaskClient, page: str, lang: str
) -> None:
    text = client.get(f"/{page}?lang={lang}").text
    assert text.count("<h1") == 1
    assert "Landratsamt Würzburg" in text


def test_pages_ask_no_other_host(client: FlaskClient) -> None:
    talk = factories.talk()
    for path in ("/", "/rueckblick", "/ueber-die-reihe", f"/veranstaltungen/{talk.slug}"):
        page = client.get(path).text
        # A link is followed by a person; everything else the browser asks for by itself.
        page = re.sub(r'<a href="https://[^"]+" rel="noopener noreferrer">', "", page)
        assert re.findall(r'(?:src|href)="(https?:)?//(?!localhost)', page) == []


def test_photo_is_shown_only_for_speakers_of_public_talks(app: Flask, client: FlaskClient) -> None:
    draft = factories.talk(state=TalkState.DRAFT)
    speaker = factories.speaker(draft, photo_key="0" * 32)
    assert client.get(f"/referenten/{speaker.id}/foto").status_code == 404
