"""Ports on which tests start servers.

Who asks the system for any port, gives it back and lets a server take it leaves a gap: another
process may be given the same one, and so may a connection that goes out. So the ports come from
below those that the system gives by itself, and each test process has its own.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress

FIRST, END = 10_000, 32_000


def _of_this_process() -> Iterator[int]:
    """Round and round from a place of chance, since other test runs may be at work beside it."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = range(FIRST + number, END, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    return itertools.islice(itertools.cycle(own), secrets.randbelow(len(own)), None)


_ports = _of_this_process()


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and which no other test is given."""
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("unreachable: the ports go round")
