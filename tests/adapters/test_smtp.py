"""Deliveries to a real SMTP server (aiosmtpd) on the loopback interface."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from webinar.adapters.smtp import FinalRefusal, OutOfReach, Relay, TemporaryRefusal

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
        if self.data_replies:
            return self.data_replies.pop(0)
        (recipient,) = envelope.rcpt_tos
        self.taken.append((envelope.mail_from or "", recipient, envelope.original_content or b""))
        self.peers.append(session.peer)
        if self.hang_up_after_data:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [recipient for _, recipient, _ in self.taken]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


Opened = Callable[..., tuple[Office, Controller]]


@pytest.fixture
def serve() -> Iterator[Opened]:
    running: list[Controller] = []

    def start(**settings: Any) -> tuple[Office, Controller]:
        served = Office()
        where = {"hostname": "127.0.0.1", "port": free_port()}
        controller = Controller(served, **{**where, **settings})
        controller.start()
        running.append(controller)
        return served, controller

    yield start
    for controller in running:
        controller.stop()


def relay(counter: Controller, **settings: Any) -> Relay:
    values = {"security": "none", "timeout": 5, "hello": "test.example"}
    return Relay(**{"host": "127.0.0.1", "port": counter.port, **values, **settings})


def deliver(line: Relay, recipient: str, content: bytes = CONTENT) -> None:
    line.deliver(sender=SENDER, recipient=recipient, content=content)


def test_delivery_hands_over_the_bytes_unchanged(serve: Opened) -> None:
    office, counter = serve()
    with relay(counter) as line:
        deliver(line, "weiss@gemeinde.example")
    assert office.taken == [(SENDER, "weiss@gemeinde.example", CONTENT)]


def test_many_deliveries_share_one_connection(serve: Opened) -> None:
    office, counter = serve()
    with relay(counter) as line:
        for number in range(20):
            deliver(line, f"r{number}@gemeinde.example")
    assert office.recipients == [f"r{number}@gemeinde.example" for number in range(20)]
    assert len(set(office.peers)) == 1


@pytest.mark.parametrize(
    ("reply", "refusal", "code"),
    [
        ("450 4.2.0 greylisted", TemporaryRefusal, 450),
        ("451 4.3.0 try later", TemporaryRefusal, 451),
        ("452 4.2.2 box full", TemporaryRefusal, 452),
        ("550 5.1.1 nobody of this name", FinalRefusal, 550),
        ("552 5.2.2 over quota", FinalRefusal, 552),
        ("530 5.7.0 authentication required", OutOfReach, 530),
    ],
)
def test_refusal_of_one_recipient_is_told_and_stops_no_other(
    serve: Opened, reply: str, refusal: type[Exception], code: int
) -> None:
    office, counter = serve()
    office.replies["bad"] = reply
    with relay(counter) as line:
        deliver(line, "first@x.example")
        with pytest.raises(refusal) as caught:
            deliver(line, "bad@x.example")
        deliver(line, "last@x.example")
    assert caught.type is refusal
    assert (caught.value.code, caught.value.reply) == (code, reply[4:])  # type: ignore[attr-defined]
    assert office.recipients == ["first@x.example", "last@x.example"]
    assert len(set(office.peers)) == 1


@pytest.mark.parametrize(
    ("stage", "reply", "refusal"),
    [
        ("mail_replies", "451 4.7.1 later", TemporaryRefusal),
        ("mail_replies", "550 5.7.1 sender refused", FinalRefusal),
        ("data_replies", "452 4.3.1 no room", TemporaryRefusal),
        ("data_replies", "554 5.6.0 content refused", FinalRefusal),
    ],
)
def test_refusal_of_sender_or_content_is_told_and_stops_no_other(
    serve: Opened, stage: str, reply: str, refusal: type[Exception]
) -> None:
    office, counter = serve()
    getattr(office, stage).append(reply)
    with relay(counter) as line:
        with pytest.raises(refusal):
            deliver(line, "first@x.example")
        deliver(line, "second@x.example")
    assert office.recipients == ["second@x.example"]


def test_connection_closed_between_messages_is_renewed_unseen(serve: Opened) -> None:
    office, counter = serve()
    office.hang_up_after_data = True
    with relay(counter) as line:
        for name in "abc":
            deliver(line, f"{name}@x.example")
            time.sleep(0.15)
    assert office.recipients == ["a@x.example", "b@x.example", "c@x.example"]
    assert len(set(office.peers)) == 3


def test_farewell_before_a_message_leads_to_a_new_connection(serve: Opened) -> None:
    office, counter = serve()
    with relay(counter) as line:
        deliver(line, "a@x.example")
        office.mail_replies.append("421 4.7.0 enough for one connection")
        deliver(line, "b@x.example")
    assert office.recipients == ["a@x.example", "b@x.example"]
    assert len(set(office.peers)) == 2


def test_farewell_to_a_new_connection_is_temporary(serve: Opened) -> None:
    office, counter = serve()
    office.mail_replies += ["421 4.3.2 closed", "421 4.3.2 closed"]
    with relay(counter) as line:
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "a@x.example")
        assert caught.value.code == 421
        assert office.mail_replies == ["421 4.3.2 closed"]


def test_connection_cut_inside_a_message_is_temporary_and_not_sent_again(serve: Opened) -> None:
    office, counter = serve()
    office.replies["cut"] = "cut"
    with relay(counter) as line:
        deliver(line, "a@x.example")
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "cut@x.example")
        assert caught.value.code == 0
        deliver(line, "b@x.example")
    assert office.recipients == ["a@x.example", "b@x.example"]


def test_server_that_is_away_is_temporary_and_found_again(serve: Opened) -> None:
    port = free_port()
    with Relay(host="127.0.0.1", port=port, security="none", timeout=5, hello="x.example") as line:
        with pytest.raises(TemporaryRefusal, match="Refused") as caught:
            deliver(line, "a@x.example")
        assert caught.value.code == 0
        office, _ = serve(port=port)
        deliver(line, "a@x.example")
    assert office.recipients == ["a@x.example"]


def test_silent_server_is_given_up_after_the_time_limit(serve: Opened) -> None:
    office, counter = serve()
    office.silence = 2
    started = time.monotonic()
    with relay(counter, timeout=0.3) as line, pytest.raises(TemporaryRefusal, match=r"[Tt]ime"):
        deliver(line, "a@x.example")
    assert time.monotonic() - started < 1.5
    assert office.taken == []


def test_port_that_never_greets_is_given_up_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        line = Relay(
            host="127.0.0.1", port=mute.getsockname()[1], security="none", timeout=0.3, hello="x"
        )
        with line, pytest.raises(TemporaryRefusal, match=r"[Tt]ime"):
            deliver(line, "a@x.example")


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1, as a file and as the server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.lra.example")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(issuer_name=subject, subject_name=subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = folder / f"{name}.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    both = folder / f"{name}-key.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(made.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return public, context


def tls_settings(security: str, context: ssl.SSLContext) -> dict[str, Any]:
    if security == "tls":
        return {"ssl_context": context}
    return {"tls_context": context, "require_starttls": True}


@pytest.fixture
def ours(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return certificate(tmp_path, "ours")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_of_the_given_authority_is_accepted(
    serve: Opened, ours: tuple[Path, ssl.SSLContext], security: str
) -> None:
    ca_file, context = ours
    office, counter = serve(**tls_settings(security, context))
    with relay(counter, security=security, ca_file=str(ca_file)) as line:
        deliver(line, "a@x.example")
        deliver(line, "b@x.example")
    assert office.recipients == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_of_nobody_known_is_refused_before_anything_is_said(
    serve: Opened, ours: tuple[Path, ssl.SSLContext], tmp_path: Path, security: str
) -> None:
    other, _ = certificate(tmp_path, "other")
    office, counter = serve(**tls_settings(security, ours[1]))
    for ca_file in (None, str(other)):
        refused = pytest.raises(TemporaryRefusal, match="CERTIFICATE_VERIFY_FAILED")
        with relay(counter, security=security, ca_file=ca_file) as line, refused:
            deliver(line, "a@x.example")
    assert office.options == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_for_another_name_is_refused(
    serve: Opened, ours: tuple[Path, ssl.SSLContext], security: str
) -> None:
    ca_file, context = ours
    office, counter = serve(**tls_settings(security, context))
    settings = {"security": security, "ca_file": str(ca_file), "host": "localhost"}
    with relay(counter, **settings) as line, pytest.raises(TemporaryRefusal, match=r"match|valid"):
        deliver(line, "a@x.example")
    assert office.options == []


def test_server_without_starttls_gets_nothing_in_plain_text(serve: Opened) -> None:
    office, counter = serve()
    refused = pytest.raises(TemporaryRefusal, match="STARTTLS")
    with relay(counter, security="starttls") as line, refused:
        deliver(line, "a@x.example")
    assert office.options == []


def login(*what: Any) -> AuthResult:
    right = (what[-1].login, what[-1].password) == (b"webinar", b"right")
    return AuthResult(success=right, handled=False)  # not handled: aiosmtpd answers 535


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_login_lets_in_and_a_wrong_password_fails_no_mail_for_good(serve: Opened) -> None:
    office, counter = serve(authenticator=login, auth_required=True, auth_require_tls=False)
    with relay(counter, user="webinar", password="right") as line:
        deliver(line, "a@x.example")
    with relay(counter, user="webinar", password="wrong") as line:
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "b@x.example")
        assert caught.value.code == 535
    with relay(counter) as line:
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "c@x.example")
        assert caught.value.code == 530
    assert office.recipients == ["a@x.example"]


def test_domain_with_umlauts_goes_out_as_a_label(serve: Opened) -> None:
    office, counter = serve()
    with relay(counter) as line:
        deliver(line, "rathaus@müller.example")
    assert office.recipients == ["rathaus@xn--mller-kva.example"]
    assert "SMTPUTF8" not in office.options[0]


def test_local_part_with_umlauts_needs_a_server_that_knows_them(serve: Opened) -> None:
    old, counter = serve(enable_SMTPUTF8=False)
    with relay(counter) as line:
        with pytest.raises(FinalRefusal) as caught:
            deliver(line, "grün@x.example")
        assert caught.value.code == 553
        deliver(line, "a@x.example")
    assert old.recipients == ["a@x.example"]
    new, counter = serve(enable_SMTPUTF8=True)
    with relay(counter) as line:
        deliver(line, "grün@x.example")
        deliver(line, "a@x.example")
    assert new.recipients == ["grün@x.example", "a@x.example"]


@pytest.mark.hostile
@pytest.mark.parametrize(
    "recipient", ["", "a", "a@x.example\r\nRCPT TO:<b@x.example>", "a@x.example> b", "a@b@c"]
)
def test_recipient_that_is_no_address_is_final_and_never_sent(
    serve: Opened, recipient: str
) -> None:
    office, counter = serve()
    with relay(counter) as line:
        with pytest.raises(FinalRefusal) as caught:
            deliver(line, recipient)
        assert caught.value.code == 553
        deliver(line, "good@x.example")
    assert office.recipients == ["good@x.example"]


def test_sender_that_is_no_address_is_a_wrong_setting(serve: Opened) -> None:
    _, counter = serve()
    with relay(counter) as line, pytest.raises(ValueError, match="address"):
        line.deliver(sender="Landratsamt", recipient="a@x.example", content=CONTENT)


def test_message_larger_than_the_server_allows_is_final_before_it_is_sent(serve: Opened) -> None:
    office, counter = serve(data_size_limit=1000)
    with relay(counter) as line:
        with pytest.raises(FinalRefusal) as caught:
            deliver(line, "a@x.example", b"x: y\r\n\r\n" + b"z" * 70 + b"\r\n" * 1000)
        assert caught.value.code == 552
        deliver(line, "a@x.example")
    assert office.recipients == ["a@x.example"]


def test_closing_twice_or_unopened_is_no_error(serve: Opened) -> None:
    _, counter = serve()
    line = relay(counter)
    line.close()
    deliver(line, "a@x.example")
    line.close()
    line.close()
    deliver(line, "b@x.example")
    line.close()
