"""One message of the local mailbox as values that a page can show: text, HTML, calendar, files.

Takes bytes, returns values, never raises on a damaged message. The calendar object itself is read
by its neighbour `mailcalendar`, the header lines by `mailheaders`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from html import escape
from html.parser import HTMLParser

from webinar.demo import mailheaders
from webinar.demo.mailcalendar import CalendarView, read_calendar

_CALENDAR_TYPES = ("text/calendar", "application/ics")


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One part that carries a file name or that no mail program would show in place."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class MailView:
    """Everything of one message; what it does not have is None or empty."""

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    calendar: CalendarView | None
    attachments: tuple[Attachment, ...]
    problem: str | None

    def header(self, name: str) -> str:
        """The first header line of that name, or the empty string."""
        return next((v for n, v in self.headers if n.casefold() == name.casefold()), "")


def read_mail(raw: bytes) -> MailView:
    """Read a message as its recipient's program would."""
    try:
        return _read(raw)
    # Whatever arrived must stay visible, and the parsers' own errors are not enumerable: parts
    # nested a thousand deep end in RecursionError, odd parameters in AttributeError.
    except Exception as error:
        return MailView(
            headers=(),
            text=None,
            html=None,
            calendar=None,
            attachments=(),
            problem=f"{type(error).__name__}: {error}"[:300],
        )


def _read(raw: bytes) -> MailView:
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    leaves = list(_leaves(message))
    inline = [part for part in leaves if not part.get_filename()]
    return MailView(
        headers=tuple(mailheaders.parse(raw)),
        text=_first_text(inline, "text/plain"),
        html=_first_text(inline, "text/html"),
        calendar=_calendar(leaves),
        attachments=tuple(
            _attachment(part, number)
            for number, part in enumerate(leaves, start=1)
            if part.get_filename() or part.get_content_maintype() not in ("text", "multipart")
        ),
        problem="; ".join(_defects([message, *leaves])) or None,
    )


def _defects(parts: list[Message]) -> list[str]:
    found = (type(defect).__name__ for part in parts for defect in part.defects)
    return list(dict.fromkeys(found))


def _leaves(message: Message) -> Iterator[Message]:
    # A forwarded message (message/rfc822) counts as one file, as in every mail program.
    if message.get_content_maintype() == "multipart" and isinstance(message.get_payload(), list):
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _content(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"\r\n".join(bytes(item) for item in inner if isinstance(item, Message))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_param("charset")
    return mailheaders.decode(_content(part), charset if isinstance(charset, str) else None)


def _first_text(parts: list[Message], media_type: str) -> str | None:
    return next((_text(part) for part in parts if part.get_content_type() == media_type), None)


def _calendar(parts: list[Message]) -> CalendarView | None:
    # The part without a name is the one that mail programs act on; an attached one comes second.
    found = [part for part in parts if part.get_content_type() in _CALENDAR_TYPES]
    found.sort(key=lambda part: bool(part.get_filename()))
    if not found:
        return None
    method = found[0].get_param("method")
    return read_calendar(
        _content(found[0]),
        header_method=method if isinstance(method, str) else None,
        attached=bool(found[0].get_filename()),
    )


def _attachment(part: Message, number: int) -> Attachment:
    name = mailheaders.readable(part.get_filename() or "")
    # Only the last step of a path may become a file name on somebody's disk.
    name = name.replace("\\", "/").rsplit("/", 1)[-1].strip(". ")
    return Attachment(
        name=name or f"teil-{number}",
        media_type=part.get_content_type(),
        content=_content(part),
    )


class _Outward(HTMLParser):
    """Copies HTML and lets every link open in a new tab that knows nothing of this page.

    What could load or redirect by itself is left out; scripts stay visible in the source and are
    stopped by the frame's sandbox and by the page's policy.
    """

    _DROPPED = frozenset({"base", "link", "meta"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "area"):
            kept = [(name, value) for name, value in attrs if name not in ("target", "rel")]
            kept += [("target", "_blank"), ("rel", "noopener noreferrer")]
            shown = "".join(f' {name}="{escape(value or "")}"' for name, value in kept)
            self.out.append(f"<{tag}{shown}>")
        elif tag not in self._DROPPED:
            self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.out.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")


def with_outward_links(html: str) -> str:
    """The same HTML, safe to show in a sandboxed frame, its links opening in a new tab."""
    parser = _Outward()
    parser.feed(html)
    parser.close()
    return "".join(parser.out)
