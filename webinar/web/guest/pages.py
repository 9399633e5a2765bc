"""What the pages behind personal links share: the talk and person of the link, the date.

The page in front of the room is `door`'s.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response
from flask_babel import gettext as _

from webinar.clock import now
from webinar.domain import standing as standings
from webinar.domain import times
from webinar.domain.rooms import Entry
from webinar.domain.standing import Standing
from webinar.errors import NotThere
from webinar.models import Contact, Speaker, Talk
from webinar.rendering import dates
from webinar.web import guards
from webinar.web.language import language
from webinar.web.room_entry import Door

SPREAD = 10
"""Seconds over which the waiting pages of one talk come back, so that not all ask at once."""


def talk() -> Talk:
    """The talk of this request's link; raises `NotThere` for a link without one."""
    found = guards.link().talk
    if found is None:
        raise NotThere("link_not_valid")
    return found


def talk_id() -> int:
    """Its id, for an act that reads the talk under its lock; raises `NotThere` as `talk`."""
    found = guards.link().talk_id
    if found is None:
        raise NotThere("link_not_valid")
    return found


def contact() -> Contact:
    """The contact who holds this request's link; raises `NotThere` for a speaker's link."""
    found = guards.link().contact
    if found is None:
        raise NotThere("link_not_valid")
    return found


def speaker() -> Speaker:
    """The speaker who holds this request's link; raises `NotThere` for a contact's link."""
    found = guards.link().speaker
    if found is None:
        raise NotThere("link_not_valid")
    return found


def standing() -> Standing:
    """Where the contact of this request's link stands with its talk, as it was when the request
    came."""
    arrival = guards.arrival()
    seen = arrival.seen if arrival is not None else None
    return standings.standing(talk(), contact=contact(), seen=seen)


def date_block(talk: Talk) -> dates.DateBlock:
    """The talk's date block; on the day itself it says so."""
    block = dates.date_block(talk.starts_at, talk.zone, end=times.end(talk), language=language())
    if dates.days_until(talk.starts_at, talk.zone, now=now()) == 0:
        return replace(block, weekday=_("Today, %(weekday)s", weekday=block.weekday))
    return block


def come_back(answer: Response, door: Door) -> None:
    """Let the page be loaded again when the door opens, by the browser itself."""
    if door.entry is Entry.EARLY and door.soon:
        wait = int((door.hours.opens_at - now()).total_seconds()) + 1
        answer.headers["Refresh"] = str(wait + guards.link().id % SPREAD)
