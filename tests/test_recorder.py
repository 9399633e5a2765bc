"""The recorder's script as a process against a real gunicorn: cut connections, a killed server, two
at once, a wrong secret, a redirect; and what it leaves behind.

Runs on Python 3.9 where there is one, since the recorder's system may have no newer.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import factories, recorder
from tests.conftest import ENVIRON
from tests.ports import free_port
from tests.test_deploy import command, surroundings
from webinar import create_app, settings_of
from webinar.config import ROOT
from webinar.domain import rooms
from webinar.extensions import db, reading
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import Material, Recording, Room

SCRIPT = ROOT / "deploy" / "jitsi" / "finalize.py"
LARGE = 40 * 1024 * 1024
"""Three pieces."""


def python() -> str:
    found = shutil.which("python3.9")
    works = found and not subprocess.run([found, "-V"], capture_output=True, check=False).returncode
    return found if found and works else sys.executable


@pytest.fixture(scope="module")
def environ(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One server for all: starting it takes longer than what is asked of it."""
    folder = tmp_path_factory.mktemp("application")
    shutil.copy(migrated_sqlite, folder / "test.db")
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{folder / 'test.db'}",
        "WEBINAR_STORAGE_FOLDER": str(folder / "files"),
        "WEBINAR_RECORDING_SECRET": recorder.SECRET,
        "WEB_CONCURRENCY": "1",
    }


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    app = create_app(environ)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def room(app: Flask) -> Room:
    """The room of a talk of its own."""
    talk = factories.recorded_talk()
    found = rooms.room_of(talk, name=f"raum-{talk.id}-k3yq7v2mzx5d")
    db.session.commit()
    return found


class Server:
    """gunicorn on one port, which can be killed and started again."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.environ, self.log, self.port = environ, log, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command("--bind", f"127.0.0.1:{self.port}"),
                env=surroundings(self.environ),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(lambda: b"Listening at" in self.log.read_bytes())

    def kill(self) -> None:
        """Without a farewell, master and workers alike."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def server(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(environ, tmp_path_factory.mktemp("server") / "server.log")
    found.start()
    yield found
    found.kill()


def until(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def start(folder: Path, port: int, *options: str, **values: str) -> subprocess.Popen[str]:
    given = {
        "WEBINAR_URL": f"http://127.0.0.1:{port}",
        "WEBINAR_RECORDING_SECRET": recorder.SECRET,
        "WEBINAR_RECORDING_PAUSE": "0.2",
        "WEBINAR_RECORDING_HOURS": "0.1",
        "WEBINAR_ENV_FILE": "/nowhere",
        **values,
    }
    return subprocess.Popen(
        [python(), str(SCRIPT), *(options or ("--foreground",)), str(folder)],
        env=surroundings(given),
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(app: Flask, *processes: subprocess.Popen[str]) -> list[tuple[int, str]]:
    """Work off jobs, as the worker would beside it, until all have ended."""
    while any(process.poll() is None for process in processes):
        queue.work(settings_of(app), HANDLERS)
        db.session.remove()
        time.sleep(0.05)
    return [(process.returncode, process.stderr.read()) for process in processes if process.stderr]


def sums(room: Room) -> list[str | None]:
    db.session.remove()
    rows = db.session.query(Material).filter_by(talk_id=room.talk_id).order_by(Material.id)
    return [row.sha256 for row in rows]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Cutting:
    """A way to the server that breaks the first `times` connections that brought so many bytes."""

    def __init__(self, port: int, *, after: int, times: int) -> None:
        self.there, self.after, self.left = port, after, times
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                there = socket.create_connection(("127.0.0.1", self.there))
                for ends in ((client, there, True), (there, client, False)):
                    threading.Thread(target=self.pump, args=ends, daemon=True).start()

    def pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                passed += len(piece)
                if counts and passed > self.after and self.left:
                    self.left -= 1
                    break
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                # Cut for good: a mere end of stream would let the sender fill the buffer and wait.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
                end.close()


def test_session_is_brought_and_leaves_nothing(
    app: Flask, server: Server, room: Room, tmp_path: Path
) -> None:
    films = [recorder.film(50_000, seed=number) for number in range(2)]
    folder = recorder.session(tmp_path / "srv", *films, room=room.name)
    ((status, log),) = finished(app, start(folder, server.port))
    assert status == 0, log
    assert sums(room) == [sha256(film) for film in films]
    assert not folder.exists()
    # Who was there stays with the recorder, and goes with it.
    dump = "\n".join(str(vars(row)) for row in db.session.query(Recording))
    assert "Seubert" not in dump + server.log.read_text() + log
    assert room.name not in log


def test_connection_that_is_cut_goes_on_where_it_was(
    app: Flask, server: Server, room: Room, tmp_path: Path
) -> None:
    film = recorder.film(LARGE)
    folder = recorder.session(tmp_path / "srv", film, room=room.name)
    way = Cutting(server.port, after=9_000_000, times=2)
    ((status, log),) = finished(app, start(folder, way.port))
    way.listener.close()
    assert status == 0, log
    assert way.left == 0
    assert sums(room) == [sha256(film)]


@pytest.mark.kill
def test_server_that_is_killed_and_started_again_gets_the_rest(
    app: Flask, server: Server, room: Room, tmp_path: Path
) -> None:
    film = recorder.film(LARGE)
    folder = recorder.session(tmp_path / "srv", film, room=room.name)
    process = start(folder, server.port)
    until(lambda: received(room) > 0)
    server.kill()
    server.start()
    ((status, log),) = finished(app, process)
    assert status == 0, log
    assert sums(room) == [sha256(film)]
    assert not folder.exists()


def received(room: Room) -> int:
    """Looks without SQLite's write lock and lets go of the database: the server needs both."""
    name = room.name
    with reading():
        db.session.remove()
        rows = db.session.query(Recording).filter_by(room_name=name).all()
        db.session.remove()
    return sum(row.received for row in rows)


def test_two_at_once_bring_it_once(app: Flask, server: Server, room: Room, tmp_path: Path) -> None:
    """Jibri calls again, or somebody by hand: one works, the other leaves it to the first."""
    film = recorder.film(LARGE)
    folder = recorder.session(tmp_path / "srv", film, room=room.name)
    found = finished(app, *(start(folder, server.port) for _ in range(2)))
    assert [status for status, _log in found] == [0, 0], found
    assert sums(room) == [sha256(film)]
    assert db.session.query(Recording).filter_by(room_name=room.name).count() == 1


def test_wrong_secret_ends_with_the_file_in_place(
    app: Flask, server: Server, room: Room, tmp_path: Path
) -> None:
    folder = recorder.session(tmp_path / "srv", recorder.film())
    wrong = {"WEBINAR_RECORDING_SECRET": recorder.SECRET + "x", "WEBINAR_RECORDING_HOURS": "0"}
    ((status, log),) = finished(app, start(folder, server.port, **wrong))
    assert status == 1
    assert "401" in log
    assert len(list(folder.glob("*.mp4"))) == 1
    state = json.loads((folder / "webinar-state.json").read_text())
    assert all("401" in file["trouble"] for file in state["files"].values())
    assert recorder.SECRET not in log


def test_server_that_is_away_ends_with_the_file_in_place_and_a_timer_brings_it(
    app: Flask, server: Server, room: Room, tmp_path: Path
) -> None:
    film = recorder.film()
    folder = recorder.session(tmp_path / "srv", film, room=room.name)
    away = start(folder, free_port(), WEBINAR_RECORDING_HOURS="0")
    assert finished(app, away)[0][0] == 1
    first = start(tmp_path / "srv", server.port, "--all")
    assert finished(app, first)[0][0] == 1
    while queue.work(settings_of(app), HANDLERS):
        pass
    second = start(tmp_path / "srv", server.port, "--all")
    assert finished(app, second)[0][0] == 0
    assert sums(room) == [sha256(film)]
    assert not folder.exists()


def test_jibri_is_not_kept_waiting(app: Flask, server: Server, room: Room, tmp_path: Path) -> None:
    """Called as Jibri calls it, the script goes on without it."""
    folder = recorder.session(tmp_path / "srv", recorder.film(), room=room.name)
    (folder / "readme.txt").write_text("anything else stays")
    environ = surroundings(
        {
            "WEBINAR_URL": f"http://127.0.0.1:{server.port}",
            "WEBINAR_RECORDING_SECRET": recorder.SECRET,
            "WEBINAR_RECORDING_PAUSE": "0.2",
            "WEBINAR_ENV_FILE": "/nowhere",
        }
    )
    with (tmp_path / "jibri.log").open("wb") as output:
        called = subprocess.run(
            [python(), str(SCRIPT), str(folder)], env=environ, stderr=output, check=True
        )
    assert called.returncode == 0

    def done() -> bool:
        queue.work(settings_of(app), HANDLERS)
        db.session.remove()
        return sorted(path.name for path in folder.iterdir()) == ["readme.txt"]

    until(done)
    assert len(sums(room)) == 1


def test_redirect_carries_no_recording_away(tmp_path: Path) -> None:
    asked = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    found = http.server.HTTPServer(("127.0.0.1", 0), Elsewhere)
    port = found.server_address[1]
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    folder = recorder.session(tmp_path / "srv", recorder.film())
    process = start(folder, port, WEBINAR_RECORDING_HOURS="0")
    _out, log = process.communicate(timeout=60)
    found.shutdown()
    thread.join()
    found.server_close()
    assert (process.returncode, asked) == (1, ["/jitsi/recordings"])
    assert "307" in log


def test_script_is_python_of_years_ago_and_needs_nothing_else() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 9))
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        str(node.module).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert names <= sys.stdlib_module_names


def test_every_file_beside_the_script_is_explained() -> None:
    readme = (SCRIPT.parent / "README.md").read_text("utf-8")
    names = {path.name for path in SCRIPT.parent.iterdir() if path.is_file()} - {"README.md"}
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []
    lines = (SCRIPT.parent / "docker-jitsi-meet.env").read_text("utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[A-Z0-9_]+=", line)]
    assert len(settings) > 20
    # Each has its reason right above, or shares its neighbour's.
    assert [lines[number] for number in settings if not lines[number - 1].strip()] == []


@pytest.mark.parametrize(
    "values",
    [
        {"WEBINAR_URL": ""},
        {"WEBINAR_URL": "termine.lra.example"},
        {"WEBINAR_URL": "http://termine.lra.example"},
        {"WEBINAR_RECORDING_SECRET": "kurz"},
        {"WEBINAR_RECORDING_HOURS": "immer"},
    ],
)
def test_wrong_settings_end_it_at_once(tmp_path: Path, values: dict[str, str]) -> None:
    folder = recorder.session(tmp_path / "srv", recorder.film())
    process = start(folder, 1, **values)
    _out, log = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in log


def test_settings_are_read_from_a_file(tmp_path: Path) -> None:
    """A file with a wrong address is enough to see that it was read."""
    folder = recorder.session(tmp_path / "srv", recorder.film())
    file = tmp_path / "webinar.env"
    file.write_text(f"# recorder\nWEBINAR_URL='{'x' * 9}'\nWEBINAR_RECORDING_SECRET=abc\n")
    environ = surroundings({"WEBINAR_ENV_FILE": str(file)})
    ended = subprocess.run(
        [python(), str(SCRIPT), "--foreground", str(folder)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "WEBINAR_URL" in ended.stderr
