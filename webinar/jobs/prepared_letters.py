"""Letters of one occasion to many people: rendered once with marks, then filled for each reader.

Rendering, inlining the styles and folding cost many times what sending does. So the letter of an
occasion is made once with a mark in each place where a reader's own words, links and address
stand, cut there, and put together again for each reader.

It must be byte for byte the letter that `webinar.jobs.letters` would have written. What is prepared
is therefore proved first, on a made-up reader with everything that is awkward in a name; an
occasion that fails the proof, and readers whose values could mean something to Markdown, get their
letters the slow way. Such are placeholders that an organiser has put into a link or a code.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from webinar.adapters import mime
from webinar.adapters.calendar_slots import MARK_STAMP, CalendarSlots, Owner
from webinar.adapters.mime import message_bytes
from webinar.clock import now
from webinar.config import Settings
from webinar.jobs import letter_links
from webinar.jobs.calendar_parts import Parts
from webinar.jobs.letters import Occasion, Personal, compose, letter, occasion_of, personal_of
from webinar.jobs.readers import Reader
from webinar.models import Mail, Purpose
from webinar.models.base import Timestamped
from webinar.rendering import prepared
from webinar.rendering.mails import Message
from webinar.rendering.placeholders import Addressee
from webinar.rendering.prepared import Line, Values

TEMPLATES = frozenset(
    {
        "invitation",
        "reinvitation",
        "materials",
        "message",
        "moved",
        "cancelled",
        "reminder_unanswered",
        "reminder_coming",
        "other_room",
        "room_back",
    }
)
"""What goes to many at once."""
WORTH = 8
"""How many letters of an occasion are worth preparing it."""
FRESH = timedelta(seconds=10)
"""How long a preparation holds: some words depend on the hour, or on rows that are not compared."""
WORDS = ("greeting", "name", "office", "organisation")
_AWKWARD = {
    "greeting": 'Sehr geehrte "Anna" <b>O\'Brien & Söhne</b>, Erste Bürgermeisterin {titel} *X* Z',
    "name": "Frau _Dr._ Weiß-Łęcki, geb. `Müller` & [Söhne](x) <i> \"Q\" 'q' {datum} ~a~ = 5",
    "office": "Erste Bürgermeisterin | 2. Vorsitzende # A \\ B + C! & <u> {x} Ö",
    "organisation": 'Gemeinde St. Märgen (Süd) & Co. - Amt > 3 * 4 {anrede} "K" K',
}

Plan = Callable[[], bytes | None]
"""Fills in a message; None where it has to be rendered."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Prepared:
    """The letter of an occasion, ready to be filled."""

    subject: str
    text: list[bytes | Line]
    html: list[bytes | Line]
    calendar: CalendarSlots | None
    invites: bool
    """Whether the calendar is an invite, not a mere file."""
    slots: frozenset[str]

    def content(self, own: Personal, settings: Settings) -> bytes | None:
        """The reader's message; None where only rendering it is safe."""
        words = _words(own.reader)
        if not all(_plain(words[name]) for name in WORDS if name in self.slots):
            return None
        parts = Parts()
        if self.calendar is not None:
            filled = self.calendar.fill(_owner(own))
            if filled is None:
                return None
            parts = Parts(invite=filled) if self.invites else Parts(attached=filled)
        links = dict(own.addresses)
        return mime.framed(
            letter(own, Message(self.subject, "", ""), parts, settings),
            _filled(self.text, links | words),
            _filled(self.html, links | {k: prepared.escaped(v) for k, v in words.items()}),
        )


class Press:
    """Writes the letters of batch after batch, and keeps what it has prepared for the next ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[object, tuple[datetime, Prepared | None]] = {}

    def plans(self, mails: Sequence[Mail]) -> dict[int, Plan]:
        """By the mails' ids: what fills in the message without asking the database, for all that
        can be prepared. Missing links are made and flushed."""
        told = [(_about(mail), mail) for mail in mails if mail.template in TEMPLATES]
        counts = Counter(about for about, _mail in told)
        # The same talk and the same mailing are the same rows: looked at once for each batch.
        read = {about: _rows(mail) for about, mail in dict(told).items() if counts[about] >= WORTH}
        found = {
            mail.id: self._plan(mail, read[about])
            for about, mail in told
            if about in read and mail.contact is not None
        }
        return {mail_id: plan for mail_id, plan in found.items() if plan is not None}

    def _plan(self, mail: Mail, read: tuple[object, ...]) -> Plan | None:
        try:
            own = personal_of(mail, self._settings)
            made = self._prepared(read, occasion_of(mail, self._settings), own)
        except SQLAlchemyError:
            raise
        except Exception:
            return None  # rendering it says what is wrong with it
        return partial(made.content, own, self._settings) if made is not None else None

    def _prepared(
        self, rows: tuple[object, ...], occasion: Occasion, own: Personal
    ) -> Prepared | None:
        key = rows, _key(occasion, own)
        kept = self._kept.get(key)
        if kept is None or not _fresh(kept[0]):
            self._kept = {one: made for one, made in self._kept.items() if _fresh(made[0])}
            kept = self._kept[key] = now(), prepare(occasion, own, self._settings)
        return kept[1]


def prepare(occasion: Occasion, own: Personal, settings: Settings) -> Prepared | None:
    """The occasion for readers who have what `own` has: the same language, the same links. None
    where filling gives another letter than rendering does."""
    made = _made(occasion, own, settings)
    readers = [_awkward(own, settings)]
    if made.content(own, settings) is not None:
        readers.append(own)
    for reader in readers:
        if made.content(reader, settings) != message_bytes(compose(occasion, reader, settings)):
            log.info("letter not prepared", template=occasion.template)
            return None
    return made


def _made(occasion: Occasion, own: Personal, settings: Settings) -> Prepared:
    words = {
        name: f"Q{secrets.token_hex(8)}q" if value else ""
        for name, value in _words(own.reader).items()
    }
    marked = _somebody(own, words, settings, name=f"Q{secrets.token_hex(8)}q")
    drafted = compose(occasion, marked, settings, draft=True)
    marks = dict(marked.addresses) | {name: mark for name, mark in words.items() if mark}
    calendar = drafted.invite or drafted.calendar_file
    text = prepared.lines_of_text(drafted.text, marks)
    html = prepared.lines_of_html(drafted.html, marks)
    return Prepared(
        subject=drafted.subject,
        text=_quoted(text),
        html=_quoted(html),
        calendar=CalendarSlots(calendar, _owner(marked)) if calendar is not None else None,
        invites=drafted.invite is not None,
        slots=frozenset().union(*(one.slots for one in (*text, *html) if isinstance(one, Line))),
    )


def _awkward(own: Personal, settings: Settings) -> Personal:
    """A reader with everything in the values that could go wrong."""
    words = {name: _AWKWARD[name] if value else "" for name, value in _words(own.reader).items()}
    return _somebody(own, words, settings, name="Prof. Dr. Zoë O’Neil & Söhne, geb. Łęcka-Weiß")


def _somebody(own: Personal, words: Values, settings: Settings, *, name: str) -> Personal:
    """A made-up reader in the place of the real one."""
    return replace(
        own,
        reader=Reader(language=own.reader.language, full_name=name, addressee=Addressee(**words)),
        recipient=f"{secrets.token_hex(8)}@gemeinde.example",
        addresses={one: letter_links.made_up(Purpose(one), settings) for one in own.addresses},
        door=letter_links.made_up(Purpose.ENTER, settings),
        date=MARK_STAMP,
    )


def _words(reader: Reader) -> dict[str, str]:
    return {name: getattr(reader.addressee, name) for name in WORDS}


def _owner(own: Personal) -> Owner:
    return Owner(door=own.door, name=own.reader.full_name, address=own.recipient, stamp=own.date)


def _plain(value: str) -> bool:
    """Whether the value stands for itself wherever a word may stand: no blanks that are lost, no
    sign at its ends that Markdown takes together with its neighbours, no number that begins a list.
    """
    ends = value[:1].isalpha() and value[-1:].isalnum()
    return ends and value.isprintable() and value == " ".join(value.split())


def _quoted(lines: list[str | Line]) -> list[bytes | Line]:
    return [mime.quoted(line) if isinstance(line, str) else line for line in lines]


def _filled(lines: list[bytes | Line], values: Values) -> bytes:
    return b"".join(
        line if isinstance(line, bytes) else mime.quoted(line.fill(values)) for line in lines
    )


def _about(mail: Mail) -> tuple[object, ...]:
    return mail.template, mail.talk_id, mail.mailing_id


def _fresh(made: datetime) -> bool:
    return now() - FRESH < made <= now()


def _key(occasion: Occasion, own: Personal) -> tuple[object, ...]:
    return (
        occasion.template,
        own.reader.language,
        own.way_out,
        tuple(own.addresses),
        tuple(map(bool, _words(own.reader).values())),
        occasion.told,
        repr(occasion.params),
    )


def _rows(mail: Mail) -> tuple[object, ...]:
    """What the words of the mail are read from, by the moment of the last change."""
    talk = mail.talk
    found: list[Timestamped] = [row for row in (talk, mail.mailing) if row is not None]
    if talk is not None:
        found += [talk.series, *talk.appearances, *talk.speakers]
    return tuple((repr(row), row.changed_at) for row in found)
