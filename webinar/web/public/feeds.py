"""Calendars for everybody to subscribe to: the whole programme, or one series."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import feeds
from webinar.extensions import limiter
from webinar.models import Series
from webinar.web import events
from webinar.web.feeds import PUBLIC, feed
from webinar.web.settings import settings

blueprint = Blueprint("feeds", __name__)

OFTEN = "60 per minute"
"""By network. The calendars of a whole office ask from one address, most at the full hour."""


@blueprint.get("/veranstaltungen.ics")
@limiter.limit(OFTEN)
def everything() -> ResponseReturnValue:
    """All talks of the programme."""
    return _feed(None, name=settings().brand)


@blueprint.get("/reihen/<series_slug>.ics")
@limiter.limit(OFTEN)
def of_series(series_slug: str) -> ResponseReturnValue:
    """The talks of one series."""
    series = feeds.series_of(series_slug)
    return _feed(series, name=series.name)


def address(series: Series | None = None) -> str:
    """Where the feed stands, by the setting; in German, as the calendar that keeps it."""
    if series is None:
        return settings().base_url + url_for("feeds.everything", lang=None)
    return settings().base_url + url_for("feeds.of_series", series_slug=series.slug, lang=None)


def _feed(series: Series | None, *, name: str) -> ResponseReturnValue:
    found = feeds.programme(series)
    listed = [events.public_event(talk) for talk in found.talks]
    return feed(listed, name=name, changed_at=found.changed_at, cache=PUBLIC)
