"""The shipped settings of nginx and Caddy before a running server: pieces go through as they come,
and what nginx sends for the application looks as if the application had sent it."""

from __future__ import annotations

import http.client
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from bench import proxy
from tests import factories
from tests.conftest import signed_in
from tests.jobs.processes import Program, wait_for
from tests.ports import free_port
from tests.recorder import film
from tests.test_deploy import behind_caddy
from tests.web.test_tus import announce, only
from tests.web.test_tus_servers import answers, begin
from webinar import settings_of
from webinar.adapters.storage import storage_of
from webinar.domain import materials
from webinar.extensions import db
from webinar.models import Account, MaterialKind

MEBIBYTE = 1024 * 1024
ANNOUNCED = 600 * MEBIBYTE
"""More than the shipped settings let into a form."""
NAMES = {"nginx": proxy.NGINX, "caddy": shutil.which("caddy")}


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """What proxies do is the same on every database."""
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"WEBINAR_TRUSTED_PROXIES": "1", "WEBINAR_ACCEL_PATH": proxy.ACCEL_PATH}


@pytest.fixture
def server(app: Flask, environ: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """The port of a running server."""
    port = free_port()
    bound = ("-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "--workers", "1")
    program = Program("server", "gunicorn", *bound, environ=environ, folder=tmp_path)
    program.start()
    wait_for(lambda: answers(str(port)), why="gunicorn")
    yield port
    program.kill()


@pytest.fixture(params=NAMES)
def port(
    request: pytest.FixtureRequest, server: int, environ: dict[str, str], tmp_path: Path
) -> Iterator[int]:
    """The port of a proxy before it."""
    if not NAMES[request.param]:
        pytest.skip(f"no {request.param}")
    if request.param == "caddy":
        with behind_caddy(f"127.0.0.1:{server}", tmp_path / "caddy.log") as address:
            yield int(address.rpartition(":")[2])
        return
    files = Path(environ["WEBINAR_STORAGE_FOLDER"])
    with proxy.before(server, files=files, folder=tmp_path / "nginx") as found:
        yield found.port


def test_piece_counts_while_the_rest_of_it_is_still_to_come(
    app: Flask, organiser: Account, port: int
) -> None:
    desk, talk = signed_in(app, organiser), factories.talk()
    made = announce(desk, talk, filename="abend.mp4", kind="recording", size=ANNOUNCED)
    path = made.headers["Location"]
    form = path.rpartition("hochladen/")[0] + "neu"
    desk.get(form)
    cookie = desk.get_cookie("webinar")
    assert cookie is not None
    headers = {"Cookie": f"webinar={cookie.value}", "Tus-Resumable": "1.0.0"}
    page = ask(port, form, headers).read().decode()
    found = re.search('name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    headers["X-CSRFToken"] = found[1]
    db.session.rollback()
    open_still = begin(str(port), path, headers, bytes(17 * MEBIBYTE), of=ANNOUNCED)
    wait_for(
        lambda: (only().received, db.session.rollback())[0] >= 16 * MEBIBYTE,
        seconds=60,
        why="nothing of the piece reached the application",
    )
    open_still.close()


@pytest.mark.parametrize("port", ["nginx"], indirect=True)
def test_nginx_sends_the_file_that_the_application_lets_go(
    app: Flask, organiser: Account, port: int
) -> None:
    content, talk = film(MEBIBYTE), factories.talk()
    stored = storage_of(settings_of(app)).put(io.BytesIO(content), limit=len(content))
    row = materials.add(
        talk,
        kind=MaterialKind.RECORDING,
        title="Abend",
        stored=stored,
        media_type="video/mp4",
        file_name="Übung.mp4",
        by=None,
    )
    db.session.commit()
    desk = signed_in(app, organiser)
    cookie = desk.get_cookie("webinar")
    assert cookie is not None
    signed = {"Cookie": f"webinar={cookie.value}"}
    file = f"/desk/veranstaltungen/{talk.id}/unterlagen/{row.id}/datei"
    db.session.rollback()
    whole = ask(port, file, signed)
    assert (whole.status, whole.read()) == (200, content)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Cache-Control"] == "private, no-cache"
    assert "filename*=UTF-8''%C3%9Cbung.mp4" in whole.headers["Content-Disposition"]
    assert "default-src 'none'" in whole.headers["Content-Security-Policy"]
    assert "X-Accel-Redirect" not in whole.headers
    part = ask(port, file, {**signed, "Range": "bytes=500-899"})
    assert (part.status, part.read()) == (206, content[500:900])
    tag = whole.headers["ETag"]
    assert ask(port, file, {**signed, "If-None-Match": tag}).status == 304
    assert ask(port, file, {}).status == 302
    key = stored.key
    assert ask(port, f"{proxy.ACCEL_PATH}{key[:2]}/{key}", signed).status == 404


def ask(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    """One request over a connection of its own; the answer is not read yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()
