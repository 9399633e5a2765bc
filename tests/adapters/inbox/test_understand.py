"""What comes in, in the forms of the mail programs and servers: each is read as it is meant."""

from __future__ import annotations

import pytest

from tests.adapters.inbox.forms import FORMS, MAYOR, OURS, REPLIES, SENT_ID, SERVER, Form, head
from webinar.adapters.inbox import Bounce, Reply, Trouble, Unknown, understand
from webinar.adapters.inbox.message import MOST_BYTES


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_form_is_read_as_it_is_meant(form: Form) -> None:
    read = understand(form.content, server=SERVER, own=OURS)
    content = read.content
    assert type(content).__name__ == form.kind
    for name, value in form.expected.items():
        if name == "ours":
            assert (SENT_ID in read.refers_to) is value
        elif name == "first":
            assert isinstance(content, Bounce)
            assert content.recipients[0] == value
        elif name == "refers":
            assert read.refers_to[:1] == (value,)
        else:
            assert getattr(content, name, getattr(read, name, None)) == value, name


def test_forms_are_as_many_as_promised() -> None:
    assert len([form for form in FORMS if form.kind in ("Reply", "Bounce")]) >= 40
    assert len({form.name for form in FORMS}) == len(FORMS)


def test_receiving_server_vouches_for_the_sender() -> None:
    read = understand(REPLIES[0].content, server=SERVER)
    assert (read.sender, read.proven) == (MAYOR, True)
    assert not understand(REPLIES[0].content, server="").proven
    assert not understand(REPLIES[0].content, server="mx.other.example").proven


def results(*values: str, sender: str = MAYOR) -> bytes:
    lines = "".join(f"Authentication-Results: {value}\n" for value in values)
    return f"{lines}From: {sender}\nSubject: Hallo\n\nIch komme gerne.\n".encode()


@pytest.mark.parametrize(
    ("values", "proven"),
    [
        ([f"{SERVER}; dkim=pass header.d=musterort.example"], True),
        ([f"{SERVER} 1; dkim=pass (2048 bit) header.i=@musterort.example header.s=s1"], True),
        ([f"{SERVER}; dkim=fail header.d=musterort.example; dkim=pass header.d=musterort.example"], True),
        ([f"{SERVER}; spf=pass smtp.mailfrom={MAYOR}"], False),
        ([f"{SERVER}; dkim=pass header.d=angreifer.example"], False),
        ([f"{SERVER}; dkim=pass header.d=example"], False),
        ([f"{SERVER}; dkim=fail header.d=musterort.example"], False),
        ([f"{SERVER}; dmarc=pass header.from=angreifer.example"], False),
        ([f"{SERVER}; none"], False),
        (["fremd.example; dkim=pass header.d=musterort.example"], False),
        # The receiving server's own stands on top; what is below came with the message.
        ([f"{SERVER}; dkim=none", f"{SERVER}; dkim=pass header.d=musterort.example"], False),
        ([f'{SERVER}; dkim=fail reason="; dkim=pass header.d=musterort.example"'], False),
        ([f"{SERVER}; dkim=fail (x; dkim=pass header.d=musterort.example)"], False),
        ([f"{SERVER}; dkim=fail ((x; dkim=pass header.d=musterort.example)"], False),
        ([], False),
    ],
)  # fmt: skip
def test_only_the_servers_own_word_counts(values: list[str], proven: bool) -> None:
    assert understand(results(*values), server=SERVER).proven is proven


def test_domain_above_the_senders_may_sign_and_one_beside_may_not() -> None:
    vouched = f"{SERVER}; dkim=pass header.d=musterort.example"
    assert understand(results(vouched, sender="a@mail.musterort.example"), server=SERVER).proven
    assert not understand(results(vouched, sender="a@boesmusterort.example"), server=SERVER).proven


def test_two_from_headers_prove_nothing() -> None:
    content = results(f"{SERVER}; dkim=pass header.d=musterort.example")
    read = understand(b"From: anders@x.example\n" + content, server=SERVER)
    assert not read.proven
    assert read.sender == ""


def test_same_message_has_the_same_fingerprint_whatever_relays_add() -> None:
    first = REPLIES[0].content
    second = b"Received: from a by b\r\nX-Spam: no\r\n" + first.replace(b"\r\n", b"\n") + b"\n"
    assert understand(first).fingerprint == understand(second).fingerprint
    assert understand(first).fingerprint != understand(REPLIES[1].content).fingerprint


def test_message_without_an_id_is_known_by_its_bytes() -> None:
    assert understand(b"From: a@b.example\n\nx").fingerprint != understand(b"From: a@b.example\n\ny").fingerprint  # fmt: skip


def test_too_large_message_is_set_aside_unread() -> None:
    read = understand(b"x" * (MOST_BYTES + 1))
    assert read.content == Unknown(trouble=Trouble.TOO_LARGE)


def test_reply_that_we_sent_ourselves_inside_a_bounce_is_none() -> None:
    """The returned invitation holds a calendar of ours; it must not be taken for an answer."""
    content = next(form for form in FORMS if form.name == "postfix").content
    assert not isinstance(understand(content).content, Reply)


def test_header_of_another_charset_is_readable() -> None:
    raw = head("PLATZ").encode().replace(b"PLATZ", "Grüße".encode("latin-1"))
    assert understand(raw + b"\nHallo").subject == "Grüße"
