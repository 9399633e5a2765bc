"""`make run` for real: it starts everything, changes nothing the second time, leaves nothing."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from webinar.config import ROOT, Settings
from webinar.demo import environment
from webinar.demo.environment import CannotStart, prepare, require_free
from webinar.demo.load import INVITED_TODAY

READY = "Beenden mit Strg+C"
PATIENCE = 180


def free_ports() -> dict[str, str]:
    return {name: str(free_port()) for name in environment.PORTS}


class Started:
    """One `python -m webinar.demo.run`, as a terminal would start it."""

    def __init__(self, folder: Path, outer: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.out, self.err = folder / "out.txt", folder / "err.txt"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "webinar.demo.run"],
                cwd=ROOT,
                env={**os.environ, "WEBINAR_VAR": str(folder / "var"), **outer},
                stdout=out,
                stderr=err,
                process_group=0,
            )

    def said(self) -> str:
        return self.out.read_text() + self.err.read_text()

    def wait(self) -> int:
        return self.process.wait(timeout=PATIENCE)

    def until_ready(self) -> None:
        until(lambda: READY in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def children(self) -> list[int]:
        """The process ids of the started programs, those that they started included."""
        found: list[int] = []
        parents = [self.process.pid]
        while parents:
            path = Path(f"/proc/{parents.pop()}/task")
            pids = [
                int(pid) for task in path.glob("*/children") for pid in task.read_text().split()
            ]
            found += pids
            parents += pids
        return found


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@contextmanager
def started(folder: Path, outer: dict[str, str]) -> Iterator[Started]:
    found = Started(folder, outer)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.send_signal(signal.SIGTERM)
            found.wait()


def rows(folder: Path) -> list[str]:
    """Every row of every table. What a worker does by the hour may have come in between."""
    with closing(sqlite3.connect(folder / "var" / "webinar.db")) as connection:
        lines = list(connection.iterdump())
    return [line for line in lines if not re.match(r'INSERT INTO "jobs" .*\w@\d', line)]


def files(folder: Path) -> dict[str, bytes]:
    kept = ("files", "mailbox")
    paths = [path for name in kept for path in folder.glob(f"var/{name}/**/*")]
    paths.append(folder / "var" / "demo.env")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def asked(
    port: str, path: str, *, form: dict[str, str] | None = None, cookie: str = ""
) -> tuple[int, str, http.client.HTTPMessage]:
    """Status, text and headers of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    headers = {"Cookie": cookie} if cookie else {}
    if form is None:
        connection.request("GET", path, headers=headers)
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", path, body=urllib.parse.urlencode(form), headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def cookie_of(headers: http.client.HTTPMessage) -> str:
    return "; ".join(line.split(";")[0] for line in headers.get_all("Set-Cookie", []))


def password_of(run: Started) -> str:
    found = re.search(r"Kennwort +(\S+)", run.said())
    assert found is not None, run.said()
    return found[1]


def sign_in(port: str, password: str) -> int:
    """The status that the desk answers with after signing in."""
    _, page, headers = asked(port, "/anmelden")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"email": environment.ORGANISER, "password": password, "csrf_token": token[1]}
    _, _, headers = asked(port, "/anmelden", form=form, cookie=cookie_of(headers))
    return asked(port, "/desk/", cookie=cookie_of(headers))[0]


def nothing_left_to_do(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "var" / "webinar.db")) as connection:
        mails = "SELECT count(*) FROM mails WHERE state IN ('queued', 'sending', 'retry')"
        jobs = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
        return all(connection.execute(query).fetchone()[0] == 0 for query in (mails, jobs))


def stop(run: Started, number: signal.Signals) -> None:
    """Signal the program alone, as `kill` does, and see all of them gone."""
    children = run.children()
    assert len(children) >= 4  # mailbox, gunicorn with a worker of its own, worker
    run.process.send_signal(number)
    assert run.wait() == 0, run.said()
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.soak
def test_everything_starts_once_starts_again_unchanged_and_ends_together(tmp_path: Path) -> None:
    ports = free_ports()
    web, mailbox = ports["WEBINAR_PORT"], ports["WEBINAR_MAILBOX_PORT"]
    with started(tmp_path, ports) as first:
        first.until_ready()
        assert asked(web, "/")[0] == 200
        assert asked(web, "/desk/")[0] == 302
        assert sign_in(web, password_of(first)) == 200
        until(lambda: nothing_left_to_do(tmp_path))
        assert len(json.loads(asked(mailbox, "/messages.json")[1])) == INVITED_TODAY
        stop(first, signal.SIGINT)
    settings = tmp_path / "var" / "demo.env"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    before = rows(tmp_path), files(tmp_path)
    assert sum(line.startswith('INSERT INTO "contacts"') for line in before[0]) > 140
    # No ports are named this time: those of the first start keep the links in its mails good.
    with started(tmp_path, {}) as again:
        again.until_ready()
        assert f"http://127.0.0.1:{web}/" in again.said()
        assert password_of(again) == password_of(first)
        assert asked(web, "/")[0] == 200
        with started(tmp_path / "rival", {"WEBINAR_VAR": str(tmp_path / "var")}) as rival:
            assert rival.wait() == 1
            assert "Es läuft schon" in rival.said()
        stop(again, signal.SIGTERM)
    assert (rows(tmp_path), files(tmp_path)) == before
    with started(tmp_path, {}) as third:
        third.until_ready()
        children = third.children()
        os.kill(worker_among(children), signal.SIGKILL)
        assert third.wait() == 1
        assert "worker hat sich beendet (Status -9)" in third.said()
        assert "worker started" in third.said()
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def worker_among(pids: list[int]) -> int:
    return next(
        pid for pid in pids if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"\0worker\0")
    )


def test_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        ports = free_ports() | {"WEBINAR_PORT": str(taken)}
        with started(tmp_path, ports) as refused:
            assert refused.wait() == 1
    assert f"Port {taken} ist belegt" in refused.said()
    assert "WEBINAR_PORT=" in refused.said()
    assert "Traceback" not in refused.said()


def test_first_start_gives_way_to_a_taken_port_and_later_ones_remember(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = {"WEBINAR_VAR": str(tmp_path)}
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        monkeypatch.setitem(environment.PORTS, "WEBINAR_PORT", taken)
        first = prepare(outer)
        assert first.moved[:1] == ("WEBINAR_PORT",)
        assert first.ports["WEBINAR_PORT"] > taken
        require_free(first)
    assert prepare(outer).ports == first.ports
    assert prepare(outer).moved == ()


def test_settings_come_from_the_file_and_not_from_the_shell(tmp_path: Path) -> None:
    outer = {"WEBINAR_VAR": str(tmp_path), "WEBINAR_DATABASE_URL": "postgresql://db/live"}
    given = prepare(outer).environ(outer | {"HOME": "/home/someone"})
    assert given["WEBINAR_DATABASE_URL"] == f"sqlite:///{tmp_path / 'webinar.db'}"
    assert given["HOME"] == "/home/someone"
    assert Settings.load(given).legal_gaps == []


def test_lost_secrets_are_told_instead_of_replaced(tmp_path: Path) -> None:
    (tmp_path / "webinar.db").touch()
    with pytest.raises(CannotStart, match=r"demo\.env"):
        prepare({"WEBINAR_VAR": str(tmp_path)})
    assert not (tmp_path / "demo.env").exists()


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(CannotStart, match="WEBINAR_PORT"):
        prepare({"WEBINAR_VAR": str(tmp_path), "WEBINAR_PORT": port})
