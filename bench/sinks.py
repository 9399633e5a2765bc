"""Relays that take everything and keep nothing: Postfix's smtp-sink, and one that answers late.

`python -m bench.sinks PORT SECONDS` runs the slow one: an answer to each group of commands that
arrives together, so long after it. smtp-sink can be slow for whole seconds only.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.servers import ROOT, free_port

SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
_PATIENCE = 30.0
_GREETING = b"220 slow ESMTP\r\n"
_TAKEN = b"250 OK\r\n"
_SAID = {
    b"EHLO": b"250-slow\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 Goodbye\r\n",
}


@contextmanager
def quick() -> Iterator[int]:
    """The port of a running smtp-sink."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with _running([SINK, *user, f"127.0.0.1:{port}", "100"], port):
        yield port


@contextmanager
def slow(seconds: float) -> Iterator[int]:
    """The port of a running relay that answers so late."""
    port = free_port()
    with _running([sys.executable, "-m", "bench.sinks", str(port), str(seconds)], port):
        yield port


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            _wait(port)
            yield
        finally:
            process.kill()


def _wait(port: int) -> None:
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


async def _serve(port: int, seconds: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_GREETING)
        inside = False
        rest = b""
        while data := await reader.read(1 << 16):
            rest += data
            answers, rest, inside = _answers(rest, inside=inside)
            if answers:
                await asyncio.sleep(seconds)
                writer.write(answers)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    await server.serve_forever()


def _answers(data: bytes, *, inside: bool) -> tuple[bytes, bytes, bool]:
    """What to say to the commands in `data`, what of it is not whole yet, and whether the client is
    inside a message now."""
    said = b""
    while True:
        end = b"\r\n.\r\n" if inside else b"\r\n"
        line, found, rest = data.partition(end)
        if not found:
            return said, data, inside
        command = line[:4].upper()
        data = rest
        if inside:
            said, inside = said + _TAKEN, False
        else:
            said, inside = said + _SAID.get(command, _TAKEN), command == b"DATA"


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
