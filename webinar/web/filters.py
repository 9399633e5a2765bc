"""What templates may call: dates, names, Markdown, sizes. Each reads values and queries nothing,
but for the number in the navigation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.lists import format_list
from flask import Flask, g
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from webinar.clock import BERLIN, now
from webinar.domain import inbox, links, times
from webinar.models import Account, Link, Role, Talk
from webinar.rendering import dates, markdown, salutations
from webinar.text import masked
from webinar.web.feeds import to_subscribe
from webinar.web.language import language
from webinar.web.settings import settings

ZONE = str(BERLIN)
OPENING = 320
NOON = time(12)
DESK = frozenset(
    {
        "desk",
        "contacts",
        "contact_addresses",
        "imports",
        "audiences",
        "series",
        "speakers",
        "talks",
        "talk_speakers",
        "rooms",
        "evening",
        "admissions",
        "other_room",
        "feedback",
        "invitations",
        "mailings",
        "dispatches",
        "registrations",
        "attendances",
        "recordings",
        "people",
        "registering",
        "waiting_list",
        "releases",
        "materials",
        "films",
        "cuts",
        "reminders",
        "mails",
        "mail_acts",
        "inbox",
        "inbox_deputies",
        "audit",
        "accounts",
        "own_account",
        "own_factors",
        "proof",
        "sign_in",
        "provider",
        "password_links",
        "retention",
        "personal_data",
        "legal",
        "desk_search",
    }
)


class Person(Protocol):
    """A contact or a speaker."""

    form: str
    title: str
    first_name: str
    last_name: str


def register(app: Flask) -> None:
    app.context_processor(_everywhere)
    filters: tuple[Callable[..., object], ...] = (
        when,
        hours,
        date_block,
        moment,
        moment_short,
        day,
        short_day,
        clock,
        relative,
        opening,
        masked,
        full_name,
        sorted_name,
        addressed_as,
        addressed_as_object,
        salutation,
        speaker_names,
        role_line,
        file_size,
        minutes,
        timecode,
        decimal,
        role_name,
        factor,
    )
    for function in filters:
        app.add_template_filter(function)
    app.add_template_filter(markdown.html, "markdown")
    app.add_template_filter(to_subscribe)
    app.add_template_global(link_to)
    app.add_template_global(inbox_waiting)


def _everywhere() -> dict[str, object]:
    found = settings()
    return {"office": found.office, "brand": found.brand, "desk_blueprints": DESK}


def role_name(account: Account) -> str:
    """The account's role in a word."""
    names = {
        Role.ADMIN: _("Administrator"),
        Role.ORGANISER: _("Organiser"),
        Role.VIEWER: _("Viewer"),
    }
    return names[Role(account.role)]


def inbox_waiting() -> int:
    """How many messages wait for a person, for the navigation; asked once for each page, and only
    where a mailbox is read."""
    if "inbox_waiting" not in g:
        g.inbox_waiting = inbox.waiting_count() if settings().inbox.read else 0
    return int(g.inbox_waiting)


def when(talk: Talk) -> str:
    """ "Donnerstag, 14. Januar 2027, 18:00–19:30 Uhr"."""
    return dates.span(talk.starts_at, times.end(talk), talk.zone, language=language())


def hours(talk: Talk) -> str:
    """ "18:00–19:30 Uhr"."""
    return dates.time_span(talk.starts_at, times.end(talk), talk.zone, language=language())


def date_block(talk: Talk) -> dates.DateBlock:
    """The parts of the talk's date block."""
    return dates.date_block(talk.starts_at, talk.zone, end=times.end(talk), language=language())


def moment(at: datetime, zone: str = ZONE) -> str:
    """ "Donnerstag, 14. Januar 2027, 18:00 Uhr"."""
    return dates.moment_text(at, zone, language=language())


def moment_short(at: datetime, zone: str = ZONE) -> str:
    """ "13. Januar, 12:00 Uhr"."""
    return dates.short_moment(at, zone, language=language())


def day(at: datetime | date, zone: str = ZONE) -> str:
    """ "14. Januar 2027", of a moment or of a day."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, NOON, ZoneInfo(zone))
    return dates.date_only(at, zone, language=language())


def short_day(at: datetime, zone: str = ZONE) -> str:
    """ "14. Januar"."""
    return dates.day_month(at, zone, language=language())


def clock(at: datetime, zone: str = ZONE) -> str:
    """ "17:45 Uhr"."""
    return dates.time(at, zone, language=language())


def relative(at: datetime, zone: str = ZONE) -> str:
    """ "in 9 Tagen"."""
    return dates.relative_day(at, zone, now=now(), language=language())


def opening(text: str) -> str:
    """The first paragraph of a Markdown text as plain words, cut at a sentence if it is long."""
    first = markdown.plain(text).split("\n\n")[0].replace("\n", " ").strip()
    if len(first) <= OPENING:
        return first
    sentence, stop, _rest = first[:OPENING].rpartition(". ")
    return sentence + "." if stop else first[:OPENING].rpartition(" ")[0] + " …"


def full_name(person: Person) -> str:
    """ "Dr. Katharina Brandl"."""
    return (
        salutations.full_name(
            title=person.title, first_name=person.first_name, last_name=person.last_name
        )
        or anonymous()
    )


def sorted_name(person: Person) -> str:
    """ "Weiß, Dr. Elisabeth"."""
    return (
        salutations.sorted_name(
            title=person.title, first_name=person.first_name, last_name=person.last_name
        )
        or anonymous()
    )


def anonymous() -> str:
    """What stands in the place of a name that is gone (`domain.anonymous`)."""
    return _("made anonymous")


def addressed_as(person: Person) -> str:
    """ "Frau Bürgermeisterin Seubert", "Herr Landrat Müller"."""
    return _addressed(person, accusative=False)


def addressed_as_object(person: Person) -> str:
    """ "Herrn Landrat Müller": after "für" or "an"."""
    return _addressed(person, accusative=True)


def _addressed(person: Person, *, accusative: bool) -> str:
    return salutations.addressed_as(
        form=person.form,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        office=getattr(person, "office", ""),
        language=language(),
        accusative=accusative,
    )


def salutation(person: Person) -> str:
    """ "Sehr geehrte Frau Bürgermeisterin Seubert"."""
    return salutations.salutation(
        form=person.form,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        office=getattr(person, "office", ""),
        override=getattr(person, "salutation", ""),
        language=language(),
    )


def speaker_names(talk: Talk) -> str:
    """ "Jonas Metzger und Petra Haag"."""
    return format_list([full_name(person) for person in talk.speakers], locale=language())


def role_line(speaker: object) -> str:
    """ "Leiterin des Bauamts, Landratsamt Würzburg"."""
    parts = (getattr(speaker, "role", ""), getattr(speaker, "organisation", ""))
    return ", ".join(part for part in parts if part)


def file_size(size: int) -> str:
    """ "3,1 MB"; decimal units, as file managers of the offices show them."""
    value, unit = float(size), "Byte"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    digits = "0.0" if unit in ("MB", "GB") and value < 10 else "0"
    return f"{format_decimal(value, format=digits)}\u00a0{unit}"


def minutes(seconds: int) -> str:
    """ "68 Minuten"; at least one."""
    count = max(1, round(seconds / 60))
    return ngettext("%(num)d minute", "%(num)d minutes", count)


def timecode(milliseconds: int) -> str:
    """ "17:05", from an hour on "1:17:05"."""
    rest, second = divmod(milliseconds // 1000, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def factor(number: float) -> str:
    """ "1,25-fach"."""
    return _("%(number)s times", number=format_decimal(number))


def decimal(number: float) -> str:
    """ "4,3"."""
    return str(format_decimal(number, format="0.0"))


def link_to(link: Link) -> str:
    """The full address of a personal link."""
    found = settings()
    return links.address(link, base_url=found.base_url, keys=found.link_keys)
