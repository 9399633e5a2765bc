"""Deliveries to a real SMTP server (aiosmtpd) on the loopback interface."""

from __future__ import annotations

import select
import socket

import pytest

from tests.adapters.smtp_office import CONTENT, SENDER, Opened, deliver, relay
from tests.ports import free_port
from webinar.adapters.smtp import FinalRefusal, OutOfReach, Relay, TemporaryRefusal


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


def hung_up(line: Relay) -> None:
    """Returns once the server's farewell has come in: the connection can be read, to its end."""
    host = line._line.host
    assert host is not None
    assert host.sock is not None
    assert select.select([host.sock], [], [], 60)[0]


def test_connection_closed_between_messages_is_renewed_unseen(serve: Opened) -> None:
    office, counter = serve()
    office.hang_up_after_data = True
    with relay(counter) as line:
        for name in "abc":
            deliver(line, f"{name}@x.example")
            hung_up(line)
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


def test_connection_cut_after_the_content_is_temporary_since_nobody_knows(serve: Opened) -> None:
    office, counter = serve()
    office.data_replies.append("cut")
    with relay(counter) as line:
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "a@x.example")
        assert (type(caught.value), caught.value.code) == (TemporaryRefusal, 0)
        deliver(line, "b@x.example")
    # It has arrived all the same: the next try doubles it, under the same Message-ID.
    assert office.recipients == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize("stage", ["recipient", "content"])
def test_farewell_in_the_middle_of_a_message_is_temporary(serve: Opened, stage: str) -> None:
    office, counter = serve()
    if stage == "recipient":
        office.replies["a"] = "421 4.3.2 shutting down"
    else:
        office.data_replies.append("421 4.3.2 shutting down")
    with relay(counter) as line:
        with pytest.raises(TemporaryRefusal) as caught:
            deliver(line, "a@x.example")
        assert (type(caught.value), caught.value.code) == (TemporaryRefusal, 421)
        deliver(line, "b@x.example")
        deliver(line, "c@x.example")
    assert office.recipients == ["b@x.example", "c@x.example"]
    assert len(set(office.peers)) == 1


def test_server_that_is_away_is_temporary_and_found_again(serve: Opened) -> None:
    port = free_port()
    with Relay(host="127.0.0.1", port=port, security="none", timeout=60, hello="x.example") as line:
        with pytest.raises(OutOfReach, match="Refused") as caught:
            deliver(line, "a@x.example")
        assert caught.value.code == 0
        office, _ = serve(port=port)
        deliver(line, "a@x.example")
    assert office.recipients == ["a@x.example"]


def test_silent_server_is_given_up_after_the_time_limit(serve: Opened) -> None:
    office, counter = serve()
    office.silence = 2
    # The server would answer in the end: who waited for it would see the mail go out.
    with relay(counter, timeout=0.3) as line, pytest.raises(TemporaryRefusal, match=r"[Tt]ime"):
        deliver(line, "a@x.example")
    assert office.taken == []


def test_port_that_never_greets_is_given_up_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        line = Relay(
            host="127.0.0.1", port=mute.getsockname()[1], security="none", timeout=0.3, hello="x"
        )
        with line, pytest.raises(OutOfReach, match=r"[Tt]ime"):
            deliver(line, "a@x.example")


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
