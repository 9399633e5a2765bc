"""Uploads to real servers: one is killed in the middle, another takes the rest, by tuspy."""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from sqlalchemy import update
from tusclient.client import TusClient

from tests import factories
from tests.conftest import signed_in
from tests.jobs.processes import Program, wait_for
from tests.recorder import film
from tests.web.test_materials import work
from tests.web.test_tus import home, material, offset_of, only
from tests.weed import free_ports
from webinar.clock import now
from webinar.extensions import db
from webinar.models import Account, Upload

MEBIBYTE = 1024 * 1024
pytestmark = pytest.mark.kill


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """What stays after a kill is the store's affair; that turns are kept is tested on both."""
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["folder", "s3"])
def environ(request: pytest.FixtureRequest, environ: dict[str, str]) -> dict[str, str]:
    return environ | (request.getfixturevalue("s3") if request.param == "s3" else {})


@pytest.fixture
def servers(app: Flask, environ: dict[str, str], tmp_path: Path) -> Iterator[list[Program]]:
    """Two, as behind a balancer; the first argument after the name is the port."""
    made = []
    for port in free_ports(2):
        bound = ("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4")
        server = Program(
            str(port), "gunicorn", "--no-control-socket", *bound, "app:app",
            environ=environ, folder=tmp_path,
        )  # fmt: skip
        made.append(server)
        server.start()
    for server in made:
        wait_for(lambda at=server.name: answers(at), why="gunicorn")  # type: ignore[misc]
    yield made
    for server in made:
        server.kill()


def answers(port: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False


def begin(
    port: str, path: str, headers: dict[str, str], data: bytes, *, of: int
) -> http.client.HTTPConnection:
    """Send a part of what was announced; the rest may follow over the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.putrequest("PATCH", path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Type", "application/offset+octet-stream")
    connection.putheader("Upload-Offset", "0")
    connection.putheader("Content-Length", str(of))
    connection.endheaders()
    connection.send(data)
    return connection


def test_server_is_killed_and_another_takes_the_rest(
    app: Flask, organiser: Account, servers: list[Program], tmp_path: Path
) -> None:
    here = home(factories.talk())
    content = film(24 * MEBIBYTE)
    desk = signed_in(app, organiser)
    desk.get(here.replace("hochladen/", "neu"))
    cookie = desk.get_cookie("webinar")
    assert cookie is not None
    db.session.rollback()  # whoever has read keeps others from writing, on SQLite
    headers = {"Cookie": f"webinar={cookie.value}", "Tus-Resumable": "1.0.0"}
    first, second = servers
    page = f"http://127.0.0.1:{second.name}{here}".replace("hochladen/", "neu")
    with urlopen(Request(page, headers=headers)) as answer:
        found = re.search(rb'name="csrf_token" value="([^"]+)"', answer.read())
    assert found is not None
    headers["X-CSRFToken"] = found[1].decode()

    file = tmp_path / "abend.mp4"
    file.write_bytes(content)
    client = TusClient(f"http://127.0.0.1:{second.name}{here}", headers=headers)
    metadata = {"filename": "abend.mp4", "kind": "recording", "title": "Abend"}
    made = client.uploader(str(file), metadata=metadata)
    path = made.create_url().partition(second.name)[2]

    open_still = begin(first.name, path, headers, content[: 20 * MEBIBYTE], of=len(content))
    wait_for(lambda: (only().received, db.session.rollback())[0] >= 16 * MEBIBYTE, seconds=60)
    first.kill()
    open_still.close()
    assert only().state == "receiving"
    # The dead server's turn ends by itself after ten seconds: here they have passed.
    db.session.execute(update(Upload).values(writer_until=now()))
    db.session.commit()
    assert offset_of(desk, path) == 16 * MEBIBYTE
    db.session.rollback()

    uploader = client.uploader(
        str(file),
        url=f"http://127.0.0.1:{second.name}{path}",
        chunk_size=5 * MEBIBYTE,
        upload_checksum=True,
    )
    assert uploader.offset == 16 * MEBIBYTE
    uploader.upload()
    work(app)
    assert material().sha256 == hashlib.sha256(content).hexdigest()
