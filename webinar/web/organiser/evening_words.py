"""How the evening stands, in one sentence: the door, the clock, who is there.

Reads values and queries nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.clock import now
from webinar.domain import times
from webinar.domain.evenings import Counts
from webinar.domain.rooms import Hours, Terms
from webinar.models import Talk, TalkState
from webinar.web.filters import clock, moment_short

SOON = timedelta(minutes=90)
"""From here on minutes are counted; before, the hour says more."""


def sentence(talk: Talk, *, terms: Terms, counts: Counts) -> str:
    """ "Raum offen seit 17:45 Uhr, Beginn in 4 Minuten, 37 von 61 sind da." """
    if talk.state != TalkState.PUBLISHED:
        return _("Talk cancelled") if talk.state == TalkState.CANCELLED else _("Draft")
    parts = [_door(talk, terms.guests(talk)), _clock(talk, terms.guests(talk))]
    if talk.online and terms.staff(talk).opens_at <= now() < terms.staff(talk).closes_at:
        parts.append(_there(counts))
    return ", ".join(part for part in parts if part) + "."


def _door(talk: Talk, hours: Hours) -> str:
    if now() >= hours.closes_at:
        return _("The evening is over")
    if not talk.online:
        return _("In the hall")
    if talk.other_room_at is not None:
        return _("Another meeting since %(time)s", time=clock(talk.other_room_at, talk.zone))
    if talk.closed_at is not None:
        return _("Room closed since %(time)s", time=clock(talk.closed_at, talk.zone))
    return _opening(talk, hours)


def _opening(talk: Talk, hours: Hours) -> str:
    if now() >= hours.opens_at:
        return _("Room open since %(time)s", time=clock(hours.opens_at, talk.zone))
    if hours.opens_at - now() > timedelta(hours=12):
        return _("Room opens on %(moment)s", moment=moment_short(hours.opens_at, talk.zone))
    return _("Room opens at %(time)s", time=clock(hours.opens_at, talk.zone))


def _clock(talk: Talk, hours: Hours) -> str:
    end = times.end(talk)
    if now() >= hours.closes_at:
        return ""
    if now() < talk.starts_at:
        if talk.starts_at - now() > SOON:
            return _("start at %(time)s", time=clock(talk.starts_at, talk.zone))
        left = _minutes(talk.starts_at)
        return ngettext("start in %(num)d minute", "start in %(num)d minutes", left)
    if now() < end:
        left, at = _minutes(end), clock(end, talk.zone)
        return ngettext(
            "end in %(num)d minute (%(time)s)", "end in %(num)d minutes (%(time)s)", left, time=at
        )
    return _("ended at %(time)s", time=clock(end, talk.zone))


def _there(counts: Counts) -> str:
    return _(
        "%(present)d of %(expected)d are there", present=counts.present, expected=counts.online
    )


def _minutes(at: datetime) -> int:
    """Minutes that are left, the one that has begun included."""
    return -(-int((at - now()).total_seconds()) // 60)
