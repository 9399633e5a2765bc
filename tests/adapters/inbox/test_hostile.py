"""Damaged and hostile mail: whatever the bytes are, reading them never raises and has bounds."""

from __future__ import annotations

from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.inbox.forms import FORMS, SERVER
from tests.lengths import length
from webinar.adapters.inbox import Unknown, message, understand

pytestmark = pytest.mark.hostile

TOKENS = [
    b"\r\n", b"\n", b"\x00", b"\xff\xfe", b"--=_grenze", b"--b1--", b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n",
    b"=?utf-8?B?", b"=?x?q?=00?=", b'"', b"<", b">", b";", b":", b"(", b"@", b"=", b"charset=idna",
    b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: uuencode\r\n",
    b"Content-Type: multipart/mixed; boundary=\"\"\r\n", b"charset*=x'y'%zz", b"\xf0\x9f", b"99999999999999999999",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from(FORMS)).content
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 60))
        what = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=20), st.just(b"")))
        content = content[:start] + what + content[start + length :]
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


@pytest.mark.deep
@settings(max_examples=length(60, soak=2_000), deadline=None)
@given(damaged())
def test_damaged_mail_never_raises(content: bytes) -> None:
    read = understand(content, server=SERVER, own="a@lra.example")
    assert len(read.text) <= 4_000
    assert len(read.subject) <= 300
    assert len(read.fingerprint) == 64
    assert "\x00" not in repr(read).replace("\\x00", "\x00")


@pytest.mark.deep
@settings(max_examples=length(40, soak=500), deadline=None)
@given(st.binary(max_size=3000))
def test_noise_never_raises(content: bytes) -> None:
    understand(content, server=SERVER, own="a@lra.example")


def deep(levels: int) -> bytes:
    return b"From: a@b.example\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(levels)
    )


@pytest.mark.parametrize(
    "content",
    [
        deep(3_000),
        b"From: a@b.example\nSubject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n\nx",
        b"From: " + b"(" * 100_000 + b"\n\nx",
        b"From: " + b'"<a@b.example>",' * 50_000 + b"\n\nx",
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div><" * 100_000,
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<!--" * 100_000,
        b"From: a@b.example\n\n" + b"ich komme " * 100_000,
        b"From: a@b.example\n\n" + b"Am " + b"a" * 200_000 + b" schrieb\n",
        b"From: a@b.example\n\n" + b"<" * 300_000,
        b"From: mailer-daemon@b.example\nReturn-Path: <>\nSubject: undeliverable\n\n" + b"a" * 300_000,
        b"From: mailer-daemon@b.example\nSubject: undeliverable\n\n" + b"5.1.1.1." * 60_000,
        b"From: a@b.example\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VEVENT\n" + b"A;" * 200_000,
        b"From: a@b.example\nContent-Type: text/calendar; method=REPLY\n\n" + b"BEGIN:VEVENT\nX:" * 50_000,
        b"From: a@b.example\nContent-Type: text/calendar; charset=punycode\n\n" + b"a-b" * 100_000,
        b"From: a@b.example\nContent-Type: message/delivery-status\n\n" + b"A: b\n\n" * 50_000,
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n\n" * 50_000,
    ],
    ids=lambda content: content[:60].decode("latin-1").replace("\n", " ") + str(len(content)),
)  # fmt: skip
def test_purpose_made_mail_is_read_within_its_bounds(content: bytes) -> None:
    """However long or deep it is: what is looked at and what is kept does not grow with it."""
    read = understand(content, server=SERVER, own="a@lra.example")
    assert len(read.text) <= 4_000
    assert len(read.subject) <= 300
    assert len(read.refers_to) <= 2 * message.MOST_IDS
    for inside in (False, True):
        looked_at = list(message.parts(tree(content), inside=inside))
        assert len(looked_at) <= message.MOST_PARTS
        assert all(len(message.text(part)) <= message.MOST_TEXT for part in looked_at)


def tree(content: bytes) -> Message:
    """The parsed message; an empty one where Python's parser gives up, as `understand` does."""
    try:
        return message.parse(content)
    except RecursionError:
        return Message()


def test_deep_nesting_is_set_aside() -> None:
    assert isinstance(understand(deep(3_000)).content, Unknown)
