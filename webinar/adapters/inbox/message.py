"""A foreign message as parts, headers and texts that can be read without fear.

Everything is read by Python's tolerant parser and its old policy: the new one raises in the middle
of reading when a header is damaged. What a part says about itself (charset, encoding, name) is
believed only where it works.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from hashlib import sha256

MOST_BYTES = 25 * 1024 * 1024
MOST_PARTS = 200
MOST_TEXT = 200_000
HEADER_LENGTH = 2_000
MOST_IDS = 40

# Codecs of Python that no mail uses: slow on long input, or not meant for text.
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
_ADDRESS = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff@<>\"(),;:\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
_ID = re.compile(r"<([^\s\x00-\x1f\x7f<>@]{1,200}@[^\s\x00-\x1f\x7f<>@]{1,200})>")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def parse(content: bytes) -> Message:
    """The message as a tree; raises whatever the parser raises on purpose-made nesting."""
    return message_from_bytes(content, policy=compat32)


def fingerprint(content: bytes) -> str:
    """The same for every delivery of one message: what relays write on top does not count."""
    head, body = (*_HEAD_END.split(content, maxsplit=1), b"")[:2]
    lines = re.sub(rb"\r?\n[ \t]+", b" ", head).splitlines()
    kept = sorted(
        line.strip()
        for line in lines
        if line.partition(b":")[0].strip().lower() in (b"message-id", b"from", b"date")
    )
    if not any(line.lower().startswith(b"message-id") for line in kept):
        return sha256(content).hexdigest()
    # A copy comes with other line ends and perhaps one empty line more.
    text = body.replace(b"\r\n", b"\n").strip()
    return sha256(b"\n".join([*kept, b"", text])).hexdigest()


def header(message: Message, name: str) -> str:
    """The first header of that name, decoded, in one line; empty where there is none."""
    values = headers(message, name)
    return values[0] if values else ""


def headers(message: Message, name: str) -> list[str]:
    """All headers of that name, decoded, each in one line."""
    # Raw: the tolerant policy turns bytes that are not ASCII into replacement signs.
    found = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return [_decoded(str(value)[: 4 * HEADER_LENGTH])[:HEADER_LENGTH] for value in found]


def _decoded(value: str) -> str:
    # What is not ASCII stands as surrogates in the tree (compat32).
    raw = value.encode("utf-8", "surrogateescape")
    text = _text(raw, "")
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError, LookupError):
        return clean_line(text)
    words = (p if isinstance(p, str) else _text(p, charset or "") for p, charset in pieces)
    return clean_line("".join(words))


def clean_line(text: str) -> str:
    """One line without anything unseen."""
    return " ".join(_UNSEEN.sub("", text).split())


def clean_text(text: str) -> str:
    """Lines with LF, without anything unseen, at most one empty line in a row."""
    lines = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    joined = "\n".join(line.replace("\xa0", " ").rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def addresses(value: str) -> list[str]:
    """The bare addresses of a header's value, in small letters."""
    try:
        pairs = getaddresses([value])
    except (ValueError, IndexError, TypeError):
        pairs = []
    found = [address.strip().lower() for _name, address in pairs]
    return [address for address in found if _ADDRESS.fullmatch(address)]


def addresses_in(text: str) -> list[str]:
    """Whatever looks like an address in running text, in small letters, each once."""
    found = (match.strip(".").lower() for match in _ADDRESS.findall(text[:MOST_TEXT]))
    return list(dict.fromkeys(address.removeprefix("mailto:") for address in found))


def message_ids(text: str) -> list[str]:
    """The Message-IDs in the text, without brackets, each once."""
    return list(dict.fromkeys(_ID.findall(text[:MOST_TEXT])))[:MOST_IDS]


def parts(message: Message, *, inside: bool = False) -> Iterator[Message]:
    """The parts that hold something, in order, not those of a message that is enclosed; with
    `inside` also of those."""
    left = MOST_PARTS
    waiting = [message]
    while waiting and left:
        part = waiting.pop(0)
        left -= 1
        kind = part.get_content_type()
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and (inside or not kind.startswith("message/")):
            waiting[:0] = [child for child in children if isinstance(child, Message)]
        if not isinstance(children, list) or kind.startswith("message/"):
            yield part


def data(part: Message) -> bytes:
    """The part's bytes without their transfer encoding."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def text(part: Message) -> str:
    """The part's text, by its charset if that works."""
    charset = part.get_param("charset")
    named = (
        charset if isinstance(charset, str) else "".join(map(str, (charset or ("", "", ""))[2:]))
    )
    return _text(data(part)[:MOST_TEXT], named)


def _text(raw: bytes, charset: str) -> str:
    for name in (charset.strip().strip("\"'"), "utf-8", "cp1252"):
        try:
            codec = codecs.lookup(name).name
            if codec.replace("-", "_") not in _NO_CHARSETS:
                return raw.decode(codec)
        except (LookupError, UnicodeError, ValueError):
            continue
    return raw.decode("latin-1")


def file_name(part: Message) -> str:
    """The name that the part gives itself, in small letters."""
    try:
        return str(part.get_filename() or "").lower()
    except (LookupError, UnicodeError, ValueError, TypeError):
        return ""
