#!/usr/bin/env python3
"""Jibri's finalize script: brings recordings to the application, and deletes them afterwards.

Jibri calls it with the folder of one recording session, waits for it and takes no new recording
until it ends; so it goes on in the background by itself. Every MP4 in the folder is sent in pieces,
each signed; what was cut off goes on where it was; what cannot be reached is tried again for days,
with growing pauses. A file is deleted only once the application says that the checksum of the whole
agreed. Of `metadata.json` only the room is read: who was there is not sent, and goes with the rest.

    finalize.py FOLDER               as Jibri calls it
    finalize.py --foreground FOLDER  the same, waiting for the end; exit status 1 if files remain
    finalize.py --all FOLDER         one try for every session below FOLDER: for a timer, since a
                                     restart of the machine ends what goes on in the background

Settings come from the environment, or from the file that WEBINAR_ENV_FILE names
(/etc/jitsi/jibri/webinar.env), as NAME=value lines:

    WEBINAR_URL                    the application's address, https://termine.lra.example
    WEBINAR_RECORDING_SECRET       the same as in the application
    WEBINAR_RECORDING_HOURS        for how long to try, 48
    WEBINAR_RECORDING_PAUSE        seconds before the second try, 10; doubled up to an hour
    WEBINAR_CA_FILE                certificates of an own authority, as PEM

Python 3.9 and its standard library are enough. Exit status: 0 done or begun, 1 files remain,
2 wrong settings or arguments.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ENV_FILE = "/etc/jitsi/jibri/webinar.env"
STATE = "webinar-state.json"
LOCK = "webinar.lock"
CHUNK = 1024 * 1024
LONGEST_PAUSE = 3600
TIMEOUT = 120
API = "/jitsi/recordings"


class Trouble(Exception):
    """It did not work this time; the message says why."""


class Comparing(Trouble):
    """Everything is there; the application has yet to compare the checksum."""


class Settings:
    """What the environment and the file say."""

    def __init__(self, environ: dict[str, str]) -> None:
        values = {**_env_file(environ.get("WEBINAR_ENV_FILE", ENV_FILE)), **environ}
        self.url = urlsplit(values.get("WEBINAR_URL", "").rstrip("/"))
        self.secret = values.get("WEBINAR_RECORDING_SECRET", "").encode()
        self.hours = float(values.get("WEBINAR_RECORDING_HOURS", "48"))
        self.pause = float(values.get("WEBINAR_RECORDING_PAUSE", "10"))
        self.ca_file = values.get("WEBINAR_CA_FILE") or None
        if self.url.scheme not in ("http", "https") or not self.url.hostname:
            raise ValueError("WEBINAR_URL must be the application's address")
        local = self.url.hostname in ("127.0.0.1", "localhost", "::1")
        if self.url.scheme == "http" and not local:
            raise ValueError("WEBINAR_URL must begin with https://: recordings are not sent openly")
        if len(self.secret) < 32:
            raise ValueError("WEBINAR_RECORDING_SECRET must have at least 32 bytes")


class Server:
    """The application: signed requests, JSON back."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def ask(
        self, method: str, path: str, body: bytes = b"", offset: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer. Raises `Trouble` where none came, or none that helps."""
        path = self.settings.url.path + API + path
        headers = self.signed(method, path, body, offset)
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            raise Trouble(f"{type(problem).__name__}: {problem}") from problem
        finally:
            connection.close()
        if answer.status not in (200, 409):
            # Redirects too: they would carry the recording to somebody else.
            raise Trouble(f"the application answered {answer.status} {_short(content)}")
        try:
            found = json.loads(content)
        except ValueError as problem:
            raise Trouble("the answer is no JSON") from problem
        if not isinstance(found, dict) or "received" not in found:
            raise Trouble("the answer is not the application's")
        return answer.status, found

    def signed(self, method: str, path: str, body: bytes, offset: str) -> dict[str, str]:
        """The headers that prove who sends this, when, and that it was not altered."""
        now, digest = str(int(time.time())), hashlib.sha256(body).hexdigest()
        message = "\n".join((method, path, now, offset, digest)).encode()
        signature = hmac.new(self.settings.secret, message, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Webinar-Timestamp": now,
            "X-Webinar-Content-SHA256": digest,
            "X-Webinar-Signature": signature,
        }
        if offset:
            headers["Upload-Offset"] = offset
        return headers

    def connect(self) -> http.client.HTTPConnection:
        host, port = str(self.settings.url.hostname), self.settings.url.port
        if self.settings.url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)


class State:
    """What is known of the session's files, kept beside them: a restart need not begin anew."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / STATE
        try:
            self.files: dict[str, dict[str, Any]] = json.loads(self.path.read_text())["files"]
        except (OSError, ValueError, KeyError, TypeError):
            self.files = {}

    def note(self, name: str, **values: Any) -> None:
        self.files.setdefault(name, {}).update(values)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"files": self.files}, indent=1, sort_keys=True))
        os.replace(str(new), str(self.path))


class Session:
    """One folder of Jibri, under its lock."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.state = State(folder)

    def send(self) -> None:
        """Send every file, and clear the folder away. Raises `Trouble` where something remains."""
        trouble: Trouble | None = None
        for path in self.recordings():
            try:
                self.send_file(path)
            except Trouble as problem:
                self.state.note(path.name, trouble=str(problem))
                trouble = problem
        if trouble is not None:
            raise trouble
        self.clear()

    def recordings(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.mp4") if path.is_file())

    def send_file(self, path: Path) -> None:
        size, sha256 = self.measured(path)
        told = self.announce(path, size, sha256)
        while not told["done"]:
            if told["received"] >= size:
                raise Comparing("the application compares the checksum")
            told = self.send_piece(path, told)
            self.state.note(path.name, received=told["received"], state=told["state"])
        if self.measured(path) != (size, sha256):
            raise Trouble("the file has changed")
        path.unlink()
        self.state.note(path.name, state=told["state"], deleted=True, trouble="")
        # Not by its name, which holds the room's.
        log(self.folder, f"{size} bytes are with the application, and deleted here")

    def measured(self, path: Path) -> tuple[int, str]:
        """Size and checksum; read once as long as the file stays as it is."""
        facts = path.stat()
        if facts.st_size == 0:
            raise Trouble("the file is empty")
        stamp = [facts.st_size, facts.st_mtime_ns]
        known = self.state.files.get(path.name, {})
        if known.get("stamp") != stamp:
            self.state.note(path.name, stamp=stamp, sha256=_sha256(path))
        return facts.st_size, str(self.state.files[path.name]["sha256"])

    def announce(self, path: Path, size: int, sha256: str) -> dict[str, Any]:
        given = {
            "session": self.folder.name,
            "file": path.name,
            "room": room_of(self.folder, path),
            "size": size,
            "sha256": sha256,
        }
        _, told = self.server.ask("POST", "", json.dumps(given).encode())
        self.state.note(path.name, id=told["id"], received=told["received"], state=told["state"])
        return told

    def send_piece(self, path: Path, told: dict[str, Any]) -> dict[str, Any]:
        """The next piece; the answer says where to go on, also if another was faster."""
        offset = int(told["received"])
        with path.open("rb") as file:
            file.seek(offset)
            piece = file.read(min(int(told.get("piece", CHUNK)), 16 * CHUNK))
        if not piece:
            raise Trouble("the file has become shorter")
        _, told = self.server.ask("PATCH", "/" + str(told["id"]), piece, str(offset))
        return told

    def clear(self) -> None:
        """Nothing of the session remains, least of all who was there."""
        for name in ("metadata.json", STATE, LOCK):
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).unlink()
        try:
            self.folder.rmdir()
        except OSError:
            log(self.folder, "the folder holds more than recordings, and stays")


def room_of(folder: Path, path: Path) -> str:
    """The room in the address of the meeting; without one, what the file is named after."""
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        address = urlsplit(str(metadata["meeting_url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return re.sub(r"_\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d$", "", path.stem)[:255]
    name = unquote(address.path.rstrip("/").rpartition("/")[2]).lower()
    return name[:255] or "-"


def next_pause(pause: float, problem: Exception, *, settings: Settings) -> float:
    """How long to wait: longer each time, but comparing takes seconds, not hours."""
    return settings.pause if isinstance(problem, Comparing) else min(pause * 2, LONGEST_PAUSE)


def work(folder: Path, settings: Settings) -> bool:
    """Send the session's recordings, however long it takes; False where files remain."""
    try:
        lock = (folder / LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log(folder, "is being sent already")
        return True
    with lock:
        server, pause = Server(settings), settings.pause
        end = time.time() + settings.hours * 3600
        while True:
            try:
                Session(folder, server).send()
                return True
            except (Trouble, OSError) as problem:
                log(folder, str(problem))
                if time.time() + pause >= end:
                    log(folder, "given up; the recordings stay")
                    return False
                time.sleep(pause)
                pause = next_pause(pause, problem, settings=settings)


def in_background() -> bool:
    """Go on without whoever called; True in the process that goes on."""
    if os.fork():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    return True


def log(folder: Path, message: str) -> None:
    """One line; Jibri's log keeps it. No name of a person, and no address of a room."""
    print(f"{time.strftime('%FT%T%z')} webinar {folder.name}: {message}", file=sys.stderr)
    sys.stderr.flush()


def _env_file(path: str) -> dict[str, str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while True:
            piece = file.read(CHUNK)
            if not piece:
                return digest.hexdigest()
            digest.update(piece)


def _short(content: bytes) -> str:
    return " ".join(content[:200].decode("utf-8", "replace").split())


def main(arguments: list[str], environ: dict[str, str]) -> int:
    options = [word for word in arguments if word.startswith("--")]
    given = [Path(word) for word in arguments if not word.startswith("--")]
    if len(given) != 1 or not given[0].is_dir() or not set(options) <= {"--foreground", "--all"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        settings = Settings(environ)
    except ValueError as problem:
        print(f"webinar: {problem}", file=sys.stderr)
        return 2
    folder = given[0].resolve()
    if "--all" in options:
        settings.hours = 0
        sessions = sorted({path.parent for path in folder.glob("*/*.mp4")})
    else:
        sessions = [folder]
    if not options and not in_background():
        return 0
    done = [work(session, settings) for session in sessions]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
