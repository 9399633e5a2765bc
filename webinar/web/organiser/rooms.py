"""The office's way into the video room of a talk: as a moderator, from half an hour before.

The button stands on the talk's page (`talks`), which also says before that when the room opens.
Minting and leading into the room are `webinar.web.room_entry`'s.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import talks
from webinar.domain.rooms import Entry
from webinar.web import room_entry
from webinar.web.guards import account

blueprint = Blueprint("rooms", __name__)


@blueprint.post("")
def enter(talk_id: int) -> ResponseReturnValue:
    """Into the room, if it is open for the office; else to the talk's page, which says when."""
    talk = talks.find(talk_id)
    back = url_for("talks.show", talk_id=talk.id)
    door = room_entry.office_door(talk)
    if door.entry is not Entry.OPEN:
        flash(_("The room cannot be entered now."), "warning")
        return redirect(back, 303)
    person = room_entry.moderator(account())
    return room_entry.enter(talk, person, hours=door.hours, back=back)
