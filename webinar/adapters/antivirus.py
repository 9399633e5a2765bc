"""ClamAV's daemon, over its socket: are these bytes known to do harm.

Speaks `INSTREAM` (clamd(8)): the bytes in chunks, each behind its length; the answer is one line.
The daemon takes no more than its `StreamMaxLength` at once. A document is scanned whole or not at
all, since half an archive unpacks to nothing; a film, which unpacks to nothing anyway, is scanned
in windows that overlap.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from webinar.errors import RuleError

CHUNK = 256 * 1024
OVERLAP = 1024 * 1024
TIMEOUT = 300
"""Seconds for one answer: unpacking a large presentation takes a while."""


class ScannerAway(Exception):
    """The daemon does not answer, or not as a daemon would."""


@dataclass(frozen=True)
class Scanner:
    """`address`: `unix:/run/clamav/clamd.ctl` or `host:port`. `window`: bytes for one question."""

    address: str
    window: int

    def check(self, file: BinaryIO, *, windows: bool) -> None:
        """Raises `RuleError` `file_infected` (value `found`, ClamAV's name for it) or
        `file_too_large_to_scan`, `ScannerAway` where nobody answers."""
        size = file.seek(0, 2)
        if size > self.window and not windows:
            raise RuleError("file_too_large_to_scan", field="file", limit=self.window)
        start = 0
        while True:
            file.seek(start)
            self._ask(file, min(self.window, size - start))
            if start + self.window >= size:
                break
            start += self.window - OVERLAP
        file.seek(0)

    def ping(self) -> bool:
        """Whether a daemon answers."""
        try:
            with self._connect() as line:
                line.sendall(b"zPING\0")
                return _answer(line) == "PONG"
        except (OSError, ScannerAway):
            return False

    def _ask(self, file: BinaryIO, left: int) -> None:
        try:
            with self._connect() as line:
                # It hangs up on what is too much, after it has said so.
                with suppress(BrokenPipeError, ConnectionResetError):
                    _send(line, file, left)
                answer = _answer(line)
        except OSError as error:
            raise ScannerAway(str(error)) from error
        verdict = answer.removeprefix("stream: ")
        if verdict.endswith(" FOUND"):
            raise RuleError("file_infected", field="file", found=verdict[: -len(" FOUND")])
        if "size limit exceeded" in verdict:
            raise ScannerAway("StreamMaxLength of clamd is below WEBINAR_CLAMAV_STREAM_MB")
        if verdict != "OK":
            raise ScannerAway(answer)

    def _connect(self) -> socket.socket:
        if self.address.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(TIMEOUT)
            try:
                line.connect(self.address.removeprefix("unix:"))
            except OSError:
                line.close()
                raise
            return line
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)


def _send(line: socket.socket, file: BinaryIO, left: int) -> None:
    line.sendall(b"zINSTREAM\0")
    while left > 0 and (data := file.read(min(CHUNK, left))):
        line.sendall(struct.pack(">I", len(data)) + data)
        left -= len(data)
    line.sendall(struct.pack(">I", 0))


def _answer(line: socket.socket) -> str:
    """One line, closed by NUL."""
    data = b""
    while not data.endswith(b"\0") and len(data) < 4096:
        piece = line.recv(4096)
        if not piece:
            break
        data += piece
    if not data:
        raise ScannerAway("no answer")
    return data.rstrip(b"\0\n").decode("utf-8", "replace")
