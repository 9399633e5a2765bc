"""Processes of tests that kill them: ports, families, waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from webinar.extensions import db


def children_of(pid: int) -> list[int]:
    """The processes that it started, those that they started included."""
    found: list[int] = []
    parents = [pid]
    while parents:
        tasks = Path(f"/proc/{parents.pop()}/task").glob("*/children")
        with suppress(OSError):
            pids = [int(one) for task in tasks for one in task.read_text().split()]
            found += pids
            parents += pids
    return found


def wait_for(condition: Callable[[], bool], *, seconds: float = 120, why: str = "") -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, why or "nothing happened for too long"
        time.sleep(0.02)


def died(work: Callable[[], None]) -> bool:
    """Run `work` in a copy of this process; whether SIGKILL met it before its end.

    What dies by its own hand dies at the very step that is meant, however fast the machine is.
    """
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Program:
    """A Python program in a session of its own, with what it says in a file."""

    def __init__(self, name: str, *arguments: str, environ: dict[str, str], folder: Path) -> None:
        self.name = name
        self.arguments = arguments
        self.environ = environ
        self.said = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        assert not self.running
        with self.said.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                env={**os.environ, **self.environ}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL to the process and to all that it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self) -> int:
        """Ask it to end; returns its status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(60)
        self.process = None
        return status
