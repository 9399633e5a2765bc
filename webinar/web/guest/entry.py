"""The door to the room behind the link that stands in calendars.

Calendars are shared: this link can enter at its hour and do nothing else. It neither shows the
answer's buttons nor leads to the archive; after the evening it says where the archive's link is.
"""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import rooms
from webinar.domain.rooms import Entry
from webinar.domain.standing import Standing, standing
from webinar.web import room_entry
from webinar.web.guest import pages
from webinar.web.room_entry import Door

blueprint = Blueprint("guest_entry", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """In front of the room: says when it opens, and comes back by itself."""
    found = standing(pages.talk(), contact=pages.contact())
    return pages.entry_page(
        pages.talk(),
        _door(found),
        contact=pages.contact(),
        standing=found,
        enter_at=url_for(".enter"),
        answer_at="",
        archive_at="",
    )


@blueprint.post("")
def enter() -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not."""
    found = standing(pages.talk(), contact=pages.contact())
    at = _door(found)
    if at.entry is not Entry.OPEN or found.registration is None:
        return redirect(url_for(".show"), 303)
    person = room_entry.participant(pages.contact(), found.registration)
    return room_entry.enter(pages.talk(), person, hours=at.hours, back=url_for(".show"))


def _door(found: Standing) -> Door:
    hours = room_entry.guest_hours(pages.talk())
    entry = rooms.contact_entry(
        pages.talk(), contact=pages.contact(), registration=found.registration, hours=hours
    )
    return Door(entry=entry, hours=hours)
