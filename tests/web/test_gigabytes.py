"""Four gigabytes to a running server and back: whole, and through no process's memory."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import random
import re
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.conftest import signed_in
from tests.jobs.processes import Program, children_of, wait_for
from tests.ports import free_port
from tests.recorder import box, film
from tests.web.test_tus import home
from webinar.config import ROOT
from webinar.extensions import db
from webinar.models import Account, Material, Processing, Upload

pytestmark = pytest.mark.soak
MEBIBYTE = 1024 * 1024
SIZE = 4096 * MEBIBYTE
"""As much as the application takes unless it is told otherwise."""
GROWS = 100 * MEBIBYTE
PIECE = 64 * MEBIBYTE
"""What a browser sends at once (`static/upload.js`)."""
PATTERN = random.Random(4).randbytes(MEBIBYTE)


def recording() -> tuple[bytes, int]:
    """How a film of SIZE bytes begins, and where its picture does."""
    head = film(0)[: -len(box(b"mdat"))]
    return head + struct.pack(">I4s", SIZE - len(head), b"mdat"), len(head) + 8


HEAD, PICTURE = recording()


def content(start: int, stop: int) -> Iterator[bytes]:
    """Those bytes of the film, made as they are asked for; no two mebibytes are the same."""
    at = start
    while at < stop:
        number, within = divmod(at, MEBIBYTE)
        block = bytearray(number.to_bytes(8, "big") + PATTERN[8:])
        if number == 0:
            block[: len(HEAD)] = HEAD
        piece = bytes(block[within : within + stop - at])
        at += len(piece)
        yield piece


def digest(pieces: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """Bytes are the store's affair: SQLite is enough here."""
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def environ(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """The files on the disk of the sources: the folder for temporary files may be memory."""
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as folder:
        yield environ | {"WEBINAR_STORAGE_FOLDER": folder}


class Programs:
    """Web server and worker as operators start them, and the memory of all their processes."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        bound = ("-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{self.port}")
        self.server = Program("server", "gunicorn", *bound, environ=environ, folder=folder)
        self.worker = Program(
            "worker", "webinar.cli", "worker", environ=environ, folder=folder
        )  # fmt: skip

    def __enter__(self) -> Programs:
        self.server.start()
        wait_for(self.answers, why="gunicorn")
        self.worker.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self.worker.kill()
        self.server.kill()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz", {}).status == 200
        except OSError:
            return False

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: Iterator[bytes] | None = None
    ) -> http.client.HTTPResponse:
        """One request over a connection of its own; the answer is not read yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request(method, path, body=body, headers=headers)
        return connection.getresponse()

    def forget(self) -> None:
        """Let the most of each process begin anew at what it has now (proc(5), clear_refs)."""
        for pid in self.pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def most(self) -> dict[int, int]:
        """The most that each process of the server held since, in bytes."""
        found = {}
        for pid in self.pids():
            status = Path(f"/proc/{pid}/status").read_text()
            found[pid] = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        return found

    def pids(self) -> list[int]:
        assert self.server.process is not None
        return [self.server.process.pid, *children_of(self.server.process.pid)]


def test_four_gigabytes_come_whole_and_go_out_in_ranges_through_little_memory(
    app: Flask, organiser: Account, environ: dict[str, str], tmp_path: Path
) -> None:
    talk = factories.talk()
    upload_to, here = home(talk), home(talk).removesuffix("hochladen/")
    desk = signed_in(app, organiser)
    desk.get(f"{here}neu")
    cookie = desk.get_cookie("webinar")
    assert cookie is not None
    db.session.rollback()
    whole = digest(content(0, SIZE))
    with Programs(environ, tmp_path) as programs:
        headers = {"Cookie": f"webinar={cookie.value}", "Tus-Resumable": "1.0.0"}
        page = programs.ask("GET", f"{here}neu", headers).read()
        found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        headers["X-CSRFToken"] = found[1].decode()
        for _ in range(20):  # whatever each process loads with its first request is there
            programs.ask("GET", here, headers).read()
        programs.forget()
        idle = programs.most()

        send(programs, upload_to, headers)
        wait_for(lambda: settled() is not None, seconds=600, why="the worker")
        sent = programs.most()
        digest_there, number = settled() or ("", 0)
        assert digest_there == whole

        file = f"{here}{number}/datei"
        assert digest(body(programs.ask("GET", file, headers))) == whole
        edge = 2**32
        for start, stop in ((0, 1), (edge // 2 - 3, edge // 2 + MEBIBYTE), (edge - 9, SIZE)):
            asked = {**headers, "Range": f"bytes={start}-{stop - 1}"}
            answer = programs.ask("GET", file, asked)
            assert answer.status == 206
            assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
            assert b"".join(body(answer)) == b"".join(content(start, stop))
        most = programs.most()
    for pid, before in idle.items():
        assert max(sent[pid], most[pid]) - before <= GROWS
    assert sum(most.values()) - sum(idle.values()) <= GROWS, (idle, most)


def send(programs: Programs, path: str, headers: dict[str, str]) -> None:
    """The first half in one request, the second in the pieces of a browser."""
    announced = {
        "Upload-Length": str(SIZE),
        "Upload-Metadata": "filename YWJlbmQubXA0,kind cmVjb3JkaW5n",
        "Content-Length": "0",
    }
    made = programs.ask("POST", path, headers | announced)
    assert made.status == 201
    cuts = [0, *range(SIZE // 2, SIZE, PIECE), SIZE]
    for start, stop in itertools.pairwise(cuts):
        given = {
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(stop - start),
            "Upload-Offset": str(start),
        }
        answer = programs.ask(
            "PATCH", made.headers["Location"], headers | given, content(start, stop)
        )
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(stop)), answer.read()


def body(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while data := answer.read(MEBIBYTE):
        yield data


def settled() -> tuple[str, int] | None:
    """The digest of the one material and its number, once all work on it has ended."""
    db.session.rollback()
    upload = db.session.query(Upload).one()
    assert upload.state != "refused", upload.reason
    row = db.session.query(Material).one_or_none()
    if row is None or row.processing == Processing.WAITING:
        return None
    return str(row.sent_sha256 or row.sha256), row.id
