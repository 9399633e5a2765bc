"""Debian's clamd with a signature of our own: one harmless word, found wherever it stands."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.jobs.processes import wait_for
from webinar.adapters.antivirus import Scanner

WORD = b"WEBINAR-HARMLESS-ANTIVIRUS-TEST-FILE"
NAME = "Webinar.Test.UNOFFICIAL"
SETTINGS = """
LocalSocket {socket}
DatabaseDirectory {folder}
TemporaryDirectory {folder}
StreamMaxLength {stream}
Foreground yes
OfficialDatabaseOnly no
"""


@contextmanager
def running(*, stream: int = 100 * 1024 * 1024) -> Iterator[str]:
    """The address of a scanner that runs inside the block; `stream`: bytes that it takes."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("no clamd; as root: apt-get install clamav-daemon")
    # The path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="clamd") as name:
        folder = Path(name)
        (folder / "own.ndb").write_text(f"Webinar.Test:0:*:{WORD.hex()}\n")
        address = f"unix:{folder / 'clamd.ctl'}"
        given = SETTINGS.format(socket=folder / "clamd.ctl", folder=folder, stream=stream)
        (folder / "clamd.conf").write_text(given)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [program, "-c", folder / "clamd.conf"], stdout=log, stderr=log
            )
        try:
            scanner = Scanner(address, stream)
            wait_for(lambda: scanner.ping() or server.poll() is not None, why="clamd")
            assert server.poll() is None, (folder / "log").read_text()
            yield address
        finally:
            server.terminate()
            server.wait(30)
