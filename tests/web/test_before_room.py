"""What stands in front of the room: who runs it, recording and consent, the name, the telephone."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import everything, speaker_address
from tests.web.test_entry import JITSI, OPENS, START, Guest, claims, guest, hosted, page
from webinar.clock import frozen
from webinar.domain import participation, recording_consents
from webinar.extensions import db
from webinar.models import AuditEntry, ConsentAnswer, Mode, Room
from webinar.web import room_entry

NAME = "display_name"


def shown(client: FlaskClient, who: Guest) -> str:
    return html.unescape(page(client, who.enter, START))


def token(text: str) -> dict[str, Any]:
    found = re.search(r'data-token="([^"]+)"', text)
    assert found is not None
    return claims(found[1], START)


def test_page_says_who_runs_the_service_and_that_nothing_is_recorded(client: FlaskClient) -> None:
    who = guest()
    for path in (who.enter, f"{who.answer}/raum"):
        for at in (OPENS - timedelta(minutes=5), START):
            text = page(client, path, at)
            assert "The video service is run by Landratsamt Würzburg" in text
            assert "The talk is not recorded" in text
            assert "A recording was planned" not in text
            assert 'href="/technik' in text


@pytest.mark.parametrize(
    ("settings", "operator"),
    [
        ({"WEBINAR_JITSI_OPERATOR": "AKDB, München"}, "AKDB, München"),
        ({}, "Landratsamt Würzburg"),
    ],
)
def test_operator_of_the_service_comes_from_the_settings(
    app: Flask, environ: dict[str, str], settings: dict[str, str], operator: str
) -> None:
    who = guest()
    with hosted(environ, **settings) as client:
        assert f"The video service is run by {operator}" in page(client, who.enter, START)


def test_recording_is_announced_only_with_the_consent_of_all_speakers(client: FlaskClient) -> None:
    who = guest(recorded=True)
    first = factories.speaker(who.talk, first_name="Katharina", last_name="Brandl")
    second = factories.speaker(who.talk, first_name="Jonas", last_name="Metzger")
    recording_consents.answer(who.talk, first, said=ConsentAnswer.YES)
    db.session.commit()
    assert "as long as not all speakers have consented" in shown(client, who)
    recording_consents.answer(who.talk, second, said=ConsentAnswer.YES)
    db.session.commit()
    text = shown(client, who)
    assert "The talk is recorded" in text
    assert "With the consent of Dr. Katharina Brandl and Dr. Jonas Metzger." in text


@pytest.mark.parametrize("answer", [None, ConsentAnswer.NO])
def test_nobody_may_record_against_a_speaker(
    app: Flask, environ: dict[str, str], answer: ConsentAnswer | None
) -> None:
    who = guest(recorded=True)
    agrees, other = factories.speaker(who.talk), factories.speaker(who.talk, last_name="Metzger")
    recording_consents.answer(who.talk, agrees, said=ConsentAnswer.YES)
    if answer is not None:
        recording_consents.answer(who.talk, other, said=answer)
    account = factories.account()
    paths = (speaker_address(agrees, who.talk) + "/raum", who.enter)
    with hosted(environ) as client, frozen(START), client.application.test_request_context():
        for path in paths:
            context = token(client.post(path).text)["context"]
            assert context["features"]["recording"] is False
        talk, account = db.session.merge(who.talk), db.session.merge(account)
        hours = room_entry.staff_hours(talk)
        entered = room_entry.enter(talk, room_entry.moderator(account), hours=hours, back="/")
        context = token(entered.get_data(as_text=True))["context"]
    assert context["user"]["moderator"] is True
    assert context["features"]["recording"] is False


def test_name_for_the_room_is_chosen_with_the_click(app: Flask, environ: dict[str, str]) -> None:
    who = guest()
    with hosted(environ) as client, frozen(START):
        entered = client.post(who.enter, data={NAME: " Hannah S. "})
        assert token(entered.text)["context"]["user"]["name"] == "Hannah S."
        assert 'data-name="Hannah S."' in entered.text
        text = client.get(who.enter).text
        assert "In the room you are called Hannah S." in text
        assert NAME not in text
        again = client.post(f"{who.answer}/raum")
        assert token(again.text)["context"]["user"]["name"] == "Hannah S."


def test_name_that_misleads_is_refused_at_its_field_with_what_was_typed(
    client: FlaskClient,
) -> None:
    who = guest()
    before = everything()
    with frozen(START):
        for path in (who.enter, f"{who.answer}/raum"):
            answer = client.post(path, data={NAME: 'Moderator "A"'})
            assert answer.status_code == 422
            assert "could be taken for the office" in answer.text
            assert 'value="Moderator &#34;A&#34;"' in answer.text
            assert f'action="{path}"' in answer.text
    assert everything() == before
    assert db.session.scalar(select(Room)) is None


def test_name_cannot_be_chosen_twice(client: FlaskClient) -> None:
    who = guest()
    with frozen(START):
        assert client.post(who.enter, data={NAME: "Hannah S."}).status_code == 200
        assert client.post(who.enter, data={NAME: "Hannah S."}).status_code == 200
        answer = client.post(who.enter, data={NAME: "H. S."})
    assert answer.status_code == 422
    assert "You have chosen a name already." in answer.text


def test_office_sees_the_chosen_name_and_can_take_it_away(
    desk: FlaskClient, client: FlaskClient
) -> None:
    who = guest()
    with frozen(START):
        client.post(who.enter, data={NAME: "Hannah S."})
    path = f"/desk/veranstaltungen/{who.talk.id}/personen/{who.contact.id}"
    assert "Hannah S." in desk.get(path).text
    assert desk.post(f"{path}/name").status_code == 303
    text = desk.get(path).text
    assert "Hannah S." not in text
    assert "Gewählten Namen zurückgesetzt" in text
    line = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "registration.name_reset")
    ).one()
    assert line.changes == {NAME: True}
    with frozen(START):
        assert client.post(who.enter, data={NAME: "H. S."}).status_code == 200


def test_telephone_is_offered_where_it_is_configured_and_the_talk_has_a_pin(
    app: Flask, environ: dict[str, str]
) -> None:
    who, without = guest(dial_in_pin="123 456 #"), guest()
    numbers = {"WEBINAR_JITSI_DIAL_IN": "+49 931 0000-99; +49 89 0000-99"}
    with hosted(environ, **numbers) as client:
        text = page(client, who.enter, START)
        assert "+49 931 0000-99, +49 89 0000-99" in text
        assert "123 456 #" in text
        assert "+49 931" not in page(client, without.enter, START)
    with hosted(environ) as client:
        assert "By telephone" not in page(client, who.enter, START)


def test_pin_is_not_shown_to_who_has_no_place(app: Flask, environ: dict[str, str]) -> None:
    who = guest(dial_in_pin="123 456 #")
    row = who.registration.invitation
    assert row is not None
    participation.decline(row)
    db.session.commit()
    with hosted(environ, WEBINAR_JITSI_DIAL_IN="+49 931 0000-99") as client:
        for path in (who.enter, f"{who.answer}/raum", who.answer):
            text = page(client, path, OPENS)
            assert "123 456" not in text
            assert "+49 931" not in text


def test_who_declined_can_accept_in_front_of_the_door(client: FlaskClient) -> None:
    who = guest()
    row = who.registration.invitation
    assert row is not None
    participation.decline(row)
    db.session.commit()
    text = page(client, f"{who.answer}/raum", OPENS)
    assert f'action="{who.answer}/zusage"' in text
    assert "Accept and take part online" in text
    with frozen(OPENS):
        client.post(f"{who.answer}/zusage", data={"mode": "online"})
        assert client.post(f"{who.answer}/raum").status_code == 200
    closed = page(client, f"{who.answer}/raum", START)
    assert "/zusage" not in closed


def test_waiting_hall_and_over_lead_on(client: FlaskClient) -> None:
    who = guest(Mode.HALL, format="hybrid")
    assert f'href="{who.answer}"' in page(client, f"{who.answer}/raum", OPENS)
    who.registration.state, who.registration.confirmed_at = "waiting", None
    who.registration.mode = Mode.ONLINE
    db.session.commit()
    text = page(client, f"{who.answer}/raum", OPENS)
    assert "You are number 1 on the waiting list" in text
    assert f'href="{who.answer}"' in text


def test_address_of_the_check_can_be_the_offices_own(app: Flask, environ: dict[str, str]) -> None:
    who = guest()
    own = "https://technik.lra.example/test"
    with hosted(environ, WEBINAR_JITSI_CHECK_URL=own) as client:
        assert f'href="{own}"' in page(client, who.enter, START)


def test_technical_check_alone_may_ask_for_camera_and_microphone(client: FlaskClient) -> None:
    answer = client.get("/technik")
    assert answer.status_code == 200
    granted = answer.headers["Permissions-Policy"]
    assert "camera=(self), microphone=(self)" in granted
    assert "display-capture=()" in granted
    assert "camera=()" in client.get("/").headers["Permissions-Policy"]
    assert re.findall(r"<script(?![^>]*src=\"/static/)", answer.text) == []
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert JITSI["WEBINAR_JITSI_HOST"] not in answer.text
