"""Header lines of any message, however broken, as text that can be shown.

The modern header parser of the standard library raises on some malformed lines; the old one does
not, and encoded words are decoded here, each with a way back to the line as it came.
"""

from contextlib import suppress
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses


def parse(raw: bytes) -> list[tuple[str, str]]:
    """The header lines at the start of `raw`: name and readable value, in their order."""
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    return [(name, readable(value)) for name, value in message.raw_items()]


def readable(value: object) -> str:
    """One header value in one line, encoded words decoded (RFC 2047), no control characters."""
    text = "".join(_bytes(str(value)).decode("utf-8", "replace").splitlines())
    with suppress(HeaderParseError, ValueError):  # an undecodable word is shown as it came
        text = "".join(_word(content, charset) for content, charset in decode_header(text))
    return "".join(char if char.isprintable() else " " for char in text).strip()


def decode(content: bytes, charset: str | None) -> str:
    """Bytes as text in the named charset; an unknown or wrong one falls back to UTF-8."""
    try:
        text = content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    # UTF-7 and others can yield half a surrogate pair, which no page could be written with.
    return text.encode("utf-8", "replace").decode("utf-8")


def addresses(value: str) -> tuple[str, ...]:
    """The bare addresses in a header value such as `Kim Müller <kim@gemeinde.example>`."""
    return tuple(address for _, address in getaddresses([value]) if address)


def _bytes(text: str) -> bytes:
    # The parser keeps bytes above 127 as lone surrogates; other surrogates are damage.
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _word(content: bytes | str, charset: str | None) -> str:
    if isinstance(content, str):
        return content
    # decode_header hands unencoded stretches over as raw-unicode-escape (CPython, header.py).
    return decode(content, charset or "raw-unicode-escape")
