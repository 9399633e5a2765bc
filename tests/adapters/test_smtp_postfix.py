"""Deliveries to a real Postfix: TLS with the office's own authority, refusals in its own words, a
connection that serves many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters import postfix
from tests.adapters.postfix import Postfix
from tests.adapters.smtp_office import CONTENT, deliver
from tests.adapters.test_smtp_tls import certificate
from webinar.adapters.smtp import FinalRefusal, OutOfReach, Relay, TemporaryRefusal

pytestmark = pytest.mark.skipif(not postfix.AVAILABLE, reason=postfix.MISSING)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate to trust, and the file with the server's key."""
    folder = tmp_path_factory.mktemp("authority")
    public, _context = certificate(folder, "ours")
    return public, folder / "ours-key.pem"


@pytest.fixture(scope="module")
def server(authority: tuple[Path, Path]) -> Iterator[Postfix]:
    with postfix.running(authority[1]) as found:
        yield found


@pytest.fixture
def line(server: Postfix, authority: tuple[Path, Path]) -> Iterator[Relay]:
    with Relay(
        host="127.0.0.1", port=server.port, security="starttls", timeout=60, hello="test.example",
        ca_file=str(authority[0]),
    ) as found:  # fmt: skip
        yield found


def test_postfix_takes_many_over_one_verified_connection(server: Postfix, line: Relay) -> None:
    for _ in range(5):
        deliver(line, "weiss@gemeinde.example")
    messages = server.box("weiss", count=5)
    assert len(messages) == 5
    for message in messages:
        assert b"with ESMTPS" in message
        # Lines that are a dot or begin with one arrive as they were written.
        assert message.endswith(b"\n\nGuten Tag\n.\n.. Punkt\n")
    assert server.log().count("Anonymous TLS connection established") <= 1


@pytest.mark.parametrize(
    ("recipient", "kind", "said"),
    [
        ("grau", TemporaryRefusal, "450 4.2.0"),
        ("niemand", FinalRefusal, "550 5.1.1"),
        ("zu", FinalRefusal, "552 5.2.2"),
    ],
)
def test_postfix_refuses_one_recipient_and_takes_the_next(
    server: Postfix, line: Relay, recipient: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        deliver(line, f"{recipient}@gemeinde.example")
    assert caught.type is kind
    deliver(line, "lang@gemeinde.example")
    assert server.box("lang", count=1)


def test_postfix_refuses_what_is_too_large(line: Relay) -> None:
    with pytest.raises(FinalRefusal, match=r"5\.3\.4") as caught:
        deliver(line, "weiss@gemeinde.example", CONTENT + b"x" * 70 + b"\r\n" * 20_000)
    assert caught.value.code == 552


def test_postfix_with_a_certificate_of_nobody_known_gets_nothing(server: Postfix) -> None:
    unknown = Relay(
        host="127.0.0.1", port=server.port, security="starttls", timeout=60, hello="test.example"
    )
    with unknown, pytest.raises(OutOfReach, match="CERTIFICATE_VERIFY_FAILED"):
        deliver(unknown, "fremd@gemeinde.example")


def test_postfix_that_wants_tls_is_not_spoken_to_in_plain_text(server: Postfix) -> None:
    plain = Relay(
        host="127.0.0.1", port=server.port, security="none", timeout=60, hello="test.example"
    )
    # 530 "Must issue a STARTTLS command first" speaks of the settings: no mail may fail by it.
    with plain, pytest.raises(OutOfReach) as caught:
        deliver(plain, "weiss@gemeinde.example")
    assert caught.value.code == 530
