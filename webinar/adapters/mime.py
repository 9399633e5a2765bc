"""One message's ready bytes (RFC 5322, MIME) in the one shape that Outlook, Exchange, Gmail, Apple
and Thunderbird all take.

Leaves the wording to rendering, the calendar to `webinar.adapters.calendar` and the sending to
`webinar.adapters.smtp`. The parts are joined here and not by `EmailMessage`, which takes longer to
build a message than a relay takes to accept it. Everything is 7-bit, so no relay on the way has a
reason to recode it and break a DKIM signature.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from webinar.adapters.addresses import ascii_address, display_name, one_line

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._~+=-]+@[A-Za-z0-9.-]+>")
_FILE_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LINK = re.compile(r"https?://[\x21\x23-\x3b\x3d\x3f-\x7e]{1,900}")
_METHOD = re.compile(rb"^METHOD:([A-Za-z-]+)\r?$", re.MULTILINE)
_LINE_END = re.compile(r"\r\n?|\n")
_LINE_LENGTH = 76


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message to one recipient, as values.

    `message_id` comes from `message_id()` and stays through all tries; `date` is aware. At most one
    of the two calendars is given: `invite` holds METHOD:REQUEST or CANCEL and is shown as an
    invitation; `calendar_file` holds none and is a mere attachment. `unsubscribe` is the https link
    whose POST takes the recipient off the invitations (RFC 8058).
    """

    message_id: str
    date: datetime
    sender_name: str
    sender_address: str
    recipient: str
    subject: str
    text: str
    html: str
    recipient_name: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    invite: bytes | None = None
    calendar_file: bytes | None = None
    file_name: str = "einladung.ics"


def message_id(public_id: str, domain: str) -> str:
    """The fixed Message-ID (RFC 5322 3.6.4) of the mail with this random `public_id`.

    Both must be ASCII without spaces; ValueError otherwise.
    """
    return _matching(_MESSAGE_ID, f"<{public_id}@{domain}>", "a Message-ID")


def message_bytes(letter: Letter) -> bytes:
    """The whole message with CRLF line ends: the same letter gives the same bytes. Raises what
    `framed` raises."""
    return framed(letter, quoted(letter.text), quoted(letter.html))


def framed(letter: Letter, text: bytes, html: bytes) -> bytes:
    """The whole message around text and HTML that are encoded already, by `quoted`.

    ValueError for line breaks or control characters in any header value, for addresses that are not
    one bare address, a naive date, a file name that is not ASCII, and calendars whose METHOD does
    not fit their place.
    """
    if letter.invite is not None and letter.calendar_file is not None:
        raise ValueError("a letter carries one calendar")
    key = sha256(letter.message_id.encode()).hexdigest()[:24]
    alternatives = [_text_part("plain", text), _text_part("html", html)]
    if letter.invite is not None:
        alternatives.append(_invite_part(letter.invite))
    body = _multipart("alternative", alternatives, key=key)
    attached = letter.calendar_file if letter.invite is None else letter.invite
    if attached is not None:
        if letter.invite is None and _METHOD.search(attached):
            raise ValueError("a calendar file carries no METHOD")
        body = _multipart("mixed", [body, _file_part(attached, letter.file_name)], key=key)
    return _head(letter) + body


def _head(letter: Letter) -> bytes:
    if letter.date.tzinfo is None:
        raise ValueError("the date of a mail is aware")
    lines = [
        ("Date", format_datetime(letter.date)),
        ("Message-ID", _matching(_MESSAGE_ID, letter.message_id, "a Message-ID")),
        ("From", _mailbox("From", letter.sender_name, letter.sender_address)),
        ("To", _mailbox("To", letter.recipient_name, letter.recipient)),
        ("Subject", _words("Subject", letter.subject)),
        ("MIME-Version", "1.0"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 5: no answers from machines
    ]
    if letter.reply_to:
        lines.append(("Reply-To", ascii_address(letter.reply_to)))
    if letter.unsubscribe:
        link = _matching(_LINK, letter.unsubscribe, "a link")
        lines.append(("List-Unsubscribe", f"<{link}>"))
        lines.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    # UTF-8 matters only for a local part that is not ASCII, which then needs SMTPUTF8 (RFC 6532).
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode()


@lru_cache(maxsize=32)  # of a whole mailing the sender and the subject are the same
def _words(header: str, text: str) -> str:
    """Unstructured text: as it is when short and ASCII, else encoded words (RFC 2047), folded."""
    plain = text.isascii() and len(header) + 2 + len(text) <= _LINE_LENGTH
    if plain and "=?" not in one_line(text):
        return text
    encoded = Header(one_line(text), "utf-8", header_name=header)
    return encoded.encode(linesep="\r\n", splitchars="")


@lru_cache(maxsize=32)
def _mailbox(header: str, name: str, address: str) -> str:
    bare = ascii_address(address)
    cleaned = display_name(name)
    if not cleaned:
        return bare
    words = _words(header, cleaned)
    phrase = f'"{words}"' if words == cleaned else words
    # On its own line when long: no header line may pass 78 characters (RFC 5322 2.1.1).
    last = len(phrase.rpartition("\r\n")[2])
    gap = " " if len(header) + last + len(bare) < _LINE_LENGTH - 6 else "\r\n "
    return f"{phrase}{gap}<{bare}>"


def _multipart(kind: str, parts: list[bytes], *, key: str) -> bytes:
    # "=_" can occur in neither quoted-printable nor base64 (RFC 2045 6.7), so the boundary is safe.
    boundary = f"=_{kind}_{key}"
    fence = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    inner = b"".join(fence + b"\r\n" + part + b"\r\n" for part in parts)
    return head + inner + fence + b"--\r\n"


def quoted(text: str) -> bytes:
    """Text of whole lines in quoted-printable (RFC 2045 6.7). Each line is encoded by itself: what
    is put together of lines can be encoded line by line."""
    lines = _LINE_END.sub("\n", text) if "\r" in text else text
    return b2a_qp(lines.encode(), istext=True).replace(b"\n", b"\r\n")


def _text_part(kind: str, encoded: bytes) -> bytes:
    return _part(f"text/{kind}; charset=UTF-8", "quoted-printable", encoded)


def _invite_part(content: bytes) -> bytes:
    """The calendar as an alternative: last, without disposition, its method in the header too.

    PUBLISH is refused: Outlook shows it as raw text in this place.
    """
    found = _METHOD.findall(content)
    if found not in ([b"REQUEST"], [b"CANCEL"]):
        raise ValueError("an invite has exactly one METHOD, REQUEST or CANCEL")
    media = f"text/calendar; charset=UTF-8; method={found[0].decode()}"
    return _part(media, "base64", _base64(content))


def _file_part(content: bytes, name: str) -> bytes:
    safe = _matching(_FILE_NAME, name, "an ASCII file name")
    disposition = f'Content-Disposition: attachment; filename="{safe}"'
    media = f'application/ics; name="{safe}"\r\n{disposition}'
    return _part(media, "base64", _base64(content))


def _part(media: str, encoding: str, content: bytes) -> bytes:
    head = f"Content-Type: {media}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + content


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n")


def _matching(pattern: re.Pattern[str], value: str, wanted: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"not {wanted}")
    return value
