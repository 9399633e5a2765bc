"""What the room tells of people: Prosody's `event_sync` and the webhooks of JaaS, with payloads as
they are sent; doubled, reordered, cut short, unsigned, old."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import factories
from webinar.clock import frozen
from webinar.domain import attendances, participation, rooms
from webinar.domain.attendances import Rule
from webinar.extensions import db
from webinar.models import Attendance, Attendee, Contact, Mode, Registration, Talk

TOKEN = "a bearer token for the video server, long enough"
SECRET = "a secret that signs the webhooks, which is long enough"
APP = "vpaas-magic-cookie-c2824d584eac4489a1e32e4e164d5a3c"
PATH = "/jitsi/prosody/events"
NAME = "k3yq7v2mzx5dpw4ta6jrbnhcls2fgueo"
START = factories.at("2027-01-14T17:00")
T0 = int(START.timestamp())
JID = "14f01c40-5195-4a4d-8efb-f58b49d18741@meet.jitsi/OWhl8jSh"
RULE = Rule(minutes=0, percent=50)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {
        "WEBINAR_JITSI_PROSODY_TOKEN": TOKEN,
        "WEBINAR_JITSI_WEBHOOK_SECRET": SECRET,
        "WEBINAR_JITSI_APP_ID": APP,
    }


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.talk(starts_at=START)
    rooms.room_of(talk, name=NAME)
    db.session.commit()
    return talk


@pytest.fixture
def contact(talk: Talk) -> Contact:
    contact = factories.contact()
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    return contact


@pytest.fixture
def pseudonym(contact: Contact) -> str:
    return db.session.scalars(
        select(Registration.pseudonym).where(Registration.contact_id == contact.id)
    ).one()


def occupant(joined: int, left: int | None = None, **values: Any) -> dict[str, Any]:
    """Seconds from the start of the talk."""
    given = {"name": "Hannah Seubert", "email": "h@gemeinde.example", "occupant_jid": JID}
    times = {"joined_at": T0 + joined} | ({} if left is None else {"left_at": T0 + left})
    return given | times | values


def joined(joined: int, **values: Any) -> tuple[str, dict[str, Any]]:
    return "occupant/joined", message("muc-occupant-joined", occupant(joined, **values))


def left(joined: int, left: int, **values: Any) -> tuple[str, dict[str, Any]]:
    return "occupant/left", message("muc-occupant-left", occupant(joined, left, **values))


def message(name: str, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_name": name,
        "room_name": NAME,
        "room_jid": f"{NAME}@muc.meet.jitsi",
        "is_breakout": False,
        "active_occupants_count": 1,
        "occupant": person,
    }


def destroyed(at: int, *people: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "room/destroyed", {
        "event_name": "muc-room-destroyed",
        "room_name": NAME,
        "room_jid": f"{NAME}@muc.meet.jitsi",
        "is_breakout": False,
        "created_at": T0 - 60,
        "destroyed_at": T0 + at,
        "all_occupants": list(people),
    }


def send(client: FlaskClient, event: tuple[str, object], *, token: str = TOKEN) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return client.post(f"{PATH}/{event[0]}", data=json.dumps(event[1]), headers=headers)


def stays() -> list[tuple[str, int, int | None, bool]]:
    rows = db.session.scalars(select(Attendance).order_by(Attendance.joined_at, Attendance.id))
    return [
        (
            row.attendee,
            seconds(row.joined_at),
            row.left_at and seconds(row.left_at),
            row.left_assumed,
        )
        for row in rows.all()
    ]


def seconds(moment: datetime) -> int:
    return int(moment.timestamp()) - T0


def minutes(talk: Talk, contact: Contact) -> float:
    db.session.expire_all()
    with frozen(START + timedelta(hours=5)):
        found = attendances.of_talk(talk, rule=RULE).get(contact.id, attendances.NOBODY)
    return found.online.total_seconds() / 60


def test_one_stay_is_taken_down_with_no_name_and_no_address(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    for event in (joined(60, id=pseudonym), left(60, 3660, id=pseudonym)):
        assert send(client, event).status_code == 204
    assert stays() == [("participant", 60, 3660, False)]
    assert minutes(talk, contact) == 60
    row = db.session.scalars(select(Attendance)).one()
    assert "Seubert" not in str(vars(row))
    assert row.occupant == JID


def test_every_order_and_every_repetition_comes_to_the_same(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    """With a connection of which nobody said that it left, and one that came back."""
    again = {"id": pseudonym, "occupant_jid": JID + "2"}
    lost = {"id": pseudonym, "occupant_jid": JID + "3"}
    events = [
        joined(0, id=pseudonym),
        left(0, 600, id=pseudonym),
        joined(900, **again),
        joined(4000, **lost),
        destroyed(
            5400,
            occupant(0, 600, id=pseudonym),
            occupant(900, 1500, **again),
            occupant(4000, **lost),
        ),
    ]
    for order in itertools.islice(itertools.permutations(events), 0, 120, 7):
        db.session.query(Attendance).delete()
        db.session.commit()
        for event in (*order, order[0], order[-1]):
            assert send(client, event).status_code == 204
        db.session.expire_all()
        assert stays() == [
            ("participant", 0, 600, False),
            ("participant", 900, 1500, False),
            ("participant", 4000, 5400, True),
        ]
    assert minutes(talk, contact) == (600 + 600 + 1400) / 60


def test_word_of_leaving_beats_the_end_of_the_room_whichever_comes_first(
    client: FlaskClient, talk: Talk, pseudonym: str
) -> None:
    ended = destroyed(5000, occupant(0, id=pseudonym))
    gone = left(0, 1200, id=pseudonym)
    for events in ((ended, gone), (gone, ended)):
        db.session.query(Attendance).delete()
        db.session.commit()
        for event in events:
            send(client, event)
        db.session.expire_all()
        assert stays() == [("participant", 0, 1200, False)]


def test_break_out_rooms_and_two_devices_count_once(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    send(client, left(0, 1800, id=pseudonym))
    breakout = left(1800, 2400, id=pseudonym)
    breakout[1].update(is_breakout=True, breakout_room_id="b7c1")
    send(client, breakout)
    send(client, left(2400, 3600, id=pseudonym))
    send(client, left(1000, 3000, id=pseudonym, occupant_jid="telefon@meet.jitsi/x"))
    assert minutes(talk, contact) == 60


def test_time_outside_the_talk_does_not_count(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    send(client, left(-1800, 4 * 3600, id=pseudonym))
    assert minutes(talk, contact) == 90


@pytest.mark.parametrize(
    ("user_id", "attendee"),
    [
        ("speaker-17", Attendee.SPEAKER),
        ("staff-3", Attendee.STAFF),
        ("", Attendee.UNKNOWN),
        (None, Attendee.UNKNOWN),
        ("speaker-", Attendee.UNKNOWN),
        ("x" * 500, Attendee.UNKNOWN),
        ("\0", Attendee.UNKNOWN),
        (17, Attendee.UNKNOWN),
    ],
)
def test_who_has_no_registration_is_kept_apart(
    client: FlaskClient, talk: Talk, user_id: object, attendee: Attendee
) -> None:
    assert send(client, left(0, 60, id=user_id)).status_code == 204
    assert stays() == [(attendee, 0, 60, False)]
    found = attendances.counts(talk, rule=RULE)
    assert (found.online, found.unknown) == (0, int(attendee is Attendee.UNKNOWN))


def test_pseudonym_of_another_talk_names_nobody(
    client: FlaskClient, talk: Talk, pseudonym: str
) -> None:
    other = factories.talk(starts_at=START)
    rooms.room_of(other, name="anderer-raum")
    db.session.commit()
    event = joined(0, id=pseudonym)
    event[1]["room_name"] = "anderer-raum"
    send(client, event)
    assert stays() == [("unknown", 0, None, False)]


@pytest.mark.parametrize("node", ["focus", "recorder", "jvb", "jibri", "transcriber"])
def test_machines_of_the_room_are_nobody(client: FlaskClient, talk: Talk, node: str) -> None:
    jid = f"{node}@hidden.meet.jitsi/abc"
    assert send(client, joined(0, occupant_jid=jid)).status_code == 204
    assert stays() == []


def test_room_that_is_not_ours_is_heard_and_forgotten(client: FlaskClient, talk: Talk) -> None:
    event = joined(0)
    event[1]["room_name"] = "fremder-raum"
    assert send(client, event).status_code == 204
    assert stays() == []


def test_room_whose_name_was_replaced_still_counts(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    room = attendances.room_of(NAME)
    assert room is not None
    room.retired_at = START
    db.session.commit()
    send(client, left(0, 600, id=pseudonym))
    assert minutes(talk, contact) == 10


def test_created_is_heard(client: FlaskClient, talk: Talk) -> None:
    event = ("room/created", {"event_name": "muc-room-created", "room_name": NAME})
    assert send(client, event).status_code == 204
    assert send(client, ("room/created", [1])).status_code == 400


BROKEN: list[tuple[str, object]] = [
    ("occupant/joined", []),
    ("occupant/joined", {"room_name": NAME}),
    ("occupant/joined", {"room_name": NAME, "occupant": "x"}),
    joined(0, occupant_jid=""),
    joined(0, occupant_jid=5),
    joined(0, occupant_jid="a\0b"),
    joined(0, joined_at="heute"),
    joined(0, joined_at=True),
    joined(0, joined_at=-5),
    joined(0, joined_at=10**400),
    joined(0, joined_at=float("nan")),
    joined(0, joined_at=float("inf")),
    ("occupant/left", message("muc-occupant-left", occupant(0))),
    left(0, 60, left_at="gestern"),
    ("room/destroyed", {"room_name": NAME, "destroyed_at": T0}),
    ("room/destroyed", {"room_name": NAME, "destroyed_at": T0, "all_occupants": [1]}),
    ("room/destroyed", {"room_name": NAME, "all_occupants": []}),
]


@pytest.mark.parametrize("event", BROKEN)
def test_message_that_makes_no_sense_is_refused_whole(
    client: FlaskClient, talk: Talk, event: tuple[str, object]
) -> None:
    assert send(client, event).status_code == 400
    assert stays() == []


def test_message_that_was_cut_short_is_refused(client: FlaskClient, talk: Talk) -> None:
    body = json.dumps(joined(0)[1])
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for length in range(0, len(body), 17):
        answer = client.post(f"{PATH}/occupant/joined", data=body[:length], headers=headers)
        assert answer.status_code == 400
    deep = client.post(f"{PATH}/occupant/joined", data="[" * 100_000, headers=headers)
    assert deep.status_code == 400
    large = client.post(f"{PATH}/occupant/joined", data=b" " * 2_000_000, headers=headers)
    assert large.status_code == 413
    assert stays() == []


def test_leaving_before_joining_is_a_stay_of_no_length(client: FlaskClient, talk: Talk) -> None:
    send(client, left(600, 60))
    assert stays() == [("unknown", 600, 600, False)]


def test_without_the_token_nobody_tells_anything(client: FlaskClient, talk: Talk) -> None:
    assert send(client, joined(0), token="geraten").status_code == 401
    assert stays() == []


def event(kind: str, at: float, **data: object) -> dict[str, Any]:
    """As JaaS sends it; `at` in seconds from the start of the talk."""
    return {
        "idempotencyKey": f"d11f155d-{kind}-{at}",
        "customerId": APP[20:],
        "appId": APP,
        "eventType": kind,
        "sessionId": "c3348153-1027-4382-afad-5ae91b433c26",
        "timestamp": int((T0 + at) * 1000),
        "fqn": f"{APP}/{NAME}",
        "data": {
            "moderator": "false",
            "name": "Hannah Seubert",
            "email": "",
            "participantJid": "1c1b2a7e@8x8.vc/aTbQ7HMX",
            "participantId": "aTbQ7HMX",
            **data,
        },
    }


def signed(body: bytes, *, at: datetime = START, secret: str = SECRET) -> str:
    time = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).digest()
    return f"t={time},v1={base64.b64encode(digest).decode()}"


def tell(
    client: FlaskClient, message: Mapping[str, object], *, signature: str | None = None
) -> TestResponse:
    body = json.dumps(message).encode()
    headers = {"X-Jaas-Signature": signed(body) if signature is None else signature}
    with frozen(START):
        return client.post(
            "/jitsi/jaas", data=body, content_type="application/json", headers=headers
        )


def test_webhooks_come_to_the_same_in_every_order(
    client: FlaskClient, talk: Talk, contact: Contact, pseudonym: str
) -> None:
    events = [
        event("PARTICIPANT_JOINED", 60, id=pseudonym),
        event("PARTICIPANT_LEFT", 960, id=pseudonym, disconnectReason="left"),
        event("PARTICIPANT_JOINED", 970, id=pseudonym, isBreakout=True),
        event("PARTICIPANT_LEFT", 1860, id=pseudonym, isBreakout=True),
    ]
    for order in itertools.permutations(events):
        db.session.query(Attendance).delete()
        db.session.commit()
        for one in (*order, *order[:2]):
            assert tell(client, one).status_code == 204
        db.session.expire_all()
        assert stays() == [("participant", 60, 1860, False)]
    assert minutes(talk, contact) == 30


def test_webhook_of_other_kinds_rooms_and_customers_is_heard(
    client: FlaskClient, talk: Talk
) -> None:
    for changed in (
        {"eventType": "ROOM_CREATED"},
        {"fqn": f"{APP}/fremder-raum"},
        {"fqn": f"vpaas-magic-cookie-0/{NAME}"},
    ):
        assert tell(client, event("PARTICIPANT_JOINED", 0) | changed).status_code == 204
    assert stays() == []


@pytest.mark.parametrize(
    "changed", [{"timestamp": "x"}, {"data": None}, {"data": {}}, {"fqn": 5}, {"eventType": None}]
)
def test_webhook_that_makes_no_sense_is_refused(
    client: FlaskClient, talk: Talk, changed: dict[str, object]
) -> None:
    assert tell(client, event("PARTICIPANT_JOINED", 0) | changed).status_code == 400


BODY = json.dumps(event("PARTICIPANT_JOINED", 0)).encode()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=,v1=",
        signed(BODY, secret=SECRET + "x"),
        signed(BODY + b" "),
        signed(BODY, at=START - timedelta(seconds=301)),
        signed(BODY, at=START + timedelta(seconds=301)),
        signed(BODY).replace("v1=", "v0="),
        signed(BODY)[:-4],
        signed(BODY).replace("t=1", "t=2"),
        "t=" + "9" * 40 + ",v1=AAAA",
        "t=\u00b2,v1=\u00ff",
    ],
)
def test_webhook_needs_a_signature_of_these_minutes(
    client: FlaskClient, talk: Talk, signature: str
) -> None:
    assert tell(client, event("PARTICIPANT_JOINED", 0), signature=signature).status_code == 401
    assert stays() == []


def test_webhook_may_be_signed_twice_while_a_secret_is_replaced(
    client: FlaskClient, talk: Talk
) -> None:
    old, new = signed(BODY, secret="x" * 40), signed(BODY).partition(",")[2]
    assert tell(client, json.loads(BODY), signature=f"{old}, {new}").status_code == 204


@pytest.mark.parametrize("seconds", [-300, 300])
def test_webhook_within_the_tolerance_counts(client: FlaskClient, talk: Talk, seconds: int) -> None:
    signature = signed(BODY, at=START + timedelta(seconds=seconds))
    assert tell(client, json.loads(BODY), signature=signature).status_code == 204
    assert len(stays()) == 1
