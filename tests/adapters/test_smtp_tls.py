"""Deliveries behind TLS, with and without a sign-in, to a real SMTP server: whoever cannot prove
who it is gets nothing."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.adapters.smtp_office import Opened, deliver, relay
from webinar.adapters.smtp import OutOfReach


def certificate(folder: Path, name: str, *, days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1, as a file and as the server's context; it is good
    from two days ago, for so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.lra.example")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(issuer_name=subject, subject_name=subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
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
        refused = pytest.raises(OutOfReach, match="CERTIFICATE_VERIFY_FAILED")
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
    with relay(counter, **settings) as line, pytest.raises(OutOfReach, match=r"match|valid"):
        deliver(line, "a@x.example")
    assert office.options == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_that_has_run_out_is_refused(
    serve: Opened, tmp_path: Path, security: str
) -> None:
    ca_file, context = certificate(tmp_path, "old", days=-1)
    office, counter = serve(**tls_settings(security, context))
    refused = pytest.raises(OutOfReach, match="certificate has expired")
    with relay(counter, security=security, ca_file=str(ca_file)) as line, refused:
        deliver(line, "a@x.example")
    assert office.options == []


def test_server_without_starttls_gets_nothing_in_plain_text(serve: Opened) -> None:
    office, counter = serve()
    refused = pytest.raises(OutOfReach, match="STARTTLS")
    with relay(counter, security="starttls") as line, refused:
        deliver(line, "a@x.example")
    assert office.options == []


def login(*what: Any) -> AuthResult:
    right = (what[-1].login, what[-1].password) == (b"webinar", b"right")
    return AuthResult(success=right, handled=False)  # not handled: aiosmtpd answers 535


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_password_is_said_behind_tls_alone(
    serve: Opened, ours: tuple[Path, ssl.SSLContext], security: str
) -> None:
    ca_file, context = ours
    settings = tls_settings(security, context)
    # aiosmtpd offers AUTH behind STARTTLS only; from the first byte on it has to be told.
    required = security == "starttls"
    office, counter = serve(**settings, authenticator=login, auth_require_tls=required)
    given = {"security": security, "ca_file": str(ca_file), "user": "webinar"}
    with relay(counter, **given, password="right") as line:
        deliver(line, "a@x.example")
    with relay(counter, **given, password="wrong") as line:
        with pytest.raises(OutOfReach) as caught:
            deliver(line, "b@x.example")
        assert caught.value.code == 535
    assert office.recipients == ["a@x.example"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_login_lets_in_and_a_wrong_password_fails_no_mail_for_good(serve: Opened) -> None:
    office, counter = serve(authenticator=login, auth_required=True, auth_require_tls=False)
    with relay(counter, user="webinar", password="right") as line:
        deliver(line, "a@x.example")
    with relay(counter, user="webinar", password="wrong") as line:
        with pytest.raises(OutOfReach) as caught:
            deliver(line, "b@x.example")
        assert caught.value.code == 535
    with relay(counter) as line:
        with pytest.raises(OutOfReach) as caught:
            deliver(line, "c@x.example")
        assert caught.value.code == 530
    assert office.recipients == ["a@x.example"]
