"""`webinar mail test ADDRESS`: a real message to a real server, and what a refusal means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.jobs.relay import Postbox, postbox
from webinar.adapters.smtp import FinalRefusal, Refusal, TemporaryRefusal
from webinar.cli import test_mail as command
from webinar.jobs.mail_check import meaning

ADDRESS = "technik@lra.example"


@pytest.fixture
def database_url() -> str:
    """No table is asked: the command works before there is one."""
    return "sqlite:////nowhere/webinar.db"


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
def environ(environ: dict[str, str], box: Postbox) -> dict[str, str]:
    return {**environ, "WEBINAR_MAIL_HOST": "127.0.0.1", "WEBINAR_MAIL_PORT": str(box.port)}


def test_message_goes_out_as_every_other_does(app: Flask, box: Postbox) -> None:
    ended = app.test_cli_runner().invoke(command, [ADDRESS])
    assert ended.exit_code == 0, ended.output
    message = box.message(ADDRESS)
    assert str(message["Message-ID"]) in ended.output
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert "Testnachricht" in str(message["Subject"])


def test_refusal_is_said_in_words_and_as_it_came(app: Flask, box: Postbox) -> None:
    box.replies[ADDRESS] = ["554 5.7.1 Relay access denied"]
    ended = app.test_cli_runner().invoke(command, [ADDRESS])
    assert ended.exit_code == 1
    assert "passes nothing on for this machine" in ended.output
    assert "554 5.7.1 Relay access denied" in ended.output


def test_address_that_is_none_is_refused_before(app: Flask, box: Postbox) -> None:
    ended = app.test_cli_runner().invoke(command, ["technik"])
    assert ended.exit_code == 1
    assert box.taken == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (TemporaryRefusal(0, "gaierror: [Errno -2]"), "WEBINAR_MAIL_HOST"),
        (TemporaryRefusal(0, "SSLCertVerificationError: x"), "WEBINAR_MAIL_CA_FILE"),
        (TemporaryRefusal(0, "TimeoutError: timed out"), "firewall"),
        (TemporaryRefusal(0, "SMTPNotSupportedError: STARTTLS"), "WEBINAR_MAIL_SECURITY"),
        (TemporaryRefusal(0, "ConnectionRefusedError"), "could not be reached"),
        (TemporaryRefusal(535, "5.7.8 wrong"), "WEBINAR_MAIL_PASSWORD"),
        (FinalRefusal(550, "5.1.8 Sender address rejected"), "WEBINAR_MAIL_SENDER"),
        (FinalRefusal(550, "5.1.1 unknown"), "for good"),
        (TemporaryRefusal(451, "4.7.1 greylisted"), "try again"),
    ],
)
def test_common_refusals_have_a_meaning(refusal: Refusal, words: str) -> None:
    assert words in meaning(refusal)
