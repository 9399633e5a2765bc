"""The programs that `run` starts: each in its own process group, with a log, stopped together.

Knows nothing of what they are. A program that ends by itself ends all of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds that a program may take until it answers."""
GRACE = 20.0
"""Seconds that all together may take to end before they are made to."""
_PAUSE = 0.1
_WATCH = 0.5
_LINES = 15


class Stop(BaseException):
    """We were asked to end. Not an `Exception`: nothing on the way may swallow it."""


class Ended(Exception):
    """A program ended, or did not answer in time; the text shows the last lines of its log."""


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    begins: int
    """Where in the log this start begins, in bytes."""

    def since_start(self) -> str:
        """What the program has written since it was started."""
        with self.log.open("rb") as file:
            file.seek(self.begins)
            return file.read().decode("utf-8", "replace")

    def complaint(self, what: str) -> Ended:
        lines = self.since_start().rstrip().splitlines()[-_LINES:]
        told = "\n".join(f"    {line}" for line in lines)
        return Ended(f"{self.name} {what}. Die letzten Zeilen aus {self.log}:\n{told}")


class Children:
    """The running programs, in the order in which they were started; none outlives the block.

    `asked` is set when all shall end. An exception out of a signal's handler instead could come
    between the start of a program and the note that it runs.
    """

    def __init__(
        self, *, folder: Path, logs: Path, environ: Mapping[str, str], asked: threading.Event
    ) -> None:
        self._folder = folder
        self._logs = logs
        self._environ = dict(environ)
        self._asked = asked
        self._running: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], *, answers: Callable[[Child], bool]) -> None:
        """Start the program and wait until `answers` says so; raises `Ended` or `Stop`."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  our own commands
                command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches only us: we stop them in order.
                process_group=0,
            )
            child = Child(name, process, log, begins=output.tell())
        self._running.append(child)
        deadline = time.monotonic() + PATIENCE
        while not answers(child):
            self.check()
            if time.monotonic() > deadline:
                raise child.complaint(f"antwortet nach {PATIENCE:.0f} Sekunden nicht")
            self._pause(_PAUSE)

    def check(self) -> None:
        """Raises `Ended` for the first program that has ended."""
        for child in self._running:
            status = child.process.poll()
            if status is not None:
                raise child.complaint(f"hat sich beendet (Status {status})")

    def watch(self) -> None:
        """Stay until a program ends (raises `Ended`) or we are asked to end (raises `Stop`)."""
        while True:
            self.check()
            self._pause(_WATCH)

    def stop(self) -> None:
        """End all, the last first: asked to, then made to. Nothing of their groups is left."""
        for child in reversed(self._running):
            with suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for child in reversed(self._running):
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            # Also what the program itself has started and left behind.
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._running.clear()

    def _pause(self, seconds: float) -> None:
        if self._asked.wait(seconds):
            raise Stop
