"""Hands ready messages to the mail relay: one connection for many, one recipient each.

Flask-Mail is the transport, with what it lacks added: verified TLS, a time limit, pipelining, and
an answer for every recipient. Needs no application. Leaves retrying and the outbox to the job that
sends; the bytes come from `webinar.adapters.mime`. Neighbour: `smtp_line`, the connection itself.
"""

import ssl
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar

from flask_mail import Mail

from webinar.adapters.addresses import ascii_address
from webinar.adapters.smtp_line import (
    FinalRefusal,
    Line,
    OutOfReach,
    Ready,
    Refusal,
    TemporaryRefusal,
)

__all__ = [
    "FinalRefusal",
    "OutOfReach",
    "Parcel",
    "Refusal",
    "Relay",
    "Security",
    "TemporaryRefusal",
]

Security = Literal["none", "starttls", "tls"]


class Addressed(Protocol):
    """Ready bytes and their recipient."""

    @property
    def recipient(self) -> str: ...

    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True)
class Parcel:
    """The least that can be sent."""

    recipient: str
    content: bytes


P = TypeVar("P", bound=Addressed)


class Relay:
    """The configured mail relay, connected at the first delivery and again after errors.

    `security`: `none` is plain text, `starttls` upgrades or refuses, `tls` is TLS from the first
    byte (RFC 8314). Certificates are verified against `ca_file` (PEM) if given, else against the
    system's. `timeout` is in seconds, for each step. `hello` is the name said in EHLO; without it
    the machine's own, whose look-up can be slow.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str = "",
        password: str = "",
        security: Security = "starttls",
        timeout: float = 30.0,
        ca_file: str | None = None,
        hello: str | None = None,
    ) -> None:
        settings = {
            "MAIL_SERVER": host,
            "MAIL_PORT": port,
            "MAIL_USERNAME": user or None,
            "MAIL_PASSWORD": password or None,
            "MAIL_USE_TLS": security == "starttls",
            "MAIL_USE_SSL": security == "tls",
        }
        mail = Mail()
        mail.state = mail.init_mail(settings)
        self._line = Line(mail, timeout=timeout, hello=hello)
        if security != "none":
            self._line.context = ssl.create_default_context(cafile=ca_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def deliver(self, *, sender: str, recipient: str, content: bytes) -> None:
        """Send one ready message to one address; returns once the relay has accepted it.

        `sender` is the envelope's, where bounces go. Raises TemporaryRefusal or FinalRefusal; after
        either the next delivery can follow at once, unless it was OutOfReach. A domain in an
        address goes out as A-labels; a local part that is not ASCII needs a relay with SMTPUTF8
        (RFC 6531). A recipient that is no address at all is refused here with 553; such a sender
        is a wrong setting: ValueError.
        """
        parcel = Parcel(recipient, content)
        for _, refusal in self.deliver_each([parcel], sender=sender):
            if refusal is not None:
                raise refusal

    def deliver_each(
        self,
        parcels: Iterable[P],
        *,
        sender: str,
        before: Callable[[], None] = lambda: None,
    ) -> Generator[tuple[P, Refusal | None], None, None]:
        """Send one after the other; yields each with why it was not accepted, or None.

        `before` is called before the content of each is handed over, and can raise to prevent it:
        what it waits for may happen while the relay already hears whom the message is for. Where
        the relay pipelines, the next parcel is taken before the outcome of one is known. Errors are
        those of `deliver`; who leaves the stream early, as after OutOfReach, closes it.
        """
        envelope_sender = ascii_address(sender)
        taken: deque[P] = deque()

        def ready() -> Iterator[Ready]:
            for parcel in parcels:
                taken.append(parcel)
                yield _ready(envelope_sender, parcel)

        with closing(self._line.send_each(ready(), before=before)) as told:
            for refusal in told:
                yield taken.popleft(), refusal

    def close(self) -> None:
        """Say goodbye; a relay that has already hung up is no error."""
        self._line.hang_up()


def _ready(sender: str, parcel: Addressed) -> Ready:
    try:
        return Ready(sender, ascii_address(parcel.recipient), parcel.content)
    except ValueError as trouble:
        return Ready(sender, "", b"", refusal=FinalRefusal(553, f"5.1.3 {trouble}"))
