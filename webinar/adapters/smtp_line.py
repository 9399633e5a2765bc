"""One connection to the mail relay: opened, used for message after message, renewed after errors.

Where the relay announces PIPELINING (RFC 2920), the commands of a message go out in one write,
those of the next one together with the content before it: each message then waits for one answer
instead of four. What is promised of settings and refusals says `webinar.adapters.smtp`, its only
user.
"""

import smtplib
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from flask_mail import Connection, Mail, Message

NO_REPLY_CODE = 0
_OK = range(200, 300)
_FINAL = range(500, 600)
_CLOSING = 421
_GO_ON = 354
# "Authentication required" (RFC 4954 6) speaks of our settings, not of this mail.
_LOGIN_WANTED = 530
_ENVELOPE = 3
"""MAIL, RCPT and DATA."""


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


class Ready(Message):
    """A message that is bytes already.

    The parent's __init__ is left out on purpose: it makes a Message-ID from the local host's name,
    which can cost a DNS look-up of seconds for each mail.
    """

    def __init__(
        self, sender: str, recipient: str, content: bytes, *, refusal: Refusal | None = None
    ) -> None:
        self.refusal = refusal
        """Why it need not be sent at all."""
        self.envelope_sender = sender
        self.envelope_recipient = recipient
        self.content = content

    def as_bytes(self) -> bytes:
        return self.content


class Line(Connection):
    """Flask-Mail's connection with verified TLS, a time limit, renewal and pipelining."""

    def __init__(self, mail: Mail, *, timeout: float, hello: str | None) -> None:
        super().__init__(mail)
        self.timeout = timeout
        self.hello = hello
        self.context: ssl.SSLContext | None = None
        self.announced: Ready | None = None
        """Whose commands were sent, and whose content was not."""

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
        """Refused: Flask-Mail's own would need an application for its signal, and forgets a refused
        recipient."""
        raise TypeError("this connection carries ready messages only")

    def send_each(
        self, messages: Iterator[Ready], *, before: Callable[[], None]
    ) -> Generator[Refusal | None, None, None]:
        """One mail transaction (RFC 5321 3.3) after the other; tells of each how it ended. `before`
        is called before each content. Where the relay pipelines, the next message is asked for
        before one is handed over."""
        try:
            following = next(messages, None)
            while (message := following) is not None:
                following = None
                refusal = self._told(self._open, message)
                ahead = refusal is None and _pipelines(self._connected())
                if ahead:
                    following = next(messages, None)
                if refusal is None:
                    before()
                    refusal = self._told(self._hand_over, message, following)
                yield refusal
                if not ahead:
                    following = next(messages, None)
        finally:
            # Whoever waits for a content that does not come would take all else for it, and never
            # answer: only hanging up ends that.
            if self.announced is not None:
                self.drop()

    def _told(self, step: Callable[..., None], *messages: Ready | None) -> Refusal | None:
        """Do the step; returns why the message was not taken, or None."""
        try:
            step(*messages)
        except Refusal as refusal:
            return refusal
        except OSError as trouble:  # smtplib's own exceptions are OSErrors too
            self.drop()
            return broken(trouble, TemporaryRefusal)
        return None

    def _open(self, message: Ready) -> None:
        """MAIL, RCPT and DATA, up to the relay's word that the content may come."""
        if message.refusal is not None:
            raise message.refusal
        replies = [self._first_reply(message)]
        host = self._connected()
        if _pipelines(host):
            while len(replies) < _ENVELOPE and replies[-1][0] != _CLOSING:
                replies.append(host.getreply())
            if replies[-1][0] == _GO_ON and not all(code in _OK for code, _ in replies[:-1]):
                self.drop()  # it waits for a content that nobody is to get (RFC 2920 3.1)
        else:
            self._judge(*replies[0])
            replies.append(host.rcpt(message.envelope_recipient))
            self._judge(*replies[1])
            replies.append(host.docmd("DATA"))
        for code, reply in replies:
            if code != _GO_ON:
                self._judge(code, reply)
        self.announced = message

    def _first_reply(self, message: Ready) -> tuple[int, bytes]:
        """The reply to MAIL, on a new connection if the old one has been closed in the meantime.

        Only here is a second try free of risk: nothing of the message has been handed over yet.
        """
        if self.host is not None:
            with suppress(OSError):
                code, reply = self._mail(self.host, message)
                if code != _CLOSING:
                    return code, reply
            self.drop()
        try:
            self.host = self.configure_host()
        except OSError as trouble:
            raise broken(trouble, OutOfReach) from trouble
        return self._mail(self.host, message)

    def _mail(self, host: smtplib.SMTP, message: Ready) -> tuple[int, bytes]:
        if not _pipelines(host):
            return host.mail(message.envelope_sender, _options(host, message))
        if self.announced is not message:
            host.send(_commands(host, message))
        self.announced = None
        return host.getreply()

    def _hand_over(self, message: Ready, following: Ready | None) -> None:
        """The content, with the commands of the next message behind it; judges the reply."""
        host = self._connected()
        self.announced = None
        sent = message.content.replace(b"\r\n.", b"\r\n..")
        sent = b"." + sent if sent.startswith(b".") else sent
        sent += b".\r\n" if sent.endswith(b"\r\n") else b"\r\n.\r\n"
        if following is not None and following.refusal is None and _pipelines(host):
            with suppress(Refusal):  # that of the next message comes when it is its turn
                sent += _commands(host, following)
                self.announced = following
        host.send(sent)
        code, reply = host.getreply()
        if code not in _OK:
            if code == _CLOSING:
                self.drop()
            raise _refusal(code, reply)

    def _connected(self) -> smtplib.SMTP:
        if self.host is None:
            raise smtplib.SMTPServerDisconnected("connection is closed")
        return self.host

    def _judge(self, code: int, reply: bytes) -> None:
        if code in _OK:
            return
        if code == _CLOSING:
            self.drop()
        else:
            self.reset()
        raise _refusal(code, reply)

    def reset(self) -> None:
        """Leave the transaction, so that the next message finds a clean connection."""
        try:
            if self.host is not None:
                self.host.rset()
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self.announced = None
        if self.host is not None:
            self.host.close()
            self.host = None

    def hang_up(self) -> None:
        """QUIT and close."""
        with suppress(OSError):
            if self.host is not None:
                self.host.quit()
        self.drop()


def _pipelines(host: smtplib.SMTP) -> bool:
    return host.has_extn("pipelining")


def _commands(host: smtplib.SMTP, message: Ready) -> bytes:
    """All that comes before the content."""
    options = "".join(f" {option}" for option in _options(host, message))
    commands = (
        f"MAIL FROM:<{message.envelope_sender}>{options}",
        f"RCPT TO:<{message.envelope_recipient}>",
        "DATA",
        "",
    )
    return "\r\n".join(commands).encode()


def _options(host: smtplib.SMTP, message: Ready) -> list[str]:
    options = [f"SIZE={len(message.content)}"] if host.has_extn("size") else []
    if not (message.envelope_sender + message.envelope_recipient).isascii():
        if not host.has_extn("smtputf8"):
            raise FinalRefusal(553, "5.6.7 the relay takes ASCII addresses only")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    return options


def _refusal(code: int, reply: bytes) -> Refusal:
    return _kind(code)(code, reply.decode("utf-8", "replace"))


def _kind(code: int) -> type[Refusal]:
    if code == _LOGIN_WANTED:
        return OutOfReach
    return FinalRefusal if code in _FINAL else TemporaryRefusal


def broken(trouble: OSError, kind: type[TemporaryRefusal]) -> TemporaryRefusal:
    """Whatever went wrong outside a transaction: a wrong password must not fail a whole outbox."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        reply = trouble.smtp_error
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        return kind(trouble.smtp_code, text)
    return kind(NO_REPLY_CODE, f"{type(trouble).__name__}: {trouble}")
