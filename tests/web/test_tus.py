"""Large files by tus 1.0: announced, in pieces, cut off, altered, at the wrong place, of two
writers, given up, expired; over the folder and over a bucket; and by a client that is not ours."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import factories
from tests.adapters.test_documents import pdf
from tests.conftest import signed_in
from tests.recorder import film
from tests.web.test_materials import work
from webinar import settings_of
from webinar.adapters.incoming import incoming_of
from webinar.adapters.storage import storage_of
from webinar.clock import frozen, now
from webinar.demo import decks
from webinar.domain import jobs, uploads
from webinar.extensions import db
from webinar.jobs.handlers import PERIODIC
from webinar.models import Account, Material, Role, Talk, Upload, UploadState
from webinar.web import receiving

pytestmark = pytest.mark.usefixtures("read_once")

DECK = decks.SLIDES.read_bytes()
SPOKEN = {"Tus-Resumable": "1.0.0"}
BODY = {**SPOKEN, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, environ: dict[str, str]) -> None:
    if request.param == "s3":
        environ |= request.getfixturevalue("s3")


def home(talk: Talk) -> str:
    return f"/desk/veranstaltungen/{talk.id}/unterlagen/hochladen/"


def announce(desk: FlaskClient, talk: Talk, content: bytes = DECK, **given: Any) -> TestResponse:
    said = {"filename": "Folien.pdf", "kind": "slides", "title": ""}
    said |= {name: value for name, value in given.items() if name != "size"}
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    size = str(given.get("size", len(content)))
    headers = {**SPOKEN, "Upload-Length": size, "Upload-Metadata": ",".join(pairs)}
    return desk.post(home(talk), headers=headers)


def send(desk: FlaskClient, path: str, data: bytes, *, offset: int, **headers: str) -> TestResponse:
    return desk.patch(path, data=data, headers={**BODY, "Upload-Offset": str(offset), **headers})


def offset_of(desk: FlaskClient, path: str) -> int:
    return int(desk.head(path, headers=SPOKEN).headers["Upload-Offset"])


def only() -> Upload:
    db.session.expire_all()
    return db.session.scalars(select(Upload)).one()


def material() -> Material:
    return db.session.scalars(select(Material)).one()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_file_arrives_in_pieces_and_becomes_a_material(
    store: None, app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    answer = announce(desk, talk, title="Folien des Abends")
    path = answer.headers["Location"]
    assert (answer.status_code, path.startswith(home(talk))) == (201, True)
    assert "Upload-Expires" in answer.headers
    cuts = [0, 7, 1000, len(DECK)]
    for start, stop in itertools.pairwise(cuts):
        answer = send(desk, path, DECK[start:stop], offset=start)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(stop))
    assert "wird geprüft" in desk.get(home(talk).removesuffix("hochladen/")).text
    work(app)
    row = material()
    assert (row.title, row.kind, row.file_name) == ("Folien des Abends", "slides", "Folien.pdf")
    assert (row.sha256, row.size, row.page_count) == (sha256(DECK), len(DECK), 8)
    assert (row.released_at, only().state) == (None, UploadState.STORED)
    found = settings_of(app)
    assert incoming_of(found).untouched(before=now() + timedelta(days=1)) == []
    pictures = {key for page in row.pages for key in (page.thumbnail_key, page.picture_key)}
    assert set(storage_of(found).keys()) == {row.storage_key, *pictures}


def test_server_says_what_it_takes(desk: FlaskClient, talk: Talk) -> None:
    answer = desk.options(home(talk))
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,checksum,expiration"
    assert answer.headers["Tus-Max-Size"] == str(4096 * 1024 * 1024)
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"]
    spoken = desk.post(home(talk), headers={"Tus-Resumable": "0.2.2", "Upload-Length": "1"})
    assert (spoken.status_code, spoken.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize(
    ("given", "status", "word"),
    [
        ({"size": 0}, 422, "ist leer"),
        ({"size": 5 * 1024**3}, 413, "größer"),
        ({"filename": "film.mp4"}, 422, "keine Folien"),
        ({"filename": "alles.zip"}, 422, "Archiv"),
        ({"filename": "folien.pptm"}, 422, "Makros"),
        ({"filename": "folien.ppt"}, 422, "altes Office-Format"),
        ({"filename": "seite.html"}, 422, "Webseite"),
        ({"filename": "bild.svg"}, 422, "SVG"),
        ({"filename": "folien.pdf.exe"}, 422, "nicht angenommen"),
        ({"filename": "folien.pdf", "filetype": "video/mp4"}, 422, "nicht angenommen"),
        ({"kind": "link"}, 400, "kind"),
        ({"size": "viel"}, 400, "Upload-Length"),
    ],
)
def test_what_is_not_taken_is_said_before_the_first_byte(
    desk: FlaskClient, talk: Talk, given: dict[str, Any], status: int, word: str
) -> None:
    answer = announce(desk, talk, **given)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert db.session.query(Upload).count() == 0


def test_quota_counts_what_is_there_and_what_is_coming(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    mebibyte = 1024 * 1024
    app.extensions["settings"] = replace(settings_of(app), storage_quota=3 * mebibyte)
    assert announce(desk, talk, size=2 * mebibyte).status_code == 201
    refused = announce(desk, talk, size=2 * mebibyte)
    assert (refused.status_code, "keinen Platz" in refused.text) == (413, True)
    assert announce(desk, talk, size=mebibyte).status_code == 201


def test_wrong_place_is_refused_and_the_right_one_told(desk: FlaskClient, talk: Talk) -> None:
    path = announce(desk, talk).headers["Location"]
    send(desk, path, DECK[:100], offset=0)
    for offset in (0, 99, 101):
        assert send(desk, path, DECK[offset:], offset=offset).status_code == 409
    assert offset_of(desk, path) == 100
    assert send(desk, path, DECK + b"more", offset=100).status_code == 413
    plain = desk.patch(path, data=b"x", headers={**SPOKEN, "Upload-Offset": "100"})
    assert plain.status_code == 415
    assert offset_of(desk, path) == 100


class CutOff(io.BytesIO):
    """A connection that breaks before what was announced has come."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise ConnectionResetError
        return data


def test_what_came_before_the_connection_broke_stays(
    store: None, app: Flask, desk: FlaskClient, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "SLICE", 4096)
    monkeypatch.setattr(receiving, "PIECE", 1000)
    path = announce(desk, talk).headers["Location"]
    for cut in (5000, 12288):
        start = offset_of(desk, path)
        body = CutOff(DECK[start:cut])
        headers = {**BODY, "Upload-Offset": str(start)}
        desk.patch(path, input_stream=body, content_length=len(DECK) - start, headers=headers)
        assert offset_of(desk, path) == cut
    send(desk, path, DECK[12288:], offset=12288)
    work(app)
    assert material().sha256 == sha256(DECK)


def test_altered_piece_is_told_apart_and_never_counts(
    store: None, app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    path = announce(desk, talk).headers["Location"]
    half = len(DECK) // 2

    def checksum(data: bytes, algorithm: str = "sha1") -> str:
        digest = hashlib.new(algorithm, data).digest()
        return f"{algorithm} {base64.b64encode(digest).decode()}"

    wrong = bytes([DECK[0] ^ 1]) + DECK[1:half]
    kept = {"Upload-Checksum": checksum(DECK[:half])}
    assert send(desk, path, wrong, offset=0, **kept).status_code == 460
    assert offset_of(desk, path) == 0
    assert send(desk, path, DECK[:half], offset=0, **kept).status_code == 204
    unknown = {"Upload-Checksum": "rot13 eA=="}
    assert send(desk, path, DECK[half:], offset=half, **unknown).status_code == 400
    rest = {"Upload-Checksum": checksum(DECK[half:], "sha256")}
    assert send(desk, path, DECK[half:], offset=half, **rest).status_code == 204
    work(app)
    assert material().sha256 == sha256(DECK)


def test_second_writer_waits_until_the_first_is_gone(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    path = announce(desk, talk).headers["Location"]
    turn = uploads.take_turn(only(), offset=0)
    db.session.commit()
    assert send(desk, path, DECK, offset=0).status_code == 423
    assert offset_of(desk, path) == 0
    with frozen(now() + uploads.LEASE):
        assert send(desk, path, DECK[:10], offset=0).status_code == 204
        with pytest.raises(Exception, match="upload_locked"):
            uploads.count(only(), turn=turn, size=10)
    assert offset_of(desk, path) == 10


def test_upload_is_its_owners_alone(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    path = announce(desk, talk).headers["Location"]
    other = signed_in(app, factories.account(role=Role.ORGANISER))
    assert other.head(path, headers=SPOKEN).status_code == 404
    assert send(other, path, DECK, offset=0).status_code == 404
    assert other.delete(path, headers=SPOKEN).status_code == 404
    elsewhere = path.replace(f"/{talk.id}/", f"/{factories.talk().id}/")
    assert desk.head(elsewhere, headers=SPOKEN).status_code == 404


def test_request_without_the_pages_proof_is_refused(
    app: Flask, organiser: Account, talk: Talk
) -> None:
    client = signed_in(app, organiser)
    app.config |= {"WTF_CSRF_ENABLED": True, "WTF_CSRF_CHECK_DEFAULT": True}
    assert announce(client, talk).status_code == 400
    page = client.get(home(talk).removesuffix("hochladen/") + "neu").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    path = announce(client, talk).headers["Location"]
    assert send(client, path, DECK, offset=0).status_code == 204


def test_upload_that_was_given_up_is_gone_with_its_bytes(
    store: None, app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    tunnelled = {"X-HTTP-Method-Override": "DELETE", **SPOKEN}
    for end in (
        lambda path: desk.delete(path, headers=SPOKEN),
        lambda path: desk.post(path, headers=tunnelled),
        lambda _path: desk.post(f"{home(talk)}{only().id}/verwerfen"),
    ):
        path = announce(desk, talk).headers["Location"]
        send(desk, path, DECK[:5000], offset=0)
        assert end(path).status_code in (204, 303)
        assert desk.head(path, headers=SPOKEN).status_code == 404
        work(app)
        assert incoming_of(settings_of(app)).untouched(before=now() + timedelta(days=1)) == []


def test_upload_that_nobody_goes_on_with_expires(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    path = announce(desk, talk).headers["Location"]
    send(desk, path, DECK[:5000], offset=0)
    assert "forget_uploads" in PERIODIC
    with frozen(now() + uploads.STAYS):
        assert desk.head(path, headers=SPOKEN).status_code == 404
        jobs.enqueue("forget_uploads", key="forget_uploads@1")
        db.session.commit()
        work(app)
    assert db.session.query(Upload).count() == 0
    assert incoming_of(settings_of(app)).untouched(before=now() + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (film(), "keine Folien"),
        (b"<!doctype html><script>alert(1)</script>", "Webseite"),
        (DECK, "schon: Dieselben"),
        (pdf(*[b""] * 1001), "mehr als 1000 Seiten"),
    ],
)
def test_what_turns_out_to_be_something_else_is_refused_with_the_reason(
    app: Flask, desk: FlaskClient, talk: Talk, content: bytes, word: str
) -> None:
    twin = announce(desk, talk, title="Dieselben").headers["Location"]
    send(desk, twin, DECK, offset=0)
    work(app)
    path = announce(desk, talk, content).headers["Location"]
    send(desk, path, content, offset=0)
    work(app)
    page = desk.get(home(talk).removesuffix("hochladen/")).text
    assert "nicht angenommen" in page
    assert word in page
    row = material()
    pictures = {key for page in row.pages for key in (page.thumbnail_key, page.picture_key)}
    assert set(storage_of(settings_of(app)).keys()) == {row.storage_key, *pictures}


def test_bytes_that_were_lost_are_said_to_be(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    path = announce(desk, talk).headers["Location"]
    send(desk, path, DECK, offset=0)
    incoming_of(settings_of(app)).remove(only().public_id)
    work(app)
    assert (only().state, only().reason) == (UploadState.REFUSED, "upload_lost")


def test_body_is_read_in_small_pieces(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    class Recorder(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size > 0
            self.asked = max(self.asked, size)
            return super().read(size)

    size = 20 * 1024 * 1024
    path = announce(desk, talk, size=size).headers["Location"]
    body = Recorder(bytes(size))
    headers = {**BODY, "Upload-Offset": "0"}
    answer = desk.patch(path, input_stream=body, content_length=size, headers=headers)
    assert (answer.status_code, only().received) == (204, size)
    assert body.asked <= receiving.PIECE
