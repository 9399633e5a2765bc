"""The words of mails: subject, plain text and HTML from `templates/mail/<name>/`.

Values in, text out: whose mail it is, what it tells of and its links come from
`webinar.jobs.letters`; the shape of the message is `webinar.adapters.mime`'s. Works without a
request: a Jinja environment of its own for each language. HTML is written with classes and sent
with inline styles, since mail programs drop style sheets; only what answers to the reader's screen
(width, dark mode) stays in one.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import css_inline
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from webinar.config import ROOT
from webinar.models import Mode, Talk
from webinar.rendering import dates, salutations

WIDTH = 72
"""Characters in a line of plain text (RFC 5322, 2.1.1 allows 78)."""
_ADDRESS = re.compile(r"https?://\S+")
_LIST = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
_QUOTE = re.compile(r"\s*>\s+")


@dataclass(frozen=True)
class Message:
    """A mail's words; the subject is one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class TalkFacts:
    """What every mail about a talk shows of it, written out in the reader's language."""

    title: str
    when: str
    day: str
    """Donnerstag, 14. Januar 2027"""
    block: dates.DateBlock
    speakers: tuple[str, ...]
    venue: str
    """Name and address of the hall, in one line; empty where it has none."""
    notes: str
    online: bool
    """Whether one can take part online."""


def catalogue(language: str) -> NullTranslations:
    """The translations of the whole program into that language; message ids are English."""
    return _catalogue(language)


@lru_cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(ROOT / "webinar" / "translations"), [language])


@lru_cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "mail"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
        catalogue(language), newstyle=True
    )
    made.globals["language"] = language
    made.filters["after_greeting"] = partial(salutations.after_greeting, language=language)
    return made


_inliner = css_inline.CSSInliner(
    keep_style_tags=False, keep_link_tags=False, load_remote_stylesheets=False
)


def render(name: str, *, language: str, values: Mapping[str, object]) -> Message:
    """The mail `templates/mail/<name>/` in the language "de" or "en".

    A value that a template asks for and does not get is an error (`jinja2.UndefinedError`).
    """
    return finished(draft(name, language=language, values=values))


def draft(name: str, *, language: str, values: Mapping[str, object]) -> Message:
    """The mail before its lines of plain text are wrapped; `finished` wraps them."""
    made = _environment(language)
    subject = made.get_template(f"{name}/subject.txt").render(values)
    values = {**values, "subject": one_line(subject)}
    text = made.get_template(f"{name}/body.txt").render(values)
    html = made.get_template(f"{name}/body.html").render(values)
    return Message(subject=one_line(subject), text=text, html=_inliner.inline(html).strip() + "\n")


def finished(message: Message) -> Message:
    """The draft with its lines of plain text wrapped."""
    return replace(message, text=wrapped(message.text))


def one_line(text: str) -> str:
    """White space of every kind as single blanks."""
    return " ".join(text.split())


def wrapped(text: str) -> str:
    """Plain text in lines of at most `WIDTH`, no address broken, at most one empty line in a row.

    Indented lines and list items keep their indentation. Hard spaces hold until after wrapping.
    """
    lines = [piece for line in text.strip().split("\n") for piece in folded(line)]
    joined = "\n".join(lines).replace(dates.HARD_SPACE, " ")
    return re.sub(r"\n{3,}", "\n\n", joined) + "\n"


def folded(line: str) -> list[str]:
    """The lines that one line of plain text becomes."""
    if line == "-- ":
        return [line]
    line = line.rstrip()
    if len(line) <= WIDTH or _ADDRESS.fullmatch(line.strip()):
        return [line]
    start = line[: len(line) - len(line.lstrip())]
    if found := _QUOTE.match(line):
        start = found[0]
    elif found := _LIST.match(line):
        start = " " * len(found[0])
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def facts(talk: Talk, *, language: str) -> TalkFacts:
    """The talk for the templates."""
    return TalkFacts(
        title=talk.title,
        when=dates.span(talk.starts_at, talk.ends_at, talk.zone, language=language),
        day=dates.day(talk.starts_at, talk.zone, language=language),
        block=dates.date_block(talk.starts_at, talk.zone, end=talk.ends_at, language=language),
        speakers=tuple(
            ", ".join(filter(None, (_name(speaker), speaker.role or speaker.organisation)))
            for speaker in talk.speakers
        ),
        venue=", ".join(filter(None, (talk.venue, talk.venue_address))),
        notes=talk.venue_notes,
        online=talk.online,
    )


def _name(person: object) -> str:
    parts = {key: str(getattr(person, key)) for key in ("title", "first_name", "last_name")}
    return salutations.full_name(**parts)


def place(talk: Talk, *, language: str, mode: Mode | None = None, address: bool = False) -> str:
    """Where the talk is, in one line: "Online oder vor Ort: Großer Sitzungssaal".

    With `mode` only that side of it, with `address` also the hall's street.
    """
    words = catalogue(language)
    hall = ", ".join(filter(None, (talk.venue, talk.venue_address if address else "")))
    online = talk.online if mode is None else mode is Mode.ONLINE
    on_site = talk.on_site if mode is None else mode is Mode.HALL
    if online and on_site:
        both = (
            words.gettext("Online or on site: %(place)s")
            if hall
            else words.gettext("Online or on site")
        )
        return both % {"place": hall}
    if on_site:
        return hall or words.gettext("On site")
    return words.gettext("Online")
