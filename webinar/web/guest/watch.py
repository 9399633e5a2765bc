"""What open pages ask again and again on the evening: how the door stands for their holder.

A script on the page (`static/watch.js`) compares the answer with what the page was made from: when
the room opens, is closed or extended, or another meeting stands in its place, the page loads again,
or, inside the room, leaves for the page that says so. One answer costs one query and writes
nothing. One blueprint for each purpose of a link that leads to the room.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import rooms, times
from webinar.domain.rooms import Entry
from webinar.models import Purpose, Talk
from webinar.rendering import dates
from webinar.web import room_entry
from webinar.web.guest import door, pages
from webinar.web.language import language

BLUEPRINTS = {
    purpose: Blueprint(f"watch_{purpose}", __name__)
    for purpose in (Purpose.ANSWER, Purpose.ENTER, Purpose.SPEAKER)
}


def show() -> ResponseReturnValue:
    """The state of the door for the holder of the link."""
    talk = pages.talk()
    if g.holder_of is Purpose.SPEAKER:
        return answer(talk, _speakers(talk))
    return answer(talk, door.of_contact(door.own_place()).entry)


for _blueprint in BLUEPRINTS.values():
    _blueprint.get("")(show)


def answer(talk: Talk, entry: Entry) -> Response:
    """The answer to an open page."""
    end = dates.time(times.end(talk), talk.zone, language=language())
    return jsonify(
        state=state_of(talk, entry),
        elsewhere=entry is Entry.ELSEWHERE,
        end=end,
        seconds=int((times.end(talk) - now()).total_seconds()),
    )


def state_of(talk: Talk, entry: Entry) -> str:
    """All that an open page shows of the door; a page with another one is out of date."""
    since = talk.other_room_at.isoformat() if talk.other_room_at is not None else ""
    return f"{entry} {times.end(talk).isoformat()} {since}"


@BLUEPRINTS[Purpose.ANSWER].app_context_processor
def _for_pages() -> dict[str, object]:
    return {"watch_address": address, "watch_state": state_of}


def address(talk: Talk) -> str:
    """Where this page asks; empty for pages that do not."""
    if g.get("holder_of") in BLUEPRINTS:
        return url_for(f"watch_{g.holder_of}.show")
    if request.blueprint == "rooms":
        return url_for("evening.state", talk_id=talk.id)
    return ""


def _speakers(talk: Talk) -> Entry:
    hours = room_entry.staff_hours(talk)
    return rooms.speaker_entry(talk, speaker=pages.speaker(), hours=hours)
