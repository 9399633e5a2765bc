"""What Prosody tells of people who come and go: `event_sync` of the community's plugins.

It sends no number by which a repetition could be told, and its messages overtake each other:
`webinar.domain.attendances` makes nothing of either. Names and addresses in them are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from flask import Blueprint, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from webinar.domain import attendances
from webinar.domain.attendances import Report
from webinar.extensions import db

blueprint = Blueprint("room_events", __name__)

ID_LENGTH = 64
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


class NotUnderstood(Exception):
    """The message is not what it should be; nothing of it was taken down."""


@blueprint.post("/events/room/created")
def room_created() -> ResponseReturnValue:
    """Nothing to note: the reservation has said it before."""
    try:
        message_of(request.get_data())
    except NotUnderstood as problem:
        return refused(problem)
    return "", 204


@blueprint.post("/events/room/destroyed")
def room_destroyed() -> ResponseReturnValue:
    """The room ended, and says once more who was there."""
    return _take_down("destroyed")


@blueprint.post("/events/occupant/<any(joined, left):what>")
def occupant(what: str) -> ResponseReturnValue:
    """Somebody came or left."""
    return _take_down(what)


def _take_down(what: str) -> ResponseReturnValue:
    try:
        message = message_of(request.get_data())
        found = list(reports(message, what=what))
    except NotUnderstood as problem:
        return refused(problem)
    room = attendances.room_of(text(message, "room_name"))
    if room is None:
        # Answered like any other: a server may have rooms that are not ours.
        return "", 204
    for report in found:
        attendances.take_down(room, report)
    db.session.commit()
    return "", 204


def reports(message: Mapping[str, object], *, what: str) -> Iterator[Report]:
    """What the message says of each connection. Who is listed when a room ends and has not left
    before, left with it."""
    if what != "destroyed":
        yield _report(message.get("occupant"), ended=None, left=what == "left")
        return
    listed = message.get("all_occupants")
    if not isinstance(listed, list):
        raise NotUnderstood("all_occupants is no list")
    ended = moment(message, "destroyed_at")
    for occupant in listed:
        yield _report(occupant, ended=ended, left=False)


def _report(occupant: object, *, ended: datetime | None, left: bool) -> Report:
    if not isinstance(occupant, dict):
        raise NotUnderstood("occupant is no object")
    left_at = moment(occupant, "left_at") if left or occupant.get("left_at") is not None else None
    return Report(
        occupant=text(occupant, "occupant_jid"),
        user_id=user_id(occupant),
        joined_at=moment(occupant, "joined_at"),
        left_at=left_at or ended,
        assumed=left_at is None and ended is not None,
    )


def message_of(body: bytes) -> dict[str, object]:
    """The JSON object in the body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise NotUnderstood("no JSON") from problem
    if not isinstance(found, dict):
        raise NotUnderstood("no object")
    return found


def text(message: Mapping[str, object], name: str) -> str:
    """A text that must be there."""
    found = message.get(name)
    if not isinstance(found, str) or not found or "\0" in found:
        raise NotUnderstood(f"{name} is missing")
    return found


def user_id(message: Mapping[str, object]) -> str:
    """The pseudonym, empty where there is none; what is too long is none of ours."""
    found = message.get("id")
    usable = isinstance(found, str) and len(found) <= ID_LENGTH and "\0" not in found
    return str(found) if usable else ""


def moment(message: Mapping[str, object], name: str, *, scale: int = 1) -> datetime:
    """A Unix time in seconds, or in parts of `scale` of one."""
    found = message.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise NotUnderstood(f"{name} is no number")
    if not 0 < found < LATEST * scale:
        raise NotUnderstood(f"{name} is no time")
    return datetime.fromtimestamp(found / scale, UTC)


def refused(problem: NotUnderstood) -> ResponseReturnValue:
    """The sender does not send it again: a second time would be the same."""
    return make_response(jsonify(message=str(problem)), 400)
