"""Clients for large files: they read and forget, or send the same bytes again and again.

Like `client` they do as little as they can, since they share the processors with the servers.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from bench.client import Measured, Unexpected

MEBIBYTE = 1024 * 1024
_BUFFER = MEBIBYTE
_HEAD_END = b"\r\n\r\n"
_PATIENCE = 120.0


@dataclass
class _Taking:
    """What the connections share."""

    port: int
    size: int
    waiting: SimpleQueue[bytes]
    wrong: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            with _connected(self.port) as connection:
                buffer = bytearray(_BUFFER)
                while True:
                    try:
                        request = self.waiting.get_nowait()
                    except Empty:
                        return
                    _take(connection, request, self.size, buffer)
        except (OSError, Unexpected) as problem:
            self.wrong.append(problem)


def take(port: int, requests: Sequence[bytes], *, size: int, connections: int) -> Measured:
    """MiB per second of all answers together, each of them `size` bytes long."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for request in requests:
        waiting.put(request)
    taking = _Taking(port, size, waiting)
    threads = [threading.Thread(target=taking.run) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if taking.wrong:
        raise taking.wrong[0]
    return Measured(rate=len(requests) * size / MEBIBYTE / seconds)


def digest(port: int, request: bytes, *, size: int) -> str:
    """The SHA-256 of one answer of that size."""
    found = hashlib.sha256()
    with _connected(port) as connection:
        _take(connection, request, size, bytearray(_BUFFER), found)
    return found.hexdigest()


def send(port: int, head: bytes, piece: bytes, *, times: int, status: bytes) -> str:
    """One request whose body is the piece so many times; the head of the answer."""
    with _connected(port) as connection:
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(piece)
        answer = bytearray()
        while _HEAD_END not in answer:
            data = connection.recv(_BUFFER)
            if not data:
                raise Unexpected("the server closed the connection")
            answer += data
    if answer.split(b" ", 2)[1] != status:
        raise Unexpected(bytes(answer[:2000]).decode("utf-8", "replace"))
    return bytes(answer).decode("latin-1")


def copy(port: int, piece: bytes, *, times: int) -> None:
    """The piece so many times over a bare connection, until the other side says that it stays."""
    with _connected(port) as connection:
        for _ in range(times):
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        if int(connection.recv(64)) != times * len(piece):
            raise Unexpected("the copy is shorter than what was sent")


def _connected(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _take(
    connection: socket.socket,
    request: bytes,
    size: int,
    buffer: bytearray,
    digest: hashlib._Hash | None = None,
) -> None:
    """Ask, and read the answer to its end without keeping it."""
    connection.sendall(request)
    head = bytearray()
    while (end := head.find(_HEAD_END)) < 0:
        head += _some(connection, buffer)
    lines = bytes(head[:end]).lower()
    if b" 200 " not in lines[:16] or b"\r\ncontent-length: %d" % size not in lines:
        raise Unexpected(lines.decode("utf-8", "replace"))
    data: memoryview | bytearray = head[end + len(_HEAD_END) :]
    left = size
    while True:
        if digest is not None:
            digest.update(data)
        left -= len(data)
        if left <= 0:
            break
        data = _some(connection, buffer)
    if left:
        raise Unexpected("an answer that is longer than it says")


def _some(connection: socket.socket, buffer: bytearray) -> memoryview:
    count = connection.recv_into(buffer)
    if not count:
        raise Unexpected("the server closed the connection")
    return memoryview(buffer)[:count]
