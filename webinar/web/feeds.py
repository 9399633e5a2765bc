"""Answering calendars that subscribed: an ETag of the bytes, so that most questions cost no answer.

Programs ask once an hour, for years. What stands in the feed is `webinar.web.events`' and
`webinar.domain.feeds`'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Response, request

from webinar.adapters.calendar import Event, feed_bytes
from webinar.clock import now

PRIVATE = "private, no-cache"
"""Nobody on the way keeps it, and the program asks each time."""
PUBLIC = "public, max-age=600"
SETTLED = timedelta(seconds=2)
"""Last-Modified counts whole seconds: within the same one another change may follow."""


def feed(events: Iterable[Event], *, name: str, changed_at: datetime, cache: str) -> Response:
    """The calendar, or 304 where the program has these bytes already (RFC 9110, 13.2.2)."""
    content = feed_bytes(events, name=name)
    answer = Response(content, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'inline; filename="veranstaltungen.ics"'
    answer.headers["Cache-Control"] = cache
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    if now() - changed_at > SETTLED:
        answer.last_modified = changed_at
    asked = dict(request.environ)
    if "HTTP_IF_NONE_MATCH" in asked:
        # Also one that cannot be read rules the date out.
        asked.pop("HTTP_IF_MODIFIED_SINCE", None)
    answer.make_conditional(asked)
    return answer


def to_subscribe(address: str) -> str:
    """The address under which calendar programs offer to subscribe instead of importing once."""
    return "webcal://" + address.partition("://")[2]
