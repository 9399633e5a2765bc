"""What has changed about a talk: "Der Beginn hat sich geändert: 18:30 statt 18:00 Uhr."

Takes what the talk said before as `domain.talk_changes.facts` keeps it with a mail. Several moves
before the mail went out read as one: the talk is told as it stands now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from webinar.models import Format, Talk
from webinar.rendering import dates, mails
from webinar.text import fingerprint


def said(before: Mapping[str, str], talk: Talk, *, language: str) -> list[str]:
    """A sentence each for the title, the time, the place and the abstract, where they differ; none
    where nothing is known of before."""
    if not before:
        return []
    return [
        *_title(before, talk, language),
        *_time(before, talk, language),
        *_place(before, talk, language),
        *_abstract(before, talk, language),
    ]


def _title(before: Mapping[str, str], talk: Talk, language: str) -> list[str]:
    """Mails that were written before titles were kept know none."""
    old = before.get("title", talk.title)
    if old == talk.title:
        return []
    sentence = mails.catalogue(language).gettext(
        "The title has changed: “%(new)s” instead of “%(old)s”."
    )
    return [sentence % {"new": talk.title, "old": old}]


def _abstract(before: Mapping[str, str], talk: Talk, language: str) -> list[str]:
    if before.get("abstract", fingerprint(talk.abstract)) == fingerprint(talk.abstract):
        return []
    return [mails.catalogue(language).gettext("What the evening is about was described anew.")]


def _time(before: Mapping[str, str], talk: Talk, language: str) -> list[str]:
    words = mails.catalogue(language)
    zone = before["zone"]
    start, end = (datetime.fromisoformat(before[name]) for name in ("start", "end"))
    if (start, end) == (talk.starts_at, talk.ends_at):
        return []
    old, new = (
        dates.day(moment, where, language=language)
        for moment, where in ((start, zone), (talk.starts_at, talk.zone))
    )
    if old != new:
        return [
            words.gettext("The date has changed: %(new)s instead of %(old)s.")
            % {
                "new": dates.span(talk.starts_at, talk.ends_at, talk.zone, language=language),
                "old": dates.span(start, end, zone, language=language),
            }
        ]
    pairs = (
        (
            words.gettext("The beginning has changed: %(new)s instead of %(old)s."),
            start,
            talk.starts_at,
        ),
        (words.gettext("The end has changed: %(new)s instead of %(old)s."), end, talk.ends_at),
    )
    return [
        sentence
        % {
            "new": _figures(now, talk.zone, language),
            "old": dates.time(was, zone, language=language),
        }
        for sentence, was, now in pairs
        if was != now
    ]


def _figures(moment: datetime, zone: str, language: str) -> str:
    """18:30, without "Uhr", which the second of the two times carries."""
    return dates.time(moment, zone, language=language).removesuffix(f"{dates.HARD_SPACE}Uhr")


def _place(before: Mapping[str, str], talk: Talk, language: str) -> list[str]:
    words = mails.catalogue(language)
    old = Talk(
        format=before["format"], venue=before["venue"], venue_address=before["venue_address"]
    )
    told = [mails.place(one, language=language, address=True) for one in (talk, old)]
    if told[0] == told[1]:
        return []
    if talk.format == old.format != Format.ONLINE:
        sentence = words.gettext("The hall has changed: %(new)s instead of %(old)s.")
        told = [_hall(one) or told[place] for place, one in enumerate((talk, old))]
    else:
        sentence = words.gettext("The place has changed: %(new)s instead of %(old)s.")
    return [sentence % {"new": told[0], "old": told[1]}]


def _hall(talk: Talk) -> str:
    return ", ".join(filter(None, (talk.venue, talk.venue_address)))
