"""Prosody's requests for a room, as its module sends them: at every edge of the door, doubled,
unauthenticated, cut short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from webinar.clock import frozen
from webinar.domain import rooms
from webinar.extensions import db, limiter
from webinar.models import Format, Room, Talk, TalkState

TOKEN = "a bearer token for the video server, long enough"
PATH = "/jitsi/prosody/conference"
NAME = "k3yq7v2mzx5dpw4ta6jrbnhcls2fgueo"
START = factories.at("2027-01-14T17:00")
OWNER = "3c9e1b52-8f0a-4f35-a1f1-2f6c7f3f9a10@meet.jitsi"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"WEBINAR_JITSI_PROSODY_TOKEN": TOKEN}


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.talk(starts_at=START, places_online=120)
    rooms.room_of(talk, name=NAME)
    db.session.commit()
    return talk


def ask(client: FlaskClient, name: str = NAME, **changed: str) -> TestResponse:
    """What `mod_reservations` sends."""
    form = {"name": name, "start_time": "2027-01-14T16:31:02.000Z", "mail_owner": OWNER, **changed}
    return client.post(
        PATH,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {TOKEN}", "User-Agent": "Prosody (0.12.4; posix)"},
    )


def call(client: FlaskClient, method: str, number: object) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return client.open(f"{PATH}/{number}", method=method, headers=headers)


def room() -> Room:
    db.session.expire_all()
    return db.session.query(Room).one()


def test_room_is_created_at_its_hour_until_the_last_moment_that_can_be_granted(
    client: FlaskClient, talk: Talk
) -> None:
    moment = START - timedelta(minutes=29)
    with frozen(moment):
        answer = ask(client)
    assert answer.status_code == 200
    told = answer.get_json()
    assert told == {
        "id": str(room().id),
        "name": NAME,
        "mail_owner": OWNER,
        "start_time": "2027-01-14T16:31:00.000Z",
        # 29 minutes before, 90 of the talk, 120 of extension, 30 of overrun
        "duration": (29 + 90 + 120 + 30) * 60,
        "max_occupants": 130,
    }
    assert room().reserved_at == moment


def test_end_that_was_told_covers_whatever_an_organiser_granted(
    client: FlaskClient, talk: Talk
) -> None:
    talk.extended_until = talk.ends_at + timedelta(hours=5)
    db.session.commit()
    with frozen(START):
        told = ask(client).get_json()
    end = datetime.fromisoformat(told["start_time"]) + timedelta(seconds=told["duration"])
    assert end == talk.extended_until + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(-30 * 60 - 1, 403), (-30 * 60, 200), (0, 200), (120 * 60 - 1, 200), (120 * 60, 403)],
)
def test_door_opens_half_an_hour_before_and_closes_after_the_overrun(
    client: FlaskClient, talk: Talk, seconds: int, status: int
) -> None:
    """90 minutes of talk and 30 of overrun make the end."""
    with frozen(START + timedelta(seconds=seconds)):
        assert ask(client).status_code == status


def test_room_that_was_opened_early_is_created_early(client: FlaskClient, talk: Talk) -> None:
    talk.opens_at = START - timedelta(hours=2)
    db.session.commit()
    with frozen(talk.opens_at - timedelta(seconds=1)):
        assert ask(client).status_code == 403
    with frozen(talk.opens_at):
        assert ask(client).status_code == 200


def cancelled(talk: Talk) -> None:
    talk.state = TalkState.CANCELLED


def draft(talk: Talk) -> None:
    talk.state = TalkState.DRAFT


def in_the_hall(talk: Talk) -> None:
    talk.format = Format.ON_SITE


def nothing(talk: Talk) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "minutes", "sentence"),
    [
        (nothing, -31, "Der Raum öffnet am Donnerstag, 14. Januar 2027, 17:30 Uhr."),
        (nothing, 121, "Der Abend ist zu Ende. Der Raum ist geschlossen."),
        (cancelled, 0, "Diese Veranstaltung ist abgesagt."),
        (draft, 0, "Diesen Raum gibt es nicht."),
        (in_the_hall, 0, "Diesen Raum gibt es nicht."),
    ],
)
def test_refusal_says_why_in_german(
    client: FlaskClient, talk: Talk, change: Callable[[Talk], None], minutes: int, sentence: str
) -> None:
    change(talk)
    db.session.commit()
    with frozen(START + timedelta(minutes=minutes)):
        answer = ask(client)
    assert answer.status_code == 403
    assert answer.get_json()["message"].replace("\xa0", " ") == sentence
    assert room().reserved_at is None


@pytest.mark.parametrize("name", ["irgendein-raum", "*", "[tenant]" + NAME, NAME[:-1], NAME + "a"])
def test_unknown_room_is_refused(client: FlaskClient, talk: Talk, name: str) -> None:
    with frozen(START):
        answer = ask(client, name)
    assert (answer.status_code, answer.get_json()) == (
        403,
        {"message": "Diesen Raum gibt es nicht."},
    )


def test_room_whose_name_was_replaced_cannot_be_created(client: FlaskClient, talk: Talk) -> None:
    room().retired_at = START - timedelta(hours=1)
    db.session.commit()
    with frozen(START):
        assert ask(client).status_code == 403


def test_second_request_meets_a_conflict_that_leads_to_the_same_room(
    client: FlaskClient, talk: Talk
) -> None:
    with frozen(START):
        first = ask(client).get_json()
    with frozen(START + timedelta(minutes=10)):
        again = ask(client)
        assert (again.status_code, again.get_json()) == (409, {"conflict_id": first["id"]})
        shown = call(client, "GET", first["id"])
    assert shown.status_code == 200
    told = shown.get_json()
    assert (told["id"], told["name"]) == (first["id"], NAME)
    assert told["mail_owner"]
    # later by ten minutes, so shorter by ten: the end is the same
    assert told["duration"] == first["duration"] - 600


def test_room_that_died_can_be_created_again_and_dying_twice_is_no_error(
    client: FlaskClient, talk: Talk
) -> None:
    with frozen(START):
        number = ask(client).get_json()["id"]
        assert call(client, "DELETE", number).status_code == 204
        assert call(client, "DELETE", number).status_code == 204
        assert call(client, "GET", number).status_code == 404
        assert ask(client).status_code == 200


def test_room_that_is_held_is_not_shown_once_its_hour_is_over(
    client: FlaskClient, talk: Talk
) -> None:
    with frozen(START):
        number = ask(client).get_json()["id"]
    with frozen(START + timedelta(hours=3)):
        assert call(client, "GET", number).status_code == 403


def test_number_that_nobody_has_is_not_there(client: FlaskClient, talk: Talk) -> None:
    for method in ("GET", "DELETE"):
        assert call(client, method, 999_999).status_code == 404
        assert call(client, method, 10**30).status_code in (404, 405)


def test_places_without_limit_limit_no_occupants(client: FlaskClient, talk: Talk) -> None:
    talk.places_online = None
    db.session.commit()
    with frozen(START):
        assert "max_occupants" not in ask(client).get_json()


def test_speakers_have_room_beside_the_places(client: FlaskClient, talk: Talk) -> None:
    factories.speaker(talk)
    factories.speaker(talk)
    with frozen(START):
        assert ask(client).get_json()["max_occupants"] == 132


@pytest.mark.parametrize("name", [NAME.upper(), NAME])
def test_name_is_told_as_it_is_kept(client: FlaskClient, talk: Talk, name: str) -> None:
    with frozen(START):
        assert ask(client, name).get_json()["name"] == NAME


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        "Bearer ä\u00ff",
    ],
)
def test_without_the_token_nothing_is_told(
    client: FlaskClient, talk: Talk, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    with frozen(START):
        for method, path in (("POST", PATH), ("GET", f"{PATH}/1"), ("DELETE", f"{PATH}/1")):
            answer = client.open(path, method=method, data={"name": NAME}, headers=headers)
            assert (answer.status_code, answer.get_json()) == (401, {"message": "unauthorised"})
    assert room().reserved_at is None


@pytest.mark.parametrize(
    "body", ["", "name", "name=", "name=%00", "{}", "&" * 50, "name=" + "x" * 5000, "%ff=%fe"]
)
def test_bodies_that_are_no_form_are_refused(client: FlaskClient, talk: Talk, body: str) -> None:
    with frozen(START):
        answer = client.post(PATH, data=body, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code in (400, 403)
    assert "message" in answer.get_json()


def test_guessing_the_token_is_slowed_and_right_calls_do_not_count(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    limiter.enabled = True
    limiter.reset()
    try:
        with frozen(START):
            for _ in range(40):
                assert ask(client).status_code in (200, 409)
            wrong = [client.post(PATH, data={"name": NAME}).status_code for _ in range(32)]
            assert ask(client).status_code == 409
    finally:
        limiter.enabled = False
        limiter.reset()
    assert wrong[:30] == [401] * 30
    assert wrong[-1] == 429


def test_call_sets_no_cookie_and_needs_no_csrf_token(client: FlaskClient, talk: Talk) -> None:
    with frozen(START):
        answer = ask(client)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_clock_of_the_other_side_moves_no_door(client: FlaskClient, talk: Talk) -> None:
    with frozen(START):
        told = ask(client, start_time="1999-01-01T00:00:00.000Z").get_json()
    assert told["start_time"] == "2027-01-14T17:00:00.000Z"
