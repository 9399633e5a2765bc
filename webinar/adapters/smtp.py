"""Hands ready messages to the mail relay: one connection for many, one recipient each.

Flask-Mail is the transport, with what it lacks added here: verified TLS, a time limit, and an
answer for every recipient. Needs no application. Leaves retrying and the outbox to the job that
sends; the bytes come from `webinar.adapters.mime`.
"""

import smtplib
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

from flask_mail import Connection, Mail, Message

from webinar.adapters.addresses import ascii_address

Security = Literal["none", "starttls", "tls"]

NO_REPLY_CODE = 0
_OK = range(200, 300)
_FINAL = range(500, 600)
_CLOSING = 421
# "Authentication required" (RFC 4954 6) speaks of our settings, not of this mail.
_LOGIN_WANTED = 530


class Refusal(Exception):
    """The relay did not take a message. `code` is its SMTP reply code, 0 when there was none."""

    def __init__(self, code: int, reply: str) -> None:
        super().__init__(f"{code} {reply}")
        self.code = code
        self.reply = reply


class TemporaryRefusal(Refusal):
    """Worth another try: 4xx, a broken or impossible connection, a failed login, a time-out."""


class OutOfReach(TemporaryRefusal):
    """No connection, no TLS or no sign-in: the relay's trouble or a wrong setting, nothing that
    this message could change, and the next one fares no better."""


class FinalRefusal(Refusal):
    """5xx for this sender, recipient or content (RFC 5321 4.2.1): another try changes nothing."""


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
        self._line = _Line(mail, timeout=timeout, hello=hello)
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
        envelope_sender = ascii_address(sender)
        try:
            message = _Ready(envelope_sender, ascii_address(recipient), content)
        except ValueError as trouble:
            raise FinalRefusal(553, f"5.1.3 {trouble}") from trouble
        try:
            self._line.send(message)
        except OSError as trouble:  # smtplib's own exceptions are OSErrors too
            self._line.drop()
            raise _broken(trouble, TemporaryRefusal) from trouble

    def close(self) -> None:
        """Say goodbye; a relay that has already hung up is no error."""
        self._line.hang_up()


class _Ready(Message):
    """A message that is bytes already.

    The parent's __init__ is left out on purpose: it makes a Message-ID from the local host's name,
    which can cost a DNS look-up of seconds for each mail.
    """

    def __init__(self, sender: str, recipient: str, content: bytes) -> None:
        self.envelope_sender = sender
        self.envelope_recipient = recipient
        self.content = content

    def as_bytes(self) -> bytes:
        return self.content


class _Line(Connection):
    """Flask-Mail's connection with verified TLS, a time limit and renewal."""

    def __init__(self, mail: Mail, *, timeout: float, hello: str | None) -> None:
        super().__init__(mail)
        self.timeout = timeout
        self.hello = hello
        self.context: ssl.SSLContext | None = None

    def configure_host(self) -> smtplib.SMTP:
        where = (self.mail.server, self.mail.port, self.hello)
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(*where, timeout=self.timeout, context=self.context)
        else:
            host = smtplib.SMTP(*where, timeout=self.timeout)
        try:
            self._introduce(host)
        except BaseException:
            host.close()
            raise
        return host

    def _introduce(self, host: smtplib.SMTP) -> None:
        if self.mail.use_tls:
            host.starttls(context=self.context)
        host.ehlo_or_helo_if_needed()
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)

    def send(self, message: Message, envelope_from: object = None) -> None:
        """One mail transaction (RFC 5321 3.3), each reply judged; raises Refusal or OSError.

        Flask-Mail's own would need an application for its signal, and forgets a refused recipient.
        """
        if not isinstance(message, _Ready):
            raise TypeError("this connection carries ready messages only")
        host = self._begin(message)
        self._judge(*host.rcpt(message.envelope_recipient))
        try:
            self._judge(*host.data(message.content))
        except smtplib.SMTPDataError as refused:
            self._judge(refused.smtp_code, _bytes(refused.smtp_error))

    def _begin(self, message: _Ready) -> smtplib.SMTP:
        """MAIL FROM, on a new connection if the old one has been closed in the meantime.

        Only here is a second try free of risk: nothing of the message has been handed over yet.
        """
        if self.host is not None:
            with suppress(OSError):
                code, reply = _mail(self.host, message)
                if code != _CLOSING:
                    self._judge(code, reply)
                    return self.host
            self.drop()
        try:
            self.host = self.configure_host()
        except OSError as trouble:
            raise _broken(trouble, OutOfReach) from trouble
        self._judge(*_mail(self.host, message))
        return self.host

    def _judge(self, code: int, reply: bytes) -> None:
        if code in _OK:
            return
        if code == _CLOSING:
            self.drop()
        else:
            self.reset()
        raise _kind(code)(code, reply.decode("utf-8", "replace"))

    def reset(self) -> None:
        """Leave the transaction, so that the next message finds a clean connection."""
        try:
            if self.host is not None:
                self.host.rset()
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Close without a word."""
        if self.host is not None:
            self.host.close()
            self.host = None

    def hang_up(self) -> None:
        """QUIT and close."""
        with suppress(OSError):
            if self.host is not None:
                self.host.quit()
        self.drop()


def _mail(host: smtplib.SMTP, message: _Ready) -> tuple[int, bytes]:
    options = [f"SIZE={len(message.content)}"] if host.has_extn("size") else []
    if not (message.envelope_sender + message.envelope_recipient).isascii():
        if not host.has_extn("smtputf8"):
            raise FinalRefusal(553, "5.6.7 the relay takes ASCII addresses only")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    return host.mail(message.envelope_sender, options)


def _kind(code: int) -> type[Refusal]:
    if code == _LOGIN_WANTED:
        return OutOfReach
    return FinalRefusal if code in _FINAL else TemporaryRefusal


def _broken(trouble: OSError, kind: type[TemporaryRefusal]) -> TemporaryRefusal:
    """Whatever went wrong outside a transaction: a wrong password must not fail a whole outbox."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        reply = _bytes(trouble.smtp_error).decode("utf-8", "replace")
        return kind(trouble.smtp_code, reply)
    return kind(NO_REPLY_CODE, f"{type(trouble).__name__}: {trouble}")


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()
