"""Addresses that open a new entry, filled in, in the calendars that people keep on the web.

Nobody is asked before the click: these are plain links. The entry is a copy that does not move with
the talk, unlike the file's and the feed's (`webinar.adapters.calendar`).

Google documents its address in passing, Microsoft not at all. Outlook shows the body as HTML, so
that a line break must be a tag, and reads "+" as a blank; below `/deeplink/compose`, where it also
stands, the page was seen not to load, and blanks to become "+".
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from urllib.parse import quote, urlencode

from webinar.adapters.calendar import Event

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.office.com/calendar/action/compose"
OUTLOOK_PRIVATE = "https://outlook.live.com/calendar/action/compose"
LONGEST = 2000
"""Characters that every browser and server on the way takes (RFC 9110, 4.1 recommends 8000)."""


CUTS = (800, 400, 200, 0)
"""To how many characters the text is cut until the address is short enough."""


def google(event: Event) -> str:
    """A new entry in Google's calendar."""
    dates = "/".join(f"{at:%Y%m%dT%H%M%SZ}" for at in _utc(event))
    fixed = {"action": "TEMPLATE", "text": event.summary, "dates": dates}
    texts = [{"details": _text(event, cut)} for cut in CUTS]
    return _address(GOOGLE, {**fixed, "location": _place(event)}, texts)


def outlook(event: Event, *, private: bool = False) -> str:
    """A new entry in Outlook on the web, of an office's account or a private one."""
    start, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in _utc(event))
    fixed = {"rru": "addevent", "subject": event.summary, "startdt": start, "enddt": end}
    texts = [{"body": escape(_text(event, cut), quote=False).replace("\n", "<br>")} for cut in CUTS]
    base = OUTLOOK_PRIVATE if private else OUTLOOK
    return _address(base, {**fixed, "location": _place(event)}, texts)


def _address(base: str, fixed: dict[str, str], texts: list[dict[str, str]]) -> str:
    """The address with as much of the text as fits."""
    made = [f"{base}?{urlencode({**fixed, **text}, quote_via=quote)}" for text in texts]
    return next((address for address in made if len(address) <= LONGEST), made[-1])


def _utc(event: Event) -> tuple[datetime, datetime]:
    return event.start.astimezone(UTC), event.end.astimezone(UTC)


def _place(event: Event) -> str:
    """With the link, which is the place of an evening online."""
    return ", ".join(part for part in (event.location, event.url) if part)


def _text(event: Event, cut: int) -> str:
    text = event.description.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > cut:
        text = text[:cut].rpartition(" ")[0] + " …" if cut else ""
    return f"{text}\n\n{event.url}".strip()
