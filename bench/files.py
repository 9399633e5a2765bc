"""Files: saved and played by those who may, and brought to the desk.

Behind nginx, which sends what the application lets go (`deploy/nginx.conf`, X-Accel-Redirect), the
ceiling is the same nginx that gives the same file to anybody. Without it gunicorn sends the bytes
itself; that is stated beside the same ceiling. The ceiling of uploads is a bare socket whose bytes
go to the same disk.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import archive_rows, client, proxy, transfers
from bench.archive_rows import MEBIBYTE, Archive, Desk, File
from bench.client import Measured, Unexpected
from bench.databases import settings
from bench.servers import ROOT, free_port, serving, wait

RECORDING, SLIDES = 128 * MEBIBYTE, 4 * MEBIBYTE
AT_ONCE = 4
"""People who save at the same moment: each has an address of its own, and each is counted."""
RANGE = 32 * 1024
"""A little of a film. One that fills the window of a loopback waits for its acknowledgement."""
PIECE = 64 * MEBIBYTE
"""What a browser sends in one request (`static/upload.js`)."""


@dataclass
class Downloading:
    """Recordings are what the target is about; slides, of which more are asked for, are told."""

    port: int
    bare: int
    archive: Archive
    size: int
    ratios: list[float] = field(default_factory=list)

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """As many recordings on each side; then as many slides as one recording is long."""
        recording, slides = self.archive.files
        both = self._both(recording, number, self.size)
        small = self._both(slides, number, self.size * 8)
        if number:
            self.ratios.append(small[0].rate / small[1].rate)
        return both

    def check(self) -> None:
        """Raises `Unexpected` where a side sends other bytes."""
        for file in self.archive.files:
            for port, request in ((self.port, self._saving(file, 0)), (self.bare, _bare(file))):
                if transfers.digest(port, request, size=file.size) != file.sha256:
                    raise Unexpected("other bytes than those in the store")

    def told(self) -> dict[str, object]:
        """How it is with slides, where deciding who may have them weighs more."""
        ordered = sorted(self.ratios)
        return {f"ratio for {SLIDES // MEBIBYTE} MiB": round(ordered[len(ordered) // 2], 2)}

    def _both(self, file: File, number: int, count: int) -> tuple[Measured, Measured]:
        first = 1 + number * count  # everybody saves a file once, and is counted
        asked = {
            self.port: [self._saving(file, first + one) for one in range(count)],
            self.bare: [_bare(file)] * count,
        }
        order = (self.port, self.bare) if number % 2 == 0 else (self.bare, self.port)
        found = {
            port: transfers.take(port, asked[port], size=file.size, connections=AT_ONCE)
            for port in order
        }
        return found[self.port], found[self.bare]

    def _saving(self, file: File, person: int) -> bytes:
        return client.get(f"{self.archive.paths[person]}/datei/{file.public_id}")


@dataclass
class Ranges:
    """Pieces from the middle of a recording, as players ask for them."""

    port: int
    bare: int
    mine: Sequence[bytes]
    same: Sequence[bytes]

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """One round of each."""
        asked = {self.port: self.mine, self.bare: self.same}
        order = (self.port, self.bare) if number % 2 == 0 else (self.bare, self.port)
        found = {
            port: client.drive(port, asked[port], connections=connections, status=206)
            for port in order
        }
        return found[self.port], found[self.bare]

    def told(self) -> dict[str, object]:
        """What was measured besides: nothing."""
        return {}


@dataclass
class Uploading:
    """One recording of `size` MiB by tus 1.0 from an organiser, and the same bytes bare."""

    port: int
    bare: int
    desk: Desk
    files: Path
    size: int

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """One of each, one after the other; both are synced when they end."""
        times = max(1, self.size * MEBIBYTE // PIECE)
        piece = random.Random(number).randbytes(min(PIECE, self.size * MEBIBYTE))
        sides = [self._by_tus, self._by_socket]
        order = sides if number % 2 == 0 else sides[::-1]
        seconds = {side: side(piece, times) for side in order}
        total = times * len(piece) / MEBIBYTE
        return Measured(total / seconds[sides[0]]), Measured(total / seconds[sides[1]])

    def told(self) -> dict[str, object]:
        """What was measured besides: nothing."""
        return {}

    def _by_socket(self, piece: bytes, times: int) -> float:
        begun = time.perf_counter()
        transfers.copy(self.bare, piece, times=times)
        return time.perf_counter() - begun

    def _by_tus(self, piece: bytes, times: int) -> float:
        begun = time.perf_counter()
        announced = {"Upload-Length": str(times * len(piece)), "Upload-Metadata": METADATA}
        head = self._head("POST", f"{self.desk.path}/hochladen/", announced, length=0)
        answer = transfers.send(self.port, head, b"", times=0, status=b"201")
        path = next(
            line.partition(": ")[2]
            for line in answer.split("\r\n")
            if line.lower().startswith("location:")
        )
        for number in range(times):
            place = {
                "Upload-Offset": str(number * len(piece)),
                "Content-Type": "application/offset+octet-stream",
            }
            head = self._head("PATCH", path, place, length=len(piece))
            transfers.send(self.port, head, piece, times=1, status=b"204")
        seconds = time.perf_counter() - begun
        # Nobody works here who would take it over: the next round needs its room.
        came = self.files / ".incoming" / path.rpartition("/")[2]
        if came.stat().st_size != times * len(piece):
            raise Unexpected("the upload is shorter than what was sent")
        came.unlink()
        return seconds

    def _head(self, method: str, path: str, values: dict[str, str], *, length: int) -> bytes:
        lines = {
            "Host": "127.0.0.1",
            "Cookie": self.desk.cookie,
            "X-CSRFToken": self.desk.token,
            "Tus-Resumable": "1.0.0",
            "Content-Length": str(length),
            **values,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode()


METADATA = "filename YWJlbmQubXA0,kind cmVjb3JkaW5n"
"""abend.mp4, a recording."""


@contextmanager
def download(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Downloading]:
    """The invited save a recording, each another; nginx sends what the application lets go."""
    environ = settings(database, folder)
    found = _archive(environ, rounds=rounds, size=size)
    with ExitStack() as stack:
        ports = _proxied(stack, environ, folder)
        pair = Downloading(ports.port, ports.bare, found, size)
        pair.check()
        yield pair


@contextmanager
def download_direct(
    database: str, folder: Path, *, rounds: int, size: int
) -> Iterator[Downloading]:
    """The same without a proxy: gunicorn sends the bytes. No target; for information."""
    environ = settings(database, folder)
    found = _archive(environ, rounds=rounds, size=size)
    with ExitStack() as stack:
        app = serving("app:app", environ=environ, log=folder / "application.log")
        port = stack.enter_context(app)
        files = Path(environ["WEBINAR_STORAGE_FOLDER"])
        ports = stack.enter_context(proxy.before(port, files=files, folder=folder / "nginx"))
        pair = Downloading(port, ports.bare, found, size)
        pair.check()
        yield pair


@contextmanager
def ranges(
    database: str,
    folder: Path,
    *,
    rounds: int,  # noqa: ARG001  as all workloads are asked
    size: int,
) -> Iterator[Ranges]:
    """A player jumps: each piece is asked for anew, and each time it is decided anew who may."""
    environ = settings(database, folder)
    people = 200
    found = archive_rows.archive(environ, people=people, sizes=[RECORDING])
    file = found.files[0]
    chance = random.Random(7)
    starts = [chance.randrange(1, file.size - RANGE) for _ in range(size)]
    asked = [f"bytes={start}-{start + RANGE - 1}" for start in starts]
    mine = [
        _ranged(f"{found.paths[n % people]}/wiedergabe/{file.public_id}", piece)
        for n, piece in enumerate(asked)
    ]
    with ExitStack() as stack:
        ports = _proxied(stack, environ, folder)
        same = [_ranged(file.place, piece) for piece in asked]
        yield Ranges(ports.port, ports.bare, mine, same)


@contextmanager
def upload(
    database: str,
    folder: Path,
    *,
    rounds: int,  # noqa: ARG001  as all workloads are asked
    size: int,
) -> Iterator[Uploading]:
    """A recording comes by tus, in the pieces of a browser, as gunicorn takes it.

    Both sides write below `var/`: the folder for temporary files is memory on many machines.
    """
    (ROOT / "var").mkdir(exist_ok=True)
    with ExitStack() as stack:
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ROOT / "var")))
        files = disk / "files"
        environ = settings(database, folder) | {"WEBINAR_STORAGE_FOLDER": str(files)}
        desk = archive_rows.desk(environ)
        app = serving("app:app", environ=environ, log=folder / "application.log")
        port = stack.enter_context(app)
        bare = stack.enter_context(_copying(disk, folder / "ceiling.log"))
        yield Uploading(port, bare, desk, files, size)


@contextmanager
def _copying(disk: Path, log: Path) -> Iterator[int]:
    """The port of a running `bench.ceiling_copy`."""
    port = free_port()
    command = [sys.executable, "-m", "bench.ceiling_copy", str(port), str(disk / "copy")]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait(process, port, log)
        yield port
    finally:
        process.kill()
        process.wait()


def _archive(environ: dict[str, str], *, rounds: int, size: int) -> Archive:
    people = 1 + rounds * size * 8
    return archive_rows.archive(environ, people=people, sizes=[RECORDING, SLIDES])


def _proxied(stack: ExitStack, environ: dict[str, str], folder: Path) -> proxy.Proxy:
    behind = {"WEBINAR_ACCEL_PATH": proxy.ACCEL_PATH, "WEBINAR_TRUSTED_PROXIES": "1"}
    app = serving("app:app", environ=environ | behind, log=folder / "application.log")
    files = Path(environ["WEBINAR_STORAGE_FOLDER"])
    before = proxy.before(stack.enter_context(app), files=files, folder=folder / "nginx")
    return stack.enter_context(before)


def _ranged(path: str, piece: str) -> bytes:
    return client.get(path).replace(b"\r\n\r\n", f"\r\nRange: {piece}\r\n\r\n".encode())


def _bare(file: File) -> bytes:
    return client.get(file.place)
