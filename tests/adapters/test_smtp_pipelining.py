"""Deliveries in one stream to servers that announce PIPELINING (RFC 2920)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

from tests.adapters.smtp_office import CONTENT, SENDER, Office, relay
from tests.ports import free_port
from webinar.adapters.smtp import FinalRefusal, Parcel, Refusal, Relay, TemporaryRefusal


class Counter(Office):
    """A server that takes commands in groups."""

    async def handle_EHLO(
        self,
        server: Server,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]


@pytest.fixture
def counter() -> Iterator[tuple[Counter, Controller]]:
    served = Counter()
    controller = Controller(served, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield served, controller
    controller.stop()


def parcels(*names: str) -> list[Parcel]:
    return [Parcel(f"{name}@x.example", CONTENT) for name in names]


def send(
    line: Relay, *names: str, before: Callable[[], None] = lambda: None
) -> list[Refusal | None]:
    stream = line.deliver_each(parcels(*names), sender=SENDER, before=before)
    return [refusal for _parcel, refusal in stream]


def test_stream_hands_over_the_bytes_unchanged_over_one_connection(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    names = [f"r{number}" for number in range(20)]
    with relay(controller) as line:
        assert send(line, *names) == [None] * 20
        assert send(line, "again") == [None]
    assert office.taken[:20] == [(SENDER, f"{name}@x.example", CONTENT) for name in names]
    assert len(set(office.peers)) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("450 4.2.0 greylisted", TemporaryRefusal), ("550 5.1.1 nobody", FinalRefusal)],
)
def test_refusal_in_the_middle_of_a_stream_stops_no_other(
    counter: tuple[Counter, Controller], reply: str, kind: type[Refusal]
) -> None:
    office, controller = counter
    office.replies["bad"] = reply
    with relay(controller) as line:
        first, refused, last = send(line, "first", "bad", "last")
    assert (first, last) == (None, None)
    assert type(refused) is kind
    assert str(refused) == reply
    assert office.recipients == ["first@x.example", "last@x.example"]
    assert len(set(office.peers)) == 1


def test_refused_content_leaves_the_next_message_alone(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    office.data_replies.append("554 5.6.0 content refused")
    with relay(controller) as line:
        refused, taken = send(line, "first", "second")
    assert isinstance(refused, FinalRefusal)
    assert taken is None
    assert office.recipients == ["second@x.example"]
    assert len(set(office.peers)) == 1


def test_addresses_that_cannot_be_sent_to_are_told_in_their_turn(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    office.replies["mü"] = "553 never asked"
    with relay(controller) as line:
        told = send(line, "first", "two words", "mü", "last")
    assert [one.code if one is not None else None for one in told] == [None, 553, 553, None]
    assert office.recipients == ["first@x.example", "last@x.example"]


def test_farewell_instead_of_the_next_message_leads_to_a_new_connection(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    with relay(controller) as line:
        assert send(line, "a") == [None]
        office.mail_replies.append("421 4.7.0 enough for one connection")
        assert send(line, "b", "c") == [None, None]
    assert office.recipients == ["a@x.example", "b@x.example", "c@x.example"]
    assert len(set(office.peers)) == 2


def test_connection_cut_inside_a_message_is_temporary_and_the_next_goes_anew(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    office.replies["broken"] = "cut"
    with relay(controller) as line:
        first, broken, last = send(line, "first", "broken", "last")
    assert (first, last) == (None, None)
    assert isinstance(broken, TemporaryRefusal)
    assert office.recipients == ["first@x.example", "last@x.example"]


def test_what_is_done_before_a_content_can_prevent_it(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    seen: list[int] = []

    def before() -> None:
        seen.append(len(office.taken))
        if len(seen) == 2:
            raise RuntimeError("not now")

    with relay(controller) as line:
        with pytest.raises(RuntimeError, match="not now"):
            send(line, "first", "second", before=before)
        assert send(line, "third") == [None]
    assert seen == [0, 1]
    assert office.recipients == ["first@x.example", "third@x.example"]


def test_stream_that_is_left_hands_nothing_more_over(
    counter: tuple[Counter, Controller],
) -> None:
    office, controller = counter
    with relay(controller) as line:
        stream = line.deliver_each(parcels("first", "second"), sender=SENDER)
        next(stream)
        stream.close()  # type: ignore[attr-defined]  # a generator
        assert send(line, "third") == [None]
    assert office.recipients == ["first@x.example", "third@x.example"]


@dataclass
class Script:
    """A server that says what it was told to after each piece that it waits for."""

    steps: list[tuple[bytes, bytes]]
    port: int = field(default_factory=free_port)
    heard: bytes = b""

    def start(self) -> threading.Thread:
        listening = socket.create_server(("127.0.0.1", self.port))
        thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
        thread.start()
        return thread

    def _serve(self, listening: socket.socket) -> None:
        with listening:
            connection, _peer = listening.accept()
        with connection:
            connection.settimeout(60)
            connection.sendall(b"220 script\r\n")
            waiting = b""
            for awaited, said in self.steps:
                while awaited not in waiting:
                    piece = connection.recv(1 << 16)
                    if not piece:
                        return
                    waiting += piece
                    self.heard += piece
                waiting = waiting.partition(awaited)[2]
                connection.sendall(said)


HELLO = (b"\r\n", b"250-script\r\n250 PIPELINING\r\n")


def test_commands_of_the_next_message_come_with_the_content() -> None:
    """The server accepts the first content only once it has the next message's commands."""
    script = Script(
        [
            HELLO,
            (b"DATA\r\n", b"250 a\r\n250 b\r\n354 go\r\n"),
            (b"\r\n.\r\nMAIL FROM:<", b""),
            (b"DATA\r\n", b"250 taken\r\n250 a\r\n250 b\r\n354 go\r\n"),
            (b"\r\n.\r\n", b"250 taken\r\n"),
            (b"quit\r\n", b"221 bye\r\n"),
        ]
    )
    thread = script.start()
    line = Relay(host="127.0.0.1", port=script.port, security="none", timeout=60, hello="x.example")
    with line:
        assert send(line, "first", "second") == [None, None]
    thread.join(timeout=60)
    assert script.heard.count(b"\r\nRCPT TO:<") == 2


def test_server_that_waits_for_content_without_a_recipient_gets_none() -> None:
    script = Script([HELLO, (b"DATA\r\n", b"250 a\r\n550 5.1.1 nobody\r\n354 go\r\n"), (b"x", b"")])
    thread = script.start()
    line = Relay(host="127.0.0.1", port=script.port, security="none", timeout=60, hello="x.example")
    with line:
        (refused,) = send(line, "nobody")
    thread.join(timeout=60)
    assert str(refused) == "550 5.1.1 nobody"
    assert script.heard.endswith(b"DATA\r\n")
