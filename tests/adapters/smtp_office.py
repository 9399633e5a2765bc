"""A real SMTP server (aiosmtpd) on the loopback interface that misbehaves as a test asks, and
deliveries to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

from webinar.adapters.smtp import Relay

SENDER = "termine@lra.example"
CONTENT = b"Subject: Einladung\r\n\r\nGuten Tag\r\n.\r\n.. Punkt\r\n"


@dataclass
class Office:
    """The server's side: what it took, and how it misbehaves for chosen local parts."""

    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    mail_replies: list[str] = field(default_factory=list)
    data_replies: list[str] = field(default_factory=list)
    """"cut" keeps the message and closes the connection without an answer."""
    hang_up_after_data: bool = False
    silence: float = 0

    async def handle_MAIL(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail_replies:
            return self.mail_replies.pop(0)
        envelope.mail_from = address
        self.options.append(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.silence)
        reply = self.replies.get(address.partition("@")[0])
        if reply == "cut":
            server.transport.abort()
            return "250 never seen"
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        reply = self.data_replies.pop(0) if self.data_replies else ""
        if reply not in ("", "cut"):
            return reply
        (recipient,) = envelope.rcpt_tos
        self.taken.append((envelope.mail_from or "", recipient, envelope.original_content or b""))
        self.peers.append(session.peer)
        if reply == "cut":
            server.transport.abort()
        if self.hang_up_after_data:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [recipient for _, recipient, _ in self.taken]


Opened = Callable[..., tuple[Office, Controller]]


def relay(counter: Controller, **settings: Any) -> Relay:
    values = {"security": "none", "timeout": 60, "hello": "test.example"}
    return Relay(**{"host": "127.0.0.1", "port": counter.port, **values, **settings})


def deliver(line: Relay, recipient: str, content: bytes = CONTENT) -> None:
    line.deliver(sender=SENDER, recipient=recipient, content=content)
