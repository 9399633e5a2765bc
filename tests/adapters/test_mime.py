"""Messages are read back by the standard library's parser, which had no part in writing them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.adapters.calendar import Attendee, Event, Method, calendar_bytes
from webinar.adapters.mime import Letter, message_bytes, message_id
from webinar.clock import BERLIN

START = datetime(2027, 1, 14, 18, 0, tzinfo=BERLIN)
EVENT = Event(
    uid="talk-1@termine.lra.example",
    sequence=0,
    stamp=datetime(2026, 12, 1, tzinfo=UTC),
    start=START,
    end=START + timedelta(minutes=90),
    zone="Europe/Berlin",
    summary="Der digitale Bauantrag: was sich für unsere Gemeinden ändert",
    description="Grüß Gott",
    location="",
    url="https://termine.lra.example/z/Qm7x2K",
    organiser_name="Büro des Landrats",
    organiser_address="termine@lra.example",
)
WEISS = Attendee(name="Dr. Anna Weiß", address="weiss@gemeinde.example")
REQUEST = calendar_bytes(EVENT, method=Method.REQUEST, attendee=WEISS)
CANCEL = calendar_bytes(EVENT, method=Method.CANCEL, attendee=WEISS)
PUBLISH = calendar_bytes(EVENT, method=Method.PUBLISH)
FILE = calendar_bytes(EVENT, method=None)

LETTER = Letter(
    message_id=message_id("q7Rm2", "termine.lra.example"),
    date=datetime(2026, 12, 1, 9, 30, tzinfo=BERLIN),
    sender_name="Landratsamt Würzburg",
    sender_address="termine@lra.example",
    recipient="weiss@gemeinde.example",
    subject="Einladung: Der digitale Bauantrag, Donnerstag, 14. Januar 2027",
    text="Sehr geehrte Frau Dr. Weiß,\n\n18:00–19:30 Uhr\n",
    html="<p>Sehr geehrte Frau Dr. Weiß,</p>\n<p>18:00–19:30 Uhr</p>\n",
)


def letter(**changed: Any) -> Letter:
    return replace(LETTER, **changed)


def parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    return message


def shape(message: EmailMessage) -> Any:
    """The tree of media types."""
    if not message.is_multipart():
        return message.get_content_type()
    return (message.get_content_type(), [shape(part) for part in message.iter_parts()])  # type: ignore[arg-type]


def text_of(part: Any) -> str:
    """A text part as a reader shows it; on the wire its lines end in CRLF (RFC 2046 4.1.1)."""
    content = part.get_payload(decode=True).decode("utf-8")
    return str(content).replace("\r\n", "\n")


def name_in(message: EmailMessage, header: str) -> str:
    """The display name; the standard library's address parser wrongly keeps the white space
    between two encoded words (RFC 2047 6.2), its older decoder does not."""
    phrase = dict(message.raw_items())[header].rpartition("<")[0].strip().strip('"')
    return str(make_header(decode_header(phrase)))


def assert_seven_bit_lines(content: bytes) -> None:
    assert content.isascii()
    for line in content.split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert len(line) <= 998


def test_plain_letter_is_text_and_html_as_alternatives() -> None:
    message = parse(message_bytes(LETTER))
    assert shape(message) == ("multipart/alternative", ["text/plain", "text/html"])
    plain, html = message.iter_parts()
    assert text_of(plain) == LETTER.text
    assert text_of(html) == LETTER.html
    assert {part.get_param("charset") for part in (plain, html)} == {"UTF-8"}


def test_headers_say_who_when_and_that_a_machine_wrote() -> None:
    message = parse(message_bytes(letter(reply_to="buero@lra.example")))
    assert message["Message-ID"] == "<q7Rm2@termine.lra.example>"
    assert message["Date"].datetime == LETTER.date
    assert message["Subject"] == LETTER.subject
    assert message["From"].addresses[0].display_name == "Landratsamt Würzburg"
    assert message["From"].addresses[0].addr_spec == "termine@lra.example"
    assert message["To"] == "weiss@gemeinde.example"
    assert message["Reply-To"] == "buero@lra.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message["List-Unsubscribe"] is None
    assert len(message.keys()) == len(set(message.keys()))


@pytest.mark.parametrize(("invite", "method"), [(REQUEST, "REQUEST"), (CANCEL, "CANCEL")])
def test_invite_stands_last_in_the_alternative_and_once_more_as_a_file(
    invite: bytes, method: str
) -> None:
    message = parse(message_bytes(letter(invite=invite)))
    assert shape(message) == (
        "multipart/mixed",
        [
            ("multipart/alternative", ["text/plain", "text/html", "text/calendar"]),
            "application/ics",
        ],
    )
    alternative, attached = message.iter_parts()
    calendar = list(alternative.iter_parts())[-1]  # type: ignore[attr-defined]
    assert calendar["Content-Type"].params == {"charset": "UTF-8", "method": method}
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar["Content-Disposition"] is None
    assert calendar["Content-ID"] is None
    assert calendar.get_payload(decode=True) == invite
    assert attached.get_payload(decode=True) == invite
    assert attached.get_filename() == attached.get_param("name") == "einladung.ics"
    assert attached.get_content_disposition() == "attachment"


def test_calendar_file_is_a_mere_attachment() -> None:
    message = parse(message_bytes(letter(calendar_file=FILE, file_name="termin.ics")))
    assert shape(message) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html"]), "application/ics"],
    )
    (attached,) = message.iter_attachments()
    assert attached.get_payload(decode=True) == FILE
    assert attached.get_filename() == "termin.ics"


@pytest.mark.parametrize(
    "changed",
    [
        {"invite": PUBLISH},
        {"invite": FILE},
        {"invite": REQUEST + CANCEL},
        {"calendar_file": REQUEST},
        {"calendar_file": PUBLISH},
        {"invite": REQUEST, "calendar_file": FILE},
    ],
)
def test_calendar_in_the_wrong_place_is_refused(changed: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match=r"METHOD|one calendar"):
        message_bytes(letter(**changed))


def test_unsubscribing_takes_one_click() -> None:
    link = "https://termine.lra.example/e/Qm7x2K/abmelden"
    message = parse(message_bytes(letter(unsubscribe=link)))
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("link", ["mailto:a@b.example", "https://x.example/a b", "https://x>,<y"])
def test_unsubscribing_takes_a_web_link_only(link: str) -> None:
    with pytest.raises(ValueError, match="link"):
        message_bytes(letter(unsubscribe=link))


def test_same_letter_gives_the_same_bytes_and_another_id_another_boundary() -> None:
    assert message_bytes(LETTER) == message_bytes(letter())
    other = parse(message_bytes(letter(message_id=message_id("x", "y.example"))))
    assert other.get_boundary() != parse(message_bytes(LETTER)).get_boundary()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('Amt, "Bau": a@b', "Amt Bau a b"),
        ("Müller, Jörg", "Müller Jörg"),
        ("Dr. (h.c.) Weidner", "Dr. (h.c.) Weidner"),
        ("Büro der Bürgermeisterin " * 5, ("Büro der Bürgermeisterin " * 5).strip()),
        ("Landratsamt Wuerzburg " * 6, ("Landratsamt Wuerzburg " * 6).strip()),
        ("@,", ""),
    ],
)
def test_display_name_is_cleaned_for_picky_gateways(written: str, shown: str) -> None:
    content = message_bytes(letter(sender_name=written, recipient_name=written))
    message = parse(content)
    assert [name_in(message, header) for header in ("From", "To")] == [shown, shown]
    assert len(message["To"].addresses) == 1
    assert message["From"].addresses[0].addr_spec == "termine@lra.example"
    assert_seven_bit_lines(content)


def test_header_lines_keep_to_seventy_eight_characters() -> None:
    long_words = {"subject": "Straßenausbaubeitragssatzung " * 6, "sender_name": "Ä" * 70}
    content = message_bytes(letter(**long_words))
    head = content.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


def test_domain_with_umlauts_goes_out_as_a_label() -> None:
    message = parse(message_bytes(letter(recipient="rathaus@müller.example")))
    assert message["To"] == "rathaus@xn--mller-kva.example"


HEADER_FIELDS = [
    "message_id",
    "sender_name",
    "sender_address",
    "recipient",
    "recipient_name",
    "reply_to",
    "subject",
    "unsubscribe",
    "file_name",
]


@pytest.mark.hostile
@pytest.mark.parametrize("name", HEADER_FIELDS)
@pytest.mark.parametrize(
    "breaking", ["\r\n", "\n", "\r", "\r\n ", "\x00", "\x0b", "\x85", "\u2028"]
)
def test_line_break_in_a_header_value_is_refused(name: str, breaking: str) -> None:
    value = getattr(LETTER, name) or "https://x.example"
    for bad in (f"{value}{breaking}Bcc: x@y.example", f"{value}{breaking}", f"{breaking}{value}"):
        with pytest.raises(ValueError, match=r"line break|not "):
            message_bytes(letter(calendar_file=FILE, **{name: bad}))


@pytest.mark.hostile
@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b@c",
        "a b@c.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
    ],
)
def test_anything_but_one_bare_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="mail"):
        message_bytes(letter(recipient=address))


@pytest.mark.parametrize(
    "name", ["einladung für alle.ics", 'a".ics', "a/b.ics", "", "einlädung.ics"]
)
def test_file_name_is_plain_ascii(name: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        message_bytes(letter(invite=REQUEST, file_name=name))


def test_naive_date_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        message_bytes(letter(date=datetime(2026, 12, 1)))  # noqa: DTZ001 -- the mistake


@pytest.mark.parametrize(
    ("public_id", "domain"), [("a b", "c"), ("a", "b>"), ("", "b"), ("ä", "b")]
)
def test_message_id_is_plain_ascii(public_id: str, domain: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        message_id(public_id, domain)


def test_text_that_looks_like_an_encoded_word_is_shown_as_written() -> None:
    subject = "=?utf-8?q?Hallo?="
    assert b"Subject: =?utf-8?q?Hallo?=\r\n" not in message_bytes(letter(subject=subject))
    assert parse(message_bytes(letter(subject=subject)))["Subject"] == subject


def test_line_ends_of_every_kind_arrive_as_one() -> None:
    message = parse(message_bytes(letter(text="a\r\nb\rc\nd \n.\n-- \n")))
    assert text_of(next(iter(message.iter_parts()))) == "a\nb\nc\nd \n.\n-- \n"


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


@pytest.mark.property
@given(subject=WORDS)
def test_any_subject_comes_back_as_written(subject: str) -> None:
    content = message_bytes(letter(subject=subject))
    assert_seven_bit_lines(content)
    assert parse(content)["Subject"] == subject


@pytest.mark.property
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=500))
def test_any_text_comes_back_as_written(text: str) -> None:
    content = message_bytes(letter(text=text, html=text, invite=REQUEST))
    assert_seven_bit_lines(content)
    alternative = next(iter(parse(content).iter_parts()))
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    for part in list(alternative.iter_parts())[:2]:  # type: ignore[attr-defined]
        assert text_of(part) == wanted
