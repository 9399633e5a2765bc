"""The ceiling of uploads: bytes from a socket to a file, synced once, and nothing else.

`python -m bench.ceiling_copy PORT FILE`: each connection's bytes replace the file; the answer is
how many have come to stay.
"""

from __future__ import annotations

import os
import socket
import sys

_BUFFER = 256 * 1024
"""As much as the application reads at once."""


def main(port: int, name: str) -> None:
    """Take one connection after the other, until somebody ends the process."""
    buffer = bytearray(_BUFFER)
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"%d" % _keep(connection, name, buffer))


def _keep(connection: socket.socket, name: str, buffer: bytearray) -> int:
    view, total = memoryview(buffer), 0
    if os.path.lexists(name):
        os.unlink(name)
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while count := connection.recv_into(buffer):
            total += os.write(handle, view[:count])
        os.fsync(handle)
    finally:
        os.close(handle)
    return total


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
