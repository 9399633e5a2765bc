"""Placeholders in an organiser's text: `{titel}`, `{datum}`, `{anrede}` and so on.

Plain names in braces, no language of templates: an organiser can neither break a mail with them nor
read what is not offered. Which names exist says `models.Placeholder`, and `domain.mailings` refuses
others at their field. In Markdown the values are escaped, except `{beschreibung}`, which is
Markdown itself.

    {anrede}        Sehr geehrte Frau Bürgermeisterin Seubert
    {name}          Frau Bürgermeisterin Seubert
    {amt}           Erste Bürgermeisterin
    {organisation}  Gemeinde Musterort
    {titel}         the talk's title
    {reihe}         After-Work-Wissen
    {gastgeber}     Landrat Johannes Weidner, or the office where the series names no host
    {wochentag}     Donnerstag
    {datum}         14. Januar 2027
    {uhrzeit}       18:00–19:30 Uhr
    {ort}           Online oder vor Ort: Großer Sitzungssaal
    {referenten}    Dr. Katharina Brandl und Lars Ott
    {antwortfrist}  Mittwoch, 13. Januar 2027, 12:00 Uhr
    {beschreibung}  the talk's abstract
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list

from webinar.models import Placeholder, Talk
from webinar.rendering import dates, mails, salutations

_NAME = re.compile(r"\{([^{}\n]*)\}")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|&~])")
_P = Placeholder


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """Whom a mail is to, in words; `greeting` without its comma."""

    greeting: str
    name: str
    office: str = ""
    organisation: str = ""


def values(
    talk: Talk, *, to: Addressee, answer_by: datetime, office: str, language: str
) -> dict[Placeholder, str]:
    """What each placeholder stands for in a mail about the talk to that person."""
    zone = talk.zone
    names = [
        salutations.full_name(
            title=speaker.title, first_name=speaker.first_name, last_name=speaker.last_name
        )
        for speaker in talk.speakers
    ]
    return {
        _P.ANREDE: to.greeting,
        _P.NAME: to.name,
        _P.AMT: to.office,
        _P.ORGANISATION: to.organisation,
        _P.TITEL: talk.title,
        _P.REIHE: talk.series.name,
        _P.GASTGEBER: talk.series.host or office,
        _P.WOCHENTAG: dates.date_block(talk.starts_at, zone, language=language).weekday,
        _P.DATUM: dates.date_only(talk.starts_at, zone, language=language),
        _P.UHRZEIT: dates.time_span(talk.starts_at, talk.ends_at, zone, language=language),
        _P.ORT: mails.place(talk, language=language),
        _P.REFERENTEN: format_list(names, locale=language) if names else "",
        _P.ANTWORTFRIST: dates.moment_text(answer_by, zone, language=language),
        _P.BESCHREIBUNG: talk.abstract.strip(),
    }


def fill(text: str, given: Mapping[Placeholder, str], *, markdown: bool = True) -> str:
    """The text with its placeholders filled in; names that do not exist stay as they are."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in set(Placeholder):
            return found[0]
        name = Placeholder(found[1])
        escaped = markdown and name is not Placeholder.BESCHREIBUNG
        return _SPECIAL.sub(r"\\\1", given[name]) if escaped else given[name]

    return _NAME.sub(value, text)
