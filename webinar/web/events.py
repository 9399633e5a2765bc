"""A talk as a calendar event, for downloads from pages; mails make theirs in `webinar.jobs`."""

from __future__ import annotations

from webinar.adapters.calendar import Event, Status
from webinar.models import Talk, TalkState
from webinar.rendering import markdown
from webinar.web.settings import settings


def public_event(talk: Talk, *, link: str, sequence: int = 0) -> Event:
    """The event as everybody may see it; `link` stands in it wherever clients look."""
    office = settings().office
    cancelled = talk.state == TalkState.CANCELLED
    return Event(
        uid=talk.uid,
        sequence=sequence,
        stamp=talk.changed_at,
        start=talk.starts_at,
        end=talk.ends_at,
        zone=talk.zone,
        summary=talk.title,
        description=markdown.plain(talk.abstract),
        location=", ".join(part for part in (talk.venue, talk.venue_address) if part),
        url=link,
        organiser_name=office.name,
        organiser_address=office.email,
        status=Status.CANCELLED if cancelled else Status.CONFIRMED,
    )
