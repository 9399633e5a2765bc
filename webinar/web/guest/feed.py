"""One person's evenings for their calendar program, which asks by itself; no page, no cookie.

The link is made and renewed on the personal page (`webinar.web.guest.overview`).
"""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import feeds
from webinar.extensions import limiter
from webinar.web import events, guards
from webinar.web.feeds import PRIVATE, feed
from webinar.web.guest import pages
from webinar.web.settings import settings

blueprint = Blueprint("guest_feed", __name__)

OFTEN = "30 per minute"


def subscriber() -> str:
    """Whom the limit counts: the link, since the calendars of many people ask from one address."""
    return guards.link().public_id


@blueprint.get("")
@limiter.limit(OFTEN, key_func=subscriber)
def show() -> ResponseReturnValue:
    """The evenings as they stand now."""
    found = feeds.mine(pages.contact())
    return feed(
        [events.personal_event(evening) for evening in found.evenings],
        name=_("%(brand)s: my talks", brand=settings().brand),
        changed_at=found.changed_at,
        cache=PRIVATE,
    )
