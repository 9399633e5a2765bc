"""The way into the room: at its hour, for those who may, with a token minted at the click."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import part_requests
from tests.personal import address, everything, looked_at, speaker_address
from tests.queries import counted
from webinar import create_app
from webinar.clock import frozen
from webinar.domain import participation, recording_consents
from webinar.extensions import db
from webinar.models import (
    ConsentAnswer,
    Contact,
    Mode,
    Purpose,
    Registration,
    Room,
    Talk,
    TalkState,
)
from webinar.web import room_entry

SECRET = "a shared secret of more than thirty-two bytes"
JITSI = {
    "WEBINAR_JITSI_MODE": "hs256",
    "WEBINAR_JITSI_HOST": "meet.example.org",
    "WEBINAR_JITSI_APP_ID": "webinar",
    "WEBINAR_JITSI_SECRET": SECRET,
}
START = factories.at("2027-01-14T17:00")
OPENS = START - timedelta(minutes=15)


@dataclass
class Guest:
    talk: Talk
    contact: Contact
    registration: Registration
    enter: str
    answer: str


def guest(mode: Mode = Mode.ONLINE, **values: Any) -> Guest:
    """Somebody English-speaking who accepted a talk on 14 January 2027, 18:00 in Berlin."""
    talk = factories.talk(**{"starts_at": START, **values})
    contact = factories.contact(language="en", last_name="Seubert")
    registration = participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()
    return Guest(
        talk=talk,
        contact=contact,
        registration=registration,
        enter=address(contact, Purpose.ENTER, talk),
        answer=address(contact, Purpose.ANSWER, talk),
    )


def page(client: FlaskClient, path: str, at: datetime) -> str:
    with frozen(at):
        return client.get(path).get_data(as_text=True)


@contextmanager
def hosted(environ: dict[str, str], **more: str) -> Iterator[FlaskClient]:
    """The same database served with a Jitsi host."""
    app = create_app({**environ, **JITSI, **more})
    part_requests(app)
    with app.app_context():
        yield app.test_client()
        db.session.remove()
        db.engine.dispose()


def claims(token: str, at: datetime) -> dict[str, Any]:
    """What the token says, read by another library as Prosody reads it."""
    found: dict[str, Any] = jwt.decode(
        token,
        SECRET,
        algorithms=["HS256"],
        audience="webinar",
        issuer="webinar",
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert found["nbf"] < at.timestamp() < found["exp"]
    return found


def test_door_and_click_read_once_and_write_nothing(environ: dict[str, str], app: Flask) -> None:
    first = guest()
    second = factories.contact(language="en")
    participation.accept(factories.invitation(first.talk, second), mode=Mode.ONLINE)
    db.session.commit()
    path = address(second, Purpose.ENTER, first.talk)
    with hosted(environ) as client, frozen(OPENS):
        assert client.post(first.enter).status_code == 200  # the first makes the room
        for ask in (client.get, client.post):
            db.session.remove()
            with counted() as statements:
                assert ask(path).status_code == 200
            assert len(statements) == 1


def test_door_opens_quarter_of_an_hour_before(client: FlaskClient) -> None:
    who = guest()
    for path, act in ((who.enter, who.enter), (f"{who.answer}/raum", f"{who.answer}/raum")):
        early = page(client, path, OPENS - timedelta(seconds=1))
        assert "The room opens at 17:45." in early
        assert "Enter the room" not in early
        is_open = page(client, path, OPENS)
        assert "The room is open." in is_open
        assert f'action="{act}"' in is_open
        assert "In the room you are called Hannah Seubert." in is_open


def test_waiting_page_comes_back_by_itself_when_the_door_opens(client: FlaskClient) -> None:
    who = guest()
    with frozen(OPENS - timedelta(minutes=10)):
        answer = client.get(who.enter)
        wait = int(answer.headers["Refresh"])
        assert 600 <= wait <= 611
        # Who runs no script also hears of a room that opens earlier, or of another one.
        assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in answer.text
    with frozen(OPENS - timedelta(days=3)):
        assert "Refresh" not in client.get(who.enter).headers
        assert "Thursday, 14" in client.get(who.enter).get_data(as_text=True)
    with frozen(OPENS):
        assert "Refresh" not in client.get(who.enter).headers


def test_looking_at_the_door_changes_nothing(client: FlaskClient) -> None:
    who = guest()
    before = everything()
    with frozen(START):
        assert set(looked_at(client, who.enter, f"{who.answer}/raum")) == {200}
    assert everything() == before


def test_click_before_the_hour_leads_back_to_the_waiting_page(client: FlaskClient) -> None:
    who = guest()
    with frozen(OPENS - timedelta(seconds=1)):
        for path in (who.enter, f"{who.answer}/raum"):
            answer = client.post(path)
            assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert db.session.scalar(select(Room)) is None


def test_stand_in_says_so_and_shows_what_the_token_grants(client: FlaskClient) -> None:
    who = guest()
    with frozen(START):
        answer = client.post(who.enter)
    shown = html.unescape(answer.get_data(as_text=True))
    room = db.session.scalar(select(Room))
    assert answer.status_code == 200
    assert "This installation has no Jitsi server." in shown
    assert room is not None
    for part in (room.name, who.registration.pseudonym, "Hannah Seubert", "20:00"):
        assert part in shown
    assert who.contact.email not in shown
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_room_is_the_same_for_all_and_made_once(client: FlaskClient) -> None:
    first = guest()
    second = factories.contact(language="en")
    participation.accept(factories.invitation(first.talk, second), mode=Mode.ONLINE)
    path = address(second, Purpose.ENTER, first.talk)
    with frozen(START):
        for enter in (first.enter, path, first.enter):
            assert client.post(enter).status_code == 200
    assert len(db.session.scalars(select(Room)).all()) == 1


def test_embedded_room_has_its_own_policy_and_no_inline_script(
    app: Flask, environ: dict[str, str]
) -> None:
    who = guest(recorded=True)
    with hosted(environ) as client, frozen(START):
        answer = client.post(who.enter)
        plain_page = client.get(who.enter)
    shown = answer.get_data(as_text=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' https://meet.example.org;" in policy + ";"
    assert "frame-src https://meet.example.org" in policy
    assert 'camera=(self "https://meet.example.org")' in answer.headers["Permissions-Policy"]
    assert "meet.example.org" not in plain_page.headers["Content-Security-Policy"]
    assert "camera=()" in plain_page.headers["Permissions-Policy"]
    assert '<script src="https://meet.example.org/external_api.js" defer></script>' in shown
    assert re.findall(r"<script(?![^>]*src=)", shown) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_token_is_for_this_person_this_room_and_this_evening(
    app: Flask, environ: dict[str, str]
) -> None:
    who = guest(recorded=True)
    with hosted(environ) as client, frozen(START):
        shown = client.post(who.enter).get_data(as_text=True)
    found = re.search(r'data-token="([^"]+)"', shown)
    assert found is not None
    token = claims(found[1], START)
    room = db.session.scalars(select(Room)).one()
    assert token["room"] == room.name
    assert f'data-room="{room.name}"' in shown
    ends = who.talk.ends_at + timedelta(minutes=30)
    assert token["exp"] == int(ends.timestamp())
    user = token["context"]["user"]
    assert user == {"id": who.registration.pseudonym, "name": "Hannah Seubert"}
    assert token["context"]["features"]["recording"] is False
    link = re.search(r'href="(https://meet\.example\.org/[^"]+)"', shown)
    assert link is not None
    path, _, fragment = html.unescape(link[1]).partition("#")
    assert found[1] not in path
    assert unquote(fragment).startswith('jwt="ey')


def test_without_embedding_the_click_leads_to_the_plain_link(
    app: Flask, environ: dict[str, str]
) -> None:
    who = guest()
    with hosted(environ, WEBINAR_JITSI_EMBED="false") as client, frozen(START):
        form = client.get(who.enter)
        answer = client.post(who.enter)
    assert "form-action 'self' https://meet.example.org" in form.headers["Content-Security-Policy"]
    assert answer.status_code == 303
    address, _, fragment = answer.headers["Location"].partition("#")
    assert address.startswith("https://meet.example.org/")
    assert "jwt=" in fragment
    assert "jwt" not in address
    assert answer.data == b""
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("waiting", "You are on the waiting list."),
        ("declined", "You have no place at this talk."),
        ("hall", "Your place is in the hall."),
        ("cancelled", "will not take place"),
        ("retired", "This link is no longer valid."),
        ("draft", "This link is no longer valid."),
        ("over", "The evening is over."),
    ],
)
def test_who_may_not_enter_reads_why(client: FlaskClient, how: str, says: str) -> None:
    who = guest(Mode.HALL if how == "hall" else Mode.ONLINE, format="hybrid")
    at = OPENS
    if how == "waiting":
        who.registration.state, who.registration.confirmed_at = "waiting", None
    elif how == "declined":
        row = who.registration.invitation
        assert row is not None
        participation.decline(row)
    elif how in ("cancelled", "draft"):
        who.talk.state = TalkState(how)
    elif how == "retired":
        who.contact.retired_at = OPENS
    elif how == "over":
        at = who.talk.ends_at + timedelta(minutes=30)
    db.session.commit()
    shown = page(client, who.enter, at)
    assert says in shown
    assert "Enter the room" not in shown
    with frozen(at):
        assert client.post(who.enter).status_code == 303
        assert client.post(f"{who.answer}/raum").status_code == 303
    assert db.session.scalar(select(Room)) is None


def test_link_of_the_calendar_can_only_enter(client: FlaskClient) -> None:
    who = guest()
    shown = page(client, who.enter, OPENS)
    token = who.enter.split("/")[2]
    assert "/zusage" not in shown
    assert "/absage" not in shown
    assert who.answer not in shown
    for path in (f"/e/{token}", f"/a/{token}", f"/e/{token}/absage", f"/u/{token}"):
        assert client.get(path).status_code in (404, 405)
        assert client.post(path).status_code in (404, 405)
    late = page(client, who.enter, who.talk.ends_at + timedelta(days=1))
    assert "This link only leads into the room." in late
    assert "/unterlagen" not in late


def test_office_moderates_and_may_record(app: Flask, environ: dict[str, str]) -> None:
    who = guest(recorded=True)
    account = factories.account()
    recording_consents.answer(who.talk, factories.speaker(who.talk), said=ConsentAnswer.YES)
    db.session.commit()
    with (
        hosted(environ) as client,
        frozen(START),
        client.application.test_request_context(method="POST"),
    ):
        talk, account = db.session.merge(who.talk), db.session.merge(account)
        hours = room_entry.staff_hours(talk)
        answer = room_entry.enter(talk, room_entry.moderator(account), hours=hours, back="/desk/")
        shown = answer.get_data(as_text=True)
    found = re.search(r'data-token="([^"]+)"', shown)
    assert found is not None
    context = claims(found[1], START)["context"]
    assert context["user"] == {
        "id": f"staff-{account.id}",
        "name": account.name,
        "moderator": True,
    }
    assert context["features"]["recording"] is True
    assert hours.opens_at == START - timedelta(minutes=30)


def test_speaker_enters_half_an_hour_before_and_presents(
    app: Flask, environ: dict[str, str]
) -> None:
    talk = factories.talk(starts_at=START)
    speaker = factories.speaker(talk, language="en", first_name="Katharina", last_name="Brandl")
    path = speaker_address(speaker, talk)
    with hosted(environ) as client:
        with frozen(START - timedelta(minutes=31)):
            assert client.post(f"{path}/raum").headers["Location"] == path
        with frozen(START - timedelta(minutes=30)):
            shown = client.post(f"{path}/raum").get_data(as_text=True)
    found = re.search(r'data-token="([^"]+)"', shown)
    assert found is not None
    context = claims(found[1], START - timedelta(minutes=30))["context"]
    assert context["user"]["name"] == "Dr. Katharina Brandl"
    assert "moderator" not in context["user"]
    assert context["features"]["screen-sharing"] is True
