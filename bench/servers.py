"""Starts a server as production does, `gunicorn -c deploy/gunicorn.conf.py`, on a free port.

The application and the bare programs that it is compared with get the same settings.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0


@contextmanager
def serving(program: str, *, environ: Mapping[str, str], log: Path) -> Iterator[int]:
    """The port of a running server of the WSGI `program` ("module:name"); it ends with the block.

    Raises RuntimeError with the log's last lines if it does not start.
    """
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")),
        *("--bind", f"127.0.0.1:{port}", "--access-logfile", str(log.with_suffix(".access"))),
        program,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        wait(process, port, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the process listens there; raises RuntimeError with the log's last lines."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    lines = log.read_text("utf-8", "replace").splitlines()[-15:]
    raise RuntimeError("a server did not start:\n" + "\n".join(lines))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
