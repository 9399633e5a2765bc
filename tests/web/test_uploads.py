"""Recordings that the recorder brings: announced, in pieces, again, at the wrong place, altered,
unsigned, too large; and what becomes of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import factories
from tests.recorder import NAME, SECRET, film, signed
from webinar import settings_of
from webinar.adapters.incoming import FolderIncoming
from webinar.adapters.storage import FolderStorage
from webinar.clock import frozen, now
from webinar.domain import recordings, rooms
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import (
    Account,
    Aside,
    Job,
    JobState,
    Mail,
    Material,
    Recording,
    RecordingState,
    Role,
    Talk,
)

pytestmark = pytest.mark.usefixtures("read_once")

PATH = "/jitsi/recordings"
FILM = film()


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"WEBINAR_RECORDING_SECRET": SECRET, "WEBINAR_RECORDING_LIMIT_MB": "1"}


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.recorded_talk(starts_at=now() - timedelta(hours=3))
    rooms.room_of(talk, name=NAME)
    db.session.commit()
    return talk


def call(
    client: FlaskClient,
    method: str,
    rest: str = "",
    body: bytes = b"",
    *,
    offset: int | str = "",
    at: datetime | None = None,
    secret: str = SECRET,
    sent: bytes | None = None,
) -> TestResponse:
    headers = signed(
        method,
        PATH + rest,
        body,
        at=(at or now()).timestamp(),
        offset=str(offset),
        secret=secret,
    )
    return client.open(
        PATH + rest, method=method, data=body if sent is None else sent, headers=headers
    )


def announcement(content: bytes, **changed: Any) -> bytes:
    given = {
        "session": "qmvlxbrzwtsbjvqy",
        "file": f"{NAME}_2027-01-14-18-00-11.mp4",
        "room": NAME,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return json.dumps(given | changed).encode()


def announce(client: FlaskClient, content: bytes, **changed: Any) -> dict[str, Any]:
    answer = call(client, "POST", body=announcement(content, **changed))
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def bring(client: FlaskClient, content: bytes = FILM, **changed: Any) -> str:
    """Announce and send in two pieces."""
    number: str = announce(client, content, **changed)["id"]
    half = len(content) // 2
    call(client, "PATCH", f"/{number}", content[:half], offset=0)
    told = call(client, "PATCH", f"/{number}", content[half:], offset=half).get_json()
    assert told["state"] == "complete"
    return number


def work(app: Flask) -> None:
    """Run every job that is due."""
    while queue.work(settings_of(app), HANDLERS):
        pass
    failed = db.session.scalars(select(Job).where(Job.state != JobState.DONE)).all()
    assert [(job.name, job.error) for job in failed] == []
    db.session.expire_all()


def only() -> Recording:
    return db.session.query(Recording).one()


def kept(app: Flask) -> set[str]:
    return set(FolderStorage(settings_of(app).storage_folder).keys())


def test_recording_becomes_a_material_that_nobody_sees_and_the_office_is_told(
    app: Flask, client: FlaskClient, organiser: Account, talk: Talk
) -> None:
    factories.account(role=Role.VIEWER)
    factories.account(active=False)
    number = bring(client)
    work(app)
    material = db.session.query(Material).one()
    assert (material.talk_id, material.kind, material.title) == (
        talk.id,
        "recording",
        "Aufzeichnung",
    )
    assert material.released_at is None
    assert material.delete_on is not None
    assert material.sha256 == hashlib.sha256(FILM).hexdigest()
    assert material.duration_seconds == 3
    assert NAME not in material.file_name
    told = call(client, "GET", f"/{number}").get_json()
    assert (told["state"], told["done"]) == ("stored", True)
    mails = db.session.query(Mail).all()
    assert [(mail.template, mail.account_id) for mail in mails] == [
        ("recording_arrived", organiser.id)
    ]
    assert FolderIncoming(settings_of(app).storage_folder).size(number) == 0
    assert len(kept(app)) == 1


def test_several_recordings_of_a_talk_are_numbered(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    for number in range(3):
        bring(client, film(seed=number), file=f"{number}.mp4")
    work(app)
    titles = db.session.scalars(select(Material.title).order_by(Material.id)).all()
    assert titles == ["Aufzeichnung", "Aufzeichnung 2", "Aufzeichnung 3"]


def test_upload_goes_on_where_it_was_and_repeats_without_harm(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    first = announce(client, FILM)
    number = first["id"]
    assert (first["received"], first["done"]) == (0, False)
    call(client, "PATCH", f"/{number}", FILM[:700], offset=0)
    again = announce(client, FILM)
    assert (again["id"], again["received"]) == (number, 700)
    for offset in (0, 699, 701, 5000):
        answer = call(client, "PATCH", f"/{number}", FILM[:700], offset=offset)
        assert (answer.status_code, answer.get_json()["received"]) == (409, 700)
    call(client, "PATCH", f"/{number}", FILM[700:], offset=700)
    late = call(client, "PATCH", f"/{number}", FILM[700:], offset=700)
    assert (late.status_code, late.get_json()["state"]) == (409, "complete")
    work(app)
    done = announce(client, FILM)
    assert (done["id"], done["done"]) == (number, True)
    assert db.session.query(Material).count() == 1
    assert db.session.query(Recording).count() == 1


def test_piece_that_was_altered_or_cut_counts_for_nothing(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    number = announce(client, FILM)["id"]
    half = FILM[:900]
    for sent in (half[:-1], half[:-1] + b"x", b"", half + b"x"):
        answer = call(client, "PATCH", f"/{number}", half, offset=0, sent=sent)
        assert answer.status_code in (400, 413)
        assert call(client, "GET", f"/{number}").get_json()["received"] == 0
    call(client, "PATCH", f"/{number}", half, offset=0)
    call(client, "PATCH", f"/{number}", FILM[900:], offset=900)
    work(app)
    assert only().state == "stored"


def test_piece_beyond_the_announced_size_is_refused(client: FlaskClient, talk: Talk) -> None:
    number = announce(client, FILM)["id"]
    answer = call(client, "PATCH", f"/{number}", FILM + b"x", offset=0)
    assert answer.status_code == 413
    assert only().received == 0


def test_whole_with_another_checksum_begins_anew(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    """Every piece was right, and yet the disk holds something else."""
    number = bring(client)
    FolderIncoming(settings_of(app).storage_folder).write(
        number, BytesOf(b"xx"), offset=40, limit=2
    )
    work(app)
    told = call(client, "GET", f"/{number}").get_json()
    assert (told["state"], told["received"], told["done"]) == ("receiving", 0, False)
    assert kept(app) == set()
    assert db.session.query(Mail).count() == 0
    bring(client)
    work(app)
    assert only().state == "stored"


def test_bytes_that_vanished_are_asked_for_again(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    number = bring(client)
    FolderIncoming(settings_of(app).storage_folder).remove(number)
    work(app)
    assert call(client, "GET", f"/{number}").get_json()["received"] == 0


class BytesOf:
    """A stream of these bytes, once."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, _size: int, /) -> bytes:
        content, self.content = self.content, b""
        return content


def test_room_that_nobody_knows_is_set_aside_for_a_person(
    app: Flask, client: FlaskClient, organiser: Account, desk: FlaskClient, talk: Talk
) -> None:
    bring(client, room="fremder-raum")
    work(app)
    row = only()
    assert (row.state, row.reason, row.talk_id) == ("aside", "room_unknown", None)
    assert db.session.query(Mail).one().talk_id is None
    page = desk.get("/desk/aufzeichnungen").get_data(as_text=True)
    assert "fremder-raum" in page
    assert "1 Aufzeichnung braucht eine Entscheidung" in desk.get("/desk/").get_data(as_text=True)
    played = desk.get(f"/desk/aufzeichnungen/{row.id}/datei")
    assert (played.get_data(), played.mimetype) == (FILM, "video/mp4")
    answer = desk.post(f"/desk/aufzeichnungen/{row.id}/zuordnen", data={"talk": str(talk.id)})
    assert answer.status_code == 303
    db.session.expire_all()
    assert only().state == "stored"
    material = db.session.query(Material).one()
    assert (material.talk_id, material.released_at) == (talk.id, None)
    again = desk.post(f"/desk/aufzeichnungen/{row.id}/zuordnen", data={"talk": str(talk.id)})
    assert again.status_code == 422
    work(app)
    assert len(kept(app)) == 1


@pytest.mark.parametrize("hindrance", ["not recorded", "a speaker said nothing"])
def test_recording_without_consent_is_set_aside_and_cannot_be_given_to_the_talk(
    app: Flask, client: FlaskClient, desk: FlaskClient, talk: Talk, hindrance: str
) -> None:
    if hindrance == "not recorded":
        talk.recorded = False
        db.session.commit()
    else:
        factories.speaker(talk)
    bring(client)
    work(app)
    row = only()
    assert (row.state, row.reason, row.talk_id) == ("aside", "no_consent", talk.id)
    answer = desk.post(f"/desk/aufzeichnungen/{row.id}/zuordnen", data={"talk": str(talk.id)})
    assert answer.status_code == 422
    assert "nicht zugestimmt" in answer.get_data(as_text=True)
    assert db.session.query(Material).count() == 0


def test_recording_with_everybodys_consent_is_kept(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    factories.consent(talk, factories.speaker(talk))
    bring(client)
    work(app)
    assert only().state == "stored"


def test_file_that_is_no_recording_is_set_aside_and_only_discarded(
    app: Flask, client: FlaskClient, desk: FlaskClient, talk: Talk
) -> None:
    bring(client, b"<html><script>alert(1)</script></html>" * 20)
    work(app)
    row = only()
    assert (row.state, row.reason) == ("aside", "no_video")
    saved = desk.get(f"/desk/aufzeichnungen/{row.id}/datei")
    assert "attachment" in saved.headers["Content-Disposition"]
    assert saved.mimetype == "application/octet-stream"
    assert desk.get(f"/desk/aufzeichnungen/{row.id}/verwerfen").status_code == 200
    assert only().state == "aside"
    for _time in range(2):
        assert desk.post(f"/desk/aufzeichnungen/{row.id}/verwerfen").status_code == 303
    work(app)
    assert only().state == "discarded"
    assert kept(app) == set()


def test_same_recording_in_two_sessions_is_one_material(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    bring(client)
    work(app)
    bring(client, session="another")
    work(app)
    states = db.session.scalars(select(Recording.state).order_by(Recording.id)).all()
    assert set(states) == {"stored"}
    assert db.session.query(Material).count() == 1
    assert len(kept(app)) == 1


def test_what_waits_too_long_is_discarded_and_uploads_that_were_given_up_leave_no_bytes(
    app: Flask, client: FlaskClient, talk: Talk
) -> None:
    bring(client, room="fremder-raum")
    work(app)
    half = announce(client, FILM, file="b.mp4")["id"]
    call(client, "PATCH", f"/{half}", FILM[:500], offset=0)
    run = queue.Run(0, 0, settings_of(app))
    with frozen(now() + recordings.KEPT_ASIDE + timedelta(hours=1)):
        keeping(HANDLERS["forget_recordings"])(run)
        work(app)
    rows = {row.public_id: row for row in db.session.query(Recording)}
    assert rows[half].received == 0
    assert {row.state for row in rows.values()} == {"discarded", "receiving"}
    assert FolderIncoming(settings_of(app).storage_folder).size(half) == 0
    assert kept(app) == set()


def keeping(handler: Callable[..., None]) -> Callable[[queue.Run], None]:
    """The handler with a run whose lease nobody takes."""

    def run(given: queue.Run) -> None:
        job = Job(name="x", key="x", state=JobState.RUNNING, fence=1)
        factories.save(job)
        handler(queue.Run(job.id, 1, given.settings))
        db.session.delete(job)
        db.session.commit()

    return run


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_full_disk_is_told_before_and_within_a_piece(
    app: Flask, client: FlaskClient, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = announce(client, FILM)["id"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 1000))
    assert call(client, "PATCH", f"/{number}", FILM, offset=0).status_code == 507
    assert call(client, "POST", body=announcement(FILM)).status_code == 507
    assert call(client, "POST", body=announcement(FILM, file="b.mp4")).status_code == 507
    monkeypatch.undo()
    assert db.session.query(Recording).count() == 1
    assert call(client, "PATCH", f"/{number}", FILM, offset=0).status_code == 200


def test_recording_over_the_limit_is_refused_at_once(client: FlaskClient, talk: Talk) -> None:
    answer = call(client, "POST", body=announcement(FILM, size=1024 * 1024 + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 0},
        {"size": -1},
        {"size": "5"},
        {"size": True},
        {"size": 2**80},
        {"sha256": "x"},
        {"sha256": None},
        {"session": ""},
        {"file": "x" * 300},
        {"room": "a\0b"},
    ],
)
def test_announcement_that_makes_no_sense_is_refused(
    client: FlaskClient, talk: Talk, changed: dict[str, object]
) -> None:
    assert call(client, "POST", body=announcement(FILM, **changed)).status_code == 400
    assert db.session.query(Recording).count() == 0


def test_announcement_that_was_cut_short_is_refused(client: FlaskClient, talk: Talk) -> None:
    body = announcement(FILM)
    for length in range(0, len(body), 40):
        assert call(client, "POST", body=body[:length]).status_code == 400
        assert call(client, "POST", body=body, sent=body[:length]).status_code == 401


def test_without_a_signature_of_these_minutes_nothing_is_taken(
    client: FlaskClient, talk: Talk
) -> None:
    number = announce(client, FILM)["id"]
    moment = now()
    for given in (
        {"secret": SECRET + "x"},
        {"at": moment - timedelta(seconds=301)},
        {"at": moment + timedelta(seconds=301)},
    ):
        with frozen(moment):
            assert call(client, "GET", f"/{number}", **given).status_code == 401
            piece = call(client, "PATCH", f"/{number}", FILM, offset=0, **given)
            assert piece.status_code == 401
    # Signed for another address, method or offset.
    for method, path, offset in (
        ("PATCH", f"{PATH}/other", "0"),
        ("POST", f"{PATH}/{number}", "0"),
        ("PATCH", f"{PATH}/{number}", "1"),
    ):
        headers = signed(method, path, FILM, at=moment.timestamp(), offset=offset)
        headers["Upload-Offset"] = "0"
        answer = client.patch(f"{PATH}/{number}", data=FILM, headers=headers)
        assert answer.status_code == 401
    assert only().received == 0


def test_replayed_piece_changes_nothing(app: Flask, client: FlaskClient, talk: Talk) -> None:
    number = announce(client, FILM)["id"]
    headers = signed("PATCH", f"{PATH}/{number}", FILM[:500], at=now().timestamp(), offset="0")
    for status in (200, 409, 409):
        answer = client.patch(f"{PATH}/{number}", data=FILM[:500], headers=headers)
        assert answer.status_code == status
    assert only().received == 500


def test_upload_that_nobody_announced_is_not_there(client: FlaskClient, talk: Talk) -> None:
    for rest in ("/nichts", "/..%2f..%2fetc"):
        assert call(client, "GET", rest).status_code in (401, 404)
        assert call(client, "PATCH", rest, FILM, offset=0).status_code in (401, 404)


def test_states_move_by_the_table(app: Flask, client: FlaskClient, talk: Talk) -> None:
    bring(client)
    work(app)
    row = only()
    assert RecordingState(row.state) is RecordingState.STORED
    with pytest.raises(Exception, match="recording_settled"):
        recordings.discard(row, by=None)
    with pytest.raises(Exception, match="recording_settled"):
        recordings.fail(row, reason=Aside.LINK)
