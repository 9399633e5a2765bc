"""The local mailbox: real SMTP in, real HTTP out."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from http.client import HTTPMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lengths import length
from webinar.demo import mailheaders
from webinar.demo.mailbox import Mailbox, main
from webinar.demo.mailview import read_mail, with_outward_links

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Landratsamt//Reihe//DE
METHOD:REQUEST
BEGIN:VEVENT
UID:abend-1@termine.lra.example
DTSTAMP:20261201T090000Z
DTSTART:20270114T170000Z
DTEND:20270114T183000Z
SEQUENCE:3
STATUS:CONFIRMED
SUMMARY:Der digitale Bauantrag
LOCATION:Großer Sitzungssaal
ORGANIZER;CN=Miriam Hartmann:mailto:reihe@lra.example
ATTENDEE;CN=Hannah Seubert;PARTSTAT=ACCEPTED:mailto:seubert@gemeinde.example
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    box = Mailbox(tmp_path / "mailbox", smtp_port=0, http_port=0)
    box.start()
    yield box
    box.stop()


def invitation(*, to: str = "Hannah Seubert <seubert@gemeinde.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "After-Work-Wissen <reihe@lra.example>"
    message["To"] = to
    message["Subject"] = "Einladung: Prüfen und Bestätigen"
    message.set_content("Grüß Gott, https://termine.lra.example/e/Qm7x2K <b>kein HTML</b>")
    message.add_alternative(
        '<a href="https://termine.lra.example/e/Qm7x2K">Antworten</a>', subtype="html"
    )
    message.add_alternative(
        CALENDAR, maintype="text", subtype="calendar", params={"method": "REQUEST"}
    )
    message.make_mixed()
    message.add_attachment(
        CALENDAR, maintype="application", subtype="ics", filename="Einladung.ics"
    )
    return message


def send(box: Mailbox, raw: bytes | EmailMessage, *, to: str = "seubert@gemeinde.example") -> str:
    content = raw.as_bytes(policy=SMTP) if isinstance(raw, EmailMessage) else raw
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=60) as client:
        assert client.sendmail("bounce@lra.example", [to], content) == {}
    return str(listing(box)[0]["id"])


def get(box: Mailbox, path: str, *, host: str | None = None) -> tuple[int, HTTPMessage, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{box.http_port}{path}")
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def listing(box: Mailbox, *, to: str = "") -> list[dict[str, str]]:
    rows = json.loads(get(box, f"/messages.json?to={urllib.parse.quote(to)}")[2])
    assert isinstance(rows, list)
    return rows


def page(box: Mailbox, key: str) -> str:
    status, _, body = get(box, f"/messages/{key}")
    assert status == 200
    return body.decode()


def test_mailbox_keeps_every_byte_of_a_message(mailbox: Mailbox) -> None:
    raw = invitation().as_bytes(policy=SMTP)
    key = send(mailbox, raw)
    status, headers, body = get(mailbox, f"/messages/{key}.eml")
    assert status == 200
    assert body.rstrip() == raw.rstrip()
    assert headers["Content-Type"] == "message/rfc822"


def test_list_shows_newest_first_with_recipient_subject_and_time(mailbox: Mailbox) -> None:
    for number in range(3):
        message = EmailMessage()
        message["Subject"], message["To"] = f"Nummer {number}", f"gast{number}@gemeinde.example"
        send(mailbox, message, to=f"gast{number}@gemeinde.example")
    rows = listing(mailbox)
    assert [row["subject"] for row in rows] == ["Nummer 2", "Nummer 1", "Nummer 0"]
    assert set(rows[0]) == {"id", "to", "subject", "date"}
    assert rows[0]["to"] == "gast2@gemeinde.example"
    assert rows[0]["date"].endswith("+00:00")
    body = get(mailbox, "/")[2].decode()
    assert body.index("Nummer 2") < body.index("Nummer 0")
    assert "3 Nachrichten" in body


def test_search_finds_recipients_by_name_and_by_envelope_address(mailbox: Mailbox) -> None:
    send(mailbox, invitation())
    send(mailbox, invitation(to="undisclosed-recipients:;"), to="feller@gemeinde.example")
    assert [row["to"] for row in listing(mailbox, to="FELLER@")] == ["feller@gemeinde.example"]
    assert [row["to"] for row in listing(mailbox, to="hannah")] == ["seubert@gemeinde.example"]
    body = get(mailbox, "/?an=niemand")[2].decode()
    assert "0 Nachrichten an „niemand“" in body


def test_list_shows_names_without_the_quotes_of_the_header(mailbox: Mailbox) -> None:
    send(mailbox, b'To: "Dr. Hannah Seubert" <seubert@gemeinde.example>\r\nSubject: A\r\n\r\nB')
    page = get(mailbox, "/")[2].decode()
    assert "Dr. Hannah Seubert &lt;seubert@gemeinde.example&gt;" in page


def test_list_goes_over_to_a_second_page_after_a_hundred(mailbox: Mailbox) -> None:
    for number in range(101):
        mailbox.store.save(
            f"Subject: M{number:03}\r\n\r\n".encode(), sender="", recipients=("a@b",)
        )
    first, second = (get(mailbox, f"/?seite={n}")[2].decode() for n in (1, 2))
    assert "M100" in first
    assert "M000" not in first
    assert "M000" in second
    assert get(mailbox, "/?seite=abc")[0] == 200


def test_page_shows_text_calendar_and_headers(mailbox: Mailbox) -> None:
    body = page(mailbox, send(mailbox, invitation()))
    assert "Einladung: Prüfen und Bestätigen" in body
    assert "&lt;b&gt;kein HTML&lt;/b&gt;" in body
    for value in (
        "Donnerstag, 14. Januar 2027, 18:00–19:30 Uhr",
        "Großer Sitzungssaal",
        "Miriam Hartmann &lt;reihe@lra.example&gt;",
        "Hannah Seubert &lt;seubert@gemeinde.example&gt;, ACCEPTED",
        "<dd>REQUEST</dd>",
        "<dd>3</dd>",
        "UID:abend-1@termine.lra.example",
        "MIME-Version",
    ):
        assert value in body
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in body


def test_page_names_a_calendar_method_that_contradicts_its_header(mailbox: Mailbox) -> None:
    raw = invitation().as_bytes(policy=SMTP).replace(b'method="REQUEST"', b'method="CANCEL"')
    assert "REQUEST (im MIME-Kopf: CANCEL)" in page(mailbox, send(mailbox, raw))


def test_html_part_comes_with_a_policy_that_lets_nothing_run_or_load(mailbox: Mailbox) -> None:
    key = send(mailbox, invitation())
    _, headers, body = get(mailbox, f"/messages/{key}/html")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "http" not in policy
    assert b'target="_blank" rel="noopener noreferrer"' in body
    assert b"script" not in get(mailbox, "/")[1]["Content-Security-Policy"].encode()


def test_html_loses_what_loads_or_redirects_and_keeps_the_rest() -> None:
    shown = with_outward_links(
        "<!DOCTYPE html><base href='https://evil.example'>"
        '<meta http-equiv="refresh" content="0;url=https://evil.example">'
        "<link rel=stylesheet href=https://evil.example/x.css>"
        '<style>p > a { color: red }</style><p class="x">1 &lt; 2 &amp; &#252;<br/>'
        '<a target=_self href="/?a=1&amp;b=2" rel=opener>Weiter</a><!-- mso --></p>'
    )
    assert shown == (
        "<!DOCTYPE html><style>p > a { color: red }</style>"
        '<p class="x">1 &lt; 2 &amp; &#252;<br/>'
        '<a href="/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Weiter</a>'
        "<!-- mso --></p>"
    )


def test_attachment_downloads_with_its_name_and_bytes(mailbox: Mailbox) -> None:
    message = invitation()
    message.add_attachment(
        b"%PDF-1.7", maintype="application", subtype="pdf", filename="../Übersicht.pdf"
    )
    key = send(mailbox, message)
    status, headers, body = get(mailbox, f"/messages/{key}/attachments/1")
    assert (status, body) == (200, CALENDAR)
    assert headers["Content-Disposition"] == "attachment; filename=Einladung.ics"
    _, headers, body = get(mailbox, f"/messages/{key}/attachments/2")
    assert body == b"%PDF-1.7"
    assert headers["Content-Disposition"].endswith("filename*=UTF-8''%C3%9Cbersicht.pdf")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert get(mailbox, f"/messages/{key}/attachments/3")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/messages/none", "/messages/none.eml", "/messages/..%2fpyproject", "/messages/none/html"],
)
def test_unknown_message_is_a_plain_not_found(mailbox: Mailbox, path: str) -> None:
    assert get(mailbox, path)[0] == 404


def test_page_answers_to_names_of_this_machine_only(mailbox: Mailbox) -> None:
    assert get(mailbox, "/messages.json", host="rebound.example")[0] == 400
    assert get(mailbox, "/messages.json", host="localhost:5001")[0] == 200


HOSTILE = {
    "empty": b"",
    "no headers": b"just words\r\n",
    "unknown charset": b"Subject: =?klingon?b?w7w=?=\r\nContent-Type: text/plain; charset=klingon"
    b"\r\n\r\nGr\xfc\xdfe",
    "broken word": b"Subject: =?utf-8?b?!!!?=\r\nTo: <<>@,;:\r\n\r\nx",
    "raw bytes": b"Subject: \xff\xfe\x00\x07\r\nTo: \xfc@b\r\n\r\n\x00\xff",
    "boundary never comes": b'Content-Type: multipart/mixed; boundary="a"\r\n\r\nnothing',
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\nnothing",
    "half surrogate": b"Content-Type: text/html; charset=utf-7\r\n\r\n<p>+2AA-</p>",
    "broken base64": b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n*",
    "broken calendar": b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND",
    "no event": b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR",
    "odd file name": b'Content-Disposition: attachment; filename="a\x01/..\\\\..\\\\"\r\n\r\nx',
    "file name in pieces": b"Content-Disposition: attachment; filename*=klingon''%ff%00\r\n\r\nx",
    "script": b"Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<script>1<",
    "deeply nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(1500)
    ),
}


@pytest.mark.hostile
@pytest.mark.parametrize("name", HOSTILE)
def test_damaged_message_is_shown_and_breaks_neither_list_nor_page(
    mailbox: Mailbox, name: str
) -> None:
    send(mailbox, invitation())
    key = send(mailbox, HOSTILE[name])
    assert len(listing(mailbox)) == 2
    body = get(mailbox, "/")[2].decode()
    assert "Einladung: Prüfen und Bestätigen" in body
    assert "<script>" not in body
    assert "Quelltext" in page(mailbox, key)
    assert "<script>" not in page(mailbox, key)
    assert get(mailbox, f"/messages/{key}/html")[0] in (200, 404)
    assert get(mailbox, f"/messages/{key}/attachments/1")[0] in (200, 404)


def test_text_in_an_unknown_charset_is_still_readable() -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\n" + "Grüße".encode()
    assert read_mail(raw).text == "Grüße"


@pytest.mark.property
@pytest.mark.deep
@settings(max_examples=length(40, soak=600), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            (
                b"Subject: ",
                b"To: ",
                b"=?utf-8?q?",
                b"?=",
                b"\r\n",
                b"\r\n\r\n",
                b"Content-Type: multipart/mixed; ",
                b'boundary="a"',
                b"--a",
                b"Content-Type: text/calendar",
                b"Content-Disposition: attachment; filename",
                b"*0*=utf-7''",
                b"+2AA-",
                b"\xff",
                b"\x00",
                b";",
            )
        )
        | st.binary(max_size=20),
        max_size=30,
    )
)
def test_reading_survives_any_bytes_and_yields_text_that_can_be_sent(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    mail = read_mail(raw)
    for name, value in mailheaders.parse(raw):
        assert value.isprintable()
        f"{name}{value}".encode()
    (mail.text or "").encode()
    with_outward_links(mail.html or "").encode()


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        box = Mailbox(tmp_path, smtp_port=0, http_port=0)
        box.start()
        keys.append(send(box, invitation()))
        rows = listing(box)
        box.stop()
    assert [row["id"] for row in rows] == keys[::-1]


def test_message_without_envelope_file_is_listed_by_its_header(mailbox: Mailbox) -> None:
    (mailbox.store.folder / "von-hand.eml").write_bytes(b"To: Kim <kim@a.example>\r\n\r\nx")
    assert listing(mailbox, to="kim@")[0]["to"] == "kim@a.example"
    assert "Kim" in page(mailbox, "von-hand")


def test_start_fails_clearly_when_a_port_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status = main(["--smtp-port", "0", "--http-port", port, "--folder", str(tmp_path)])
    for number, handler in handlers.items():
        signal.signal(number, handler)
    assert status == 1
    assert "konnte nicht starten" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_runs_until_a_signal_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-m", "webinar.demo.mailbox", "--folder", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--smtp-port", "0", "--http-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        port = int(process.stdout.readline().split(":")[2].split(",")[0])
        # An open connection, as a mail worker keeps one, must not hold the process up.
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail("a@lra.example", ["b@gemeinde.example"], b"Subject: x\r\n\r\nx")
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert len(list(tmp_path.glob("*.eml"))) == 1
