"""A mail relay in a process of its own that may be killed at any moment: what it has accepted is on
the disk before it says so. `python -m tests.jobs.keeper PORT FILE`.

Each accepted message is one line of the file: recipient, Message-ID, a digest of the bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session


class Delivery(NamedTuple):
    recipient: str
    message_id: str
    digest: str


class Keeper:
    """Keeps a line of each message; a line that was cut short by a kill was never confirmed."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """It takes commands in groups (RFC 2920), as the relays do that offices have."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        identity = BytesHeaderParser().parsebytes(content)["Message-ID"]
        digest = hashlib.sha256(content).hexdigest()[:16]
        lines = "".join(f"{to}\t{identity}\t{digest}\n" for to in envelope.rcpt_tos)
        os.write(self.file, lines.encode())
        os.fsync(self.file)
        return "250 OK"


def deliveries(path: Path) -> Iterator[Delivery]:
    """What was accepted, in order, over all lives of the relay."""
    if path.exists():
        for line in path.read_text().splitlines():
            yield Delivery(*line.split("\t"))


async def serve(port: int, path: Path) -> None:
    keeper = Keeper(path)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keeper, hostname="keeper"), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
