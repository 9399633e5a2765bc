"""A real SMTP server (aiosmtpd) on the loopback interface that refuses whom a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ports import free_port


@dataclass
class Postbox:
    """What arrived, in order, and how the server answers for chosen recipients."""

    port: int
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    """By address: the replies to RCPT one after another; then it is taken."""
    sessions: set[object] = field(default_factory=set)
    pipelines: bool = False
    """Whether it takes commands in groups (RFC 2920)."""
    at_content: Callable[[str], None] = lambda _recipient: None
    """Called with whom a content is for, before it is taken."""

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        more = ["250-PIPELINING"] if self.pipelines else []
        return [*responses[:-1], *more, responses[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        waiting = self.replies.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.sessions.add(session.peer)
        for recipient in envelope.rcpt_tos:
            self.at_content(recipient)
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken += [(recipient, content) for recipient in envelope.rcpt_tos]
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _content in self.taken]

    def message(self, recipient: str) -> EmailMessage:
        """The one message to that address."""
        (content,) = [content for to, content in self.taken if to == recipient]
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@contextmanager
def postbox() -> Iterator[Postbox]:
    """The server, listening until the block ends."""
    port = free_port()
    box = Postbox(port=port)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
