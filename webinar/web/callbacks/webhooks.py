"""What JaaS (8x8) tells: who came and went, and where a recording can be fetched.

The same as `events`, in other words: https://developer.8x8.com/jaas/docs/webhooks-payload. An event
says when it happened, in milliseconds, and is sent again until it is answered with 2xx. Who leaves
is not said to have joined when: `webinar.domain.attendances.Moment`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webinar.domain import attendances, recording_uploads
from webinar.domain.attendances import Moment
from webinar.extensions import db
from webinar.web.callbacks.events import (
    NotUnderstood,
    message_of,
    moment,
    refused,
    text,
    user_id,
)
from webinar.web.settings import settings

blueprint = Blueprint("room_webhooks", __name__)

MILLISECONDS = 1000
MOVES = {"PARTICIPANT_JOINED": False, "PARTICIPANT_LEFT": True}
"""Whether the event says that somebody left."""
UPLOADED = "RECORDING_UPLOADED"
LINK_LENGTH = 2000


@blueprint.post("")
def told() -> ResponseReturnValue:
    """One event; of kinds that we make nothing of it is enough to have heard."""
    try:
        message = message_of(request.get_data())
        kind = text(message, "eventType")
        if kind in MOVES:
            _take_down(message, left=MOVES[kind])
        elif kind == UPLOADED:
            _fetch(message)
    except NotUnderstood as problem:
        return refused(problem)
    return "", 204


def _take_down(message: Mapping[str, object], *, left: bool) -> None:
    data = message.get("data")
    if not isinstance(data, dict):
        raise NotUnderstood("data is no object")
    found = Moment(
        occupant=text(data, "participantJid"),
        user_id=user_id(data),
        at=moment(message, "timestamp", scale=MILLISECONDS),
        left=left,
    )
    room = attendances.room_of(room_name(message))
    if room is not None:
        attendances.take_down_moment(room, found)
        db.session.commit()


def _fetch(message: Mapping[str, object]) -> None:
    """Note the link, which lives for a day; a job fetches it and looks where it leads."""
    data = message.get("data")
    if not isinstance(data, dict):
        raise NotUnderstood("data is no object")
    link = text(data, "preAuthenticatedLink")
    if len(link) > LINK_LENGTH:
        raise NotUnderstood("the link is too long")
    name = room_name(message)
    if name:
        key = recording_uploads.key_of("jaas", text(message, "idempotencyKey"))
        recording_uploads.announce_link(key, room_name=name, link=link)
        db.session.commit()


def room_name(message: Mapping[str, object]) -> str:
    """The room in `<AppID>/<room>`; empty for another customer's, which is nobody here."""
    app_id, _, name = text(message, "fqn").partition("/")
    return name if app_id == settings().jitsi.app_id else ""
