"""Talks as calendar events, for downloads, feeds and links; mails make theirs in `webinar.jobs`.

The public one leads to the talk's page and knows neither room nor participants. The personal one
carries the link that only enters, since calendars are shared.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from webinar.adapters import calendar_links
from webinar.adapters.calendar import Event, Status
from webinar.domain import feeds, links
from webinar.domain.feeds import Evening
from webinar.models import Mode, Talk, TalkState
from webinar.rendering import calendars, mails
from webinar.web.language import language
from webinar.web.settings import settings


@dataclass(frozen=True)
class Ways:
    """The addresses by which one event gets into a calendar; nothing of them is asked before the
    click."""

    file: str
    google: str
    outlook: str
    outlook_private: str


def ways(event: Event, *, file: str) -> Ways:
    """The file of ours at `file`, and the calendars on the web."""
    return Ways(
        file=file,
        google=calendar_links.google(event),
        outlook=calendar_links.outlook(event),
        outlook_private=calendar_links.outlook(event, private=True),
    )


def public_address(talk: Talk) -> str:
    """Where the talk stands, by the setting: the request's Host header is anybody's to write."""
    return settings().base_url + url_for("public.talk", slug=talk.slug, lang=None)


def public_event(talk: Talk) -> Event:
    """The event as everybody may see it."""
    office = settings().office
    return Event(
        uid=talk.uid,
        sequence=talk.sequence,
        stamp=feeds.changed_at(talk),
        start=talk.starts_at,
        end=talk.ends_at,
        zone=talk.zone,
        summary=calendars.title(talk, language=language()),
        description=calendars.for_everybody(talk, language=language()),
        location=mails.place(talk, language=language(), address=True),
        url=public_address(talk),
        organiser_name=office.name,
        organiser_address=office.email,
        status=_status(talk, waiting=False),
    )


def personal_event(evening: Evening) -> Event:
    """The event as it stands in one person's calendar, without naming the person. Who waits is led
    to the talk's page: there is no door yet."""
    talk, found = evening.talk, settings()
    address = public_address(talk)
    description = calendars.for_everybody(talk, language=language())
    if evening.door is not None:
        address = links.address(evening.door, base_url=found.base_url, keys=found.link_keys)
        description = calendars.of_a_place(talk, language=language())
    return Event(
        uid=talk.uid,
        sequence=evening.sequence,
        stamp=evening.changed_at,
        start=talk.starts_at,
        end=talk.ends_at,
        zone=talk.zone,
        summary=calendars.title(talk, language=language(), waiting=evening.waiting),
        description=description,
        location=mails.place(talk, language=language(), mode=Mode(evening.mode), address=True),
        url=address,
        organiser_name=talk.series.host or found.office.name,
        organiser_address=found.mail.sender,
        status=_status(talk, waiting=evening.waiting),
    )


def _status(talk: Talk, *, waiting: bool) -> Status:
    if talk.state == TalkState.CANCELLED:
        return Status.CANCELLED
    return Status.TENTATIVE if waiting else Status.CONFIRMED
