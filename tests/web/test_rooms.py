"""The office enters the video room from the talk's page: as a moderator, at its own hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.conftest import part_requests, signed_in
from tests.personal import everything
from webinar import create_app
from webinar.clock import frozen
from webinar.extensions import db
from webinar.models import Account, Role, Room, Talk, TalkState

START = factories.at("2027-01-14T17:00")
OPENS = START - timedelta(minutes=30)
EARLY = OPENS - timedelta(minutes=1)
HOST = {
    "WEBINAR_JITSI_MODE": "hs256",
    "WEBINAR_JITSI_HOST": "meet.example.org",
    "WEBINAR_JITSI_APP_ID": "webinar",
    "WEBINAR_JITSI_SECRET": "a shared secret of more than thirty-two bytes",
}


def evening(**values: Any) -> tuple[Talk, str]:
    talk = factories.talk(**{"starts_at": START, **values})
    return talk, f"/desk/veranstaltungen/{talk.id}"


def test_page_says_when_the_room_opens_and_then_offers_it(desk: FlaskClient) -> None:
    _, path = evening(recorded=True)
    with frozen(EARLY):
        page = desk.get(path).text
        assert "Er öffnet für das Büro am Donnerstag, 14.\u00a0Januar 2027, 17:30" in page
        assert f'action="{path}/raum"' not in page
    with frozen(OPENS):
        assert f'action="{path}/raum"' in desk.get(path).text
    with frozen(START + timedelta(minutes=90 + 29)):
        assert f'action="{path}/raum"' in desk.get(path).text
    with frozen(START + timedelta(minutes=90 + 30)):
        assert "Videoraum" not in desk.get(path).text


@pytest.mark.parametrize(
    "values", [{"format": "on_site"}, {"state": TalkState.DRAFT}, {"state": TalkState.CANCELLED}]
)
def test_talk_without_a_room_offers_none(desk: FlaskClient, values: dict[str, object]) -> None:
    _, path = evening(**values)
    with frozen(START):
        assert "Videoraum" not in desk.get(path).text
        assert desk.post(f"{path}/raum").headers["Location"] == path
    assert db.session.scalar(select(func.count(Room.id))) == 0


def test_click_moderates_and_leads_back_to_the_talk(desk: FlaskClient, organiser: Account) -> None:
    _, path = evening(format="hybrid", recorded=True)
    with frozen(OPENS):
        answer = desk.post(f"{path}/raum")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"staff-{organiser.id}" in answer.text
    assert organiser.name in answer.text
    assert f'href="{path}"' in answer.text
    assert db.session.scalar(select(func.count(Room.id))) == 1


def test_click_before_the_hour_leads_back_and_makes_no_room(desk: FlaskClient) -> None:
    _, path = evening()
    before = everything()
    with frozen(EARLY):
        answer = desk.post(f"{path}/raum")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
        assert "Der Raum lässt sich jetzt nicht betreten." in desk.get(path).text
    assert everything() == before


def test_looking_at_the_talk_makes_no_room(desk: FlaskClient) -> None:
    _, path = evening()
    before = everything()
    with frozen(OPENS):
        assert desk.get(path).status_code == 200
        assert desk.get(f"{path}/raum").status_code == 405
    assert everything() == before


def test_viewer_sees_the_hour_and_no_button(app: Flask) -> None:
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    _, path = evening()
    with frozen(START):
        page = viewer.get(path).text
        assert "Der Raum ist geöffnet." in page
        assert f'action="{path}/raum"' not in page
        assert viewer.post(f"{path}/raum").status_code == 403
    assert db.session.scalar(select(func.count(Room.id))) == 0


def test_plain_link_to_the_host_is_let_through_by_the_page(
    app: Flask, environ: dict[str, str], organiser: Account
) -> None:
    _, path = evening()
    hosted = create_app({**environ, **HOST, "WEBINAR_JITSI_EMBED": "false"})
    part_requests(hosted)
    with hosted.app_context(), frozen(OPENS):
        client = signed_in(hosted, organiser)
        policy = client.get(path).headers["Content-Security-Policy"]
        answer = client.post(f"{path}/raum")
        db.session.remove()
        db.engine.dispose()
    assert "form-action 'self' https://meet.example.org" in policy
    assert answer.status_code == 303
    address, _, fragment = answer.headers["Location"].partition("#")
    assert address.startswith("https://meet.example.org/")
    assert "jwt" not in address
    assert "jwt=" in fragment
