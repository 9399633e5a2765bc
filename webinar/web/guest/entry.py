"""The door to the room behind the link that stands in calendars.

Calendars are shared: this link can enter at its hour and do nothing else. It neither shows the
answer's buttons nor leads to the archive; after the evening it says where the archive's link is.
"""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from webinar.web.guest import door
from webinar.web.guest.door import Ways

blueprint = Blueprint("guest_entry", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """In front of the room: says when it opens, and comes back by itself."""
    return door.page(_ways())


@blueprint.post("")
def enter() -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not."""
    return door.enter(_ways())


def _ways() -> Ways:
    return Ways(door=url_for(".show"), after=url_for("guest_after_entry.show"))
