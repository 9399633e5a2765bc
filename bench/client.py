"""A closed-loop client: so many connections, each sends its next request when it has its answer.

Written on sockets and one selector, since client and server share the processors: what the client
needs is missing from both sides of a comparison and makes the ratio look better than it is.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_CHUNK = 1 << 18
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_PATIENCE = 30.0


class Unexpected(Exception):
    """A server answered something else than the workload means to measure."""


@dataclass(frozen=True)
class Measured:
    """`rate` per second; `median`, `p95` and `p99` of single answers in milliseconds, 0 where only
    the whole was measured."""

    rate: float
    median: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


@dataclass
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def get(path: str) -> bytes:
    """A request for the page."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: str) -> bytes:
    """A request that sends the urlencoded form."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def body(port: int, request: bytes) -> bytes:
    """The body of one answer with status 200; raises `Unexpected`."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(request)
        received = bytearray()
        while (whole := _whole(received)) is None:
            received += _receive(connection)
        _require(received, 200)
        return bytes(received[whole:])


def drive(port: int, requests: Iterable[bytes], *, connections: int, status: int) -> Measured:
    """Send all requests over that many connections; every answer must have the status."""
    loop = _Loop(waiting=iter(requests), status=status)
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            opened = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(opened)
            if loop.send_next(connection):
                selector.register(opened, selectors.EVENT_READ, connection)
        while selector.get_map():
            ready = selector.select(_PATIENCE)
            if not ready:
                raise Unexpected(f"no answer within {_PATIENCE:.0f} seconds")
            for key, _ in ready:
                if loop.take(key.data) and not loop.send_next(key.data):
                    selector.unregister(key.data.socket)
                    key.data.socket.close()
    seconds = time.perf_counter() - begun
    ordered = sorted(loop.durations)
    return Measured(
        rate=len(ordered) / seconds,
        median=statistics.median(ordered) * 1000,
        p95=ordered[int(len(ordered) * 0.95)] * 1000,
        p99=ordered[int(len(ordered) * 0.99)] * 1000,
    )


@dataclass
class _Loop:
    waiting: Iterator[bytes]
    status: int
    durations: list[float] = field(default_factory=list)

    def take(self, connection: _Connection) -> bool:
        """Read what is there; True once the answer is whole."""
        connection.received += _receive(connection.socket)
        if _whole(connection.received) is None:
            return False
        self.durations.append(time.perf_counter() - connection.sent_at)
        _require(connection.received, self.status)
        connection.received.clear()
        return True

    def send_next(self, connection: _Connection) -> bool:
        """Send the next request; False where there is none."""
        request = next(self.waiting, None)
        if request is None:
            return False
        connection.sent_at = time.perf_counter()
        connection.socket.sendall(request)
        return True


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(_CHUNK)
    if not data:
        raise Unexpected("the server closed the connection")
    return data


def _whole(received: bytearray) -> int | None:
    """Where the body begins, once all of it is here."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    at = head.find(_LENGTH)
    if at < 0:
        raise Unexpected(f"an answer without a length: {head[:200]!r}")
    length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
    start = end + len(_HEAD_END)
    return start if len(received) >= start + length else None


def _require(received: bytearray, status: int) -> None:
    if int(received[9:12]) != status:
        raise Unexpected(bytes(received[:2000]).decode("utf-8", "replace"))
