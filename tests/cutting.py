"""A wire between a browser and a server that breaks, or stands still, after so many bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Carries connections to a port of this machine; `cuts`: bytes sent after which it breaks.

    After `hold` bytes nothing more is sent: `holds` is set, and `release` lets it go on.
    """

    def __init__(self, port: int, cuts: list[int], hold: int | None) -> None:
        self.port, self.cuts = port, sorted(cuts)
        self.sent = 0
        self.holds = threading.Event()
        self._hold, self._goes = hold, threading.Event()
        self._lock = threading.Lock()
        self._listens = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listens.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listens.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                for pair, counted in (((near, far), True), ((far, near), False)):
                    threading.Thread(target=self._carry, args=(*pair, counted), daemon=True).start()

    def release(self) -> None:
        self._goes.set()

    def close(self) -> None:
        self.release()
        self._listens.close()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if counted and self._breaks(len(data)):
                    break
                if counted and self.holds.is_set():
                    self._goes.wait()
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _breaks(self, size: int) -> bool:
        with self._lock:
            self.sent += size
            if self._hold is not None and self.sent >= self._hold:
                self.holds.set()
            if self.cuts and self.sent >= self.cuts[0]:
                self.cuts.pop(0)
                return True
            return False


@contextmanager
def wire(port: int, *cuts: int, hold: int | None = None) -> Iterator[Wire]:
    """A wire to the port inside the block."""
    made = Wire(port, list(cuts), hold)
    threading.Thread(target=made.run, daemon=True).start()
    try:
        yield made
    finally:
        made.close()
