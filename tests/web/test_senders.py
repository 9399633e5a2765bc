"""Files from either store as browsers get them: from us, from the proxy's disk, from the bucket."""

from __future__ import annotations

from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import signed_in
from tests.web.test_materials import only, path_of, upload, work
from webinar import create_app, settings_of
from webinar.adapters.storage import storage_of
from webinar.demo import decks
from webinar.extensions import db
from webinar.models import Account, Processing

pytestmark = pytest.mark.usefixtures("read_once")

DECK = decks.SLIDES.read_bytes()


@pytest.fixture
def in_bucket(request: pytest.FixtureRequest, environ: dict[str, str]) -> None:
    environ |= request.getfixturevalue("s3")


def test_bucket_serves_pages_ranges_and_goes_empty(
    in_bucket: None, app: Flask, desk: FlaskClient
) -> None:
    talk, store = factories.talk(), storage_of(settings_of(app))
    assert upload(desk, talk, decks.SLIDES, kind="slides").status_code == 303
    work(app)
    row, file = only(), path_of(talk, f"{only().id}/datei")
    assert (row.processing, len(row.pages)) == (Processing.DONE, 8)
    whole = desk.get(file)
    assert whole.data == DECK
    part = desk.get(file, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.data) == (206, DECK[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(DECK)}"
    assert desk.get(file, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert desk.get(file, headers={"Range": f"bytes={len(DECK)}-"}).status_code == 416
    picture = desk.get(path_of(talk, f"{row.id}/seite/1"))
    assert (picture.status_code, picture.mimetype) == (200, "image/webp")
    desk.post(path_of(talk, f"{row.id}/loeschen"))
    work(app)
    assert list(store.keys()) == []


def test_what_is_saved_comes_from_the_bucket_where_that_is_wanted(
    in_bucket: None, environ: dict[str, str], app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    upload(desk, talk, decks.SLIDES, kind="slides")
    file = path_of(talk, f"{only().id}/datei")
    direct = signed_in(create_app(environ | {"WEBINAR_S3_PRESIGN": "1"}), only_account())
    answer = direct.get(file)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "private, no-store")
    with urlopen(Request(answer.location, headers={"Range": "bytes=5-9"})) as got:
        assert got.read() == DECK[5:10]
        assert "attachment" in got.headers["Content-Disposition"]
    assert direct.get(file, headers={"If-None-Match": f'"{only().sha256}"'}).status_code == 304


def test_proxy_is_told_which_file_to_send(
    environ: dict[str, str], app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    upload(desk, talk, decks.SLIDES, kind="slides")
    key = only().storage_key or ""
    behind = signed_in(create_app(environ | {"WEBINAR_ACCEL_PATH": "/_files/"}), only_account())
    answer = behind.get(path_of(talk, f"{only().id}/datei"), headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == f"/_files/{key[:2]}/{key}"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "X-Accel-Redirect" not in desk.get(path_of(talk, f"{only().id}/datei")).headers


def test_store_that_is_away_is_said_so_and_nothing_is_lost(
    in_bucket: None, environ: dict[str, str], app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    upload(desk, talk, decks.SLIDES, kind="slides")
    gone = create_app(environ | {"WEBINAR_S3_ENDPOINT": "http://127.0.0.1:9"})
    answer = signed_in(gone, only_account()).get(path_of(talk, f"{only().id}/datei"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "antwortet im Moment nicht" in answer.text
    assert gone.test_client().get("/readyz").get_json()["checks"]["files"]["ok"] is False


def only_account() -> Account:
    return db.session.query(Account).one()
