"""Prosody asks whether a room may be created: `mod_reservations`, after Jicofo's interface.

POST `conference` (a form) creates or refuses, GET and DELETE go by the number that was answered.
The rules are `webinar.domain.reservations`'. What is refused, Jitsi shows to whoever wanted in, so
it is said in German, the language of the people who come.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import Blueprint, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from webinar.clock import now
from webinar.domain import reservations
from webinar.domain.reservations import Asked
from webinar.domain.rooms import Entry
from webinar.errors import NotThere
from webinar.extensions import db, limiter
from webinar.models import Room
from webinar.rendering import dates
from webinar.web.settings import settings

blueprint = Blueprint("reservations", __name__)

CALLS = "300 per minute"
"""Of one network: a refusal is asked again at most every half minute and room."""
FIELDS = 20
OWNER_LENGTH = 254


@blueprint.post("/conference")
@limiter.limit(CALLS)
def create() -> ResponseReturnValue:
    """Create the room, if this is its hour."""
    form = _form()
    name = form.get("name", "").lower()
    if not name or "\0" in name:
        return make_response(jsonify(message=_refusal(Asked())), 400)
    found = settings()
    asked = reservations.reserve(
        name, minutes=found.room_opens_staff_minutes, overrun=found.room_overrun_minutes
    )
    db.session.commit()
    if asked.room is None or not asked.granted:
        return make_response(jsonify(message=_refusal(asked)), 403)
    if asked.already:
        return make_response(jsonify(conflict_id=str(asked.room.id)), 409)
    return jsonify(_conference(asked.room, owner=form.get("mail_owner", "")))


@blueprint.get("/conference/<int:room_id>")
def show(room_id: int) -> ResponseReturnValue:
    """The room that is held, until the same moment as at first."""
    found = settings()
    try:
        asked = reservations.held(
            room_id, minutes=found.room_opens_staff_minutes, overrun=found.room_overrun_minutes
        )
    except NotThere:
        return make_response(jsonify(message=_refusal(Asked())), 404)
    if asked.room is None or not asked.granted:
        return make_response(jsonify(message=_refusal(asked)), 403)
    return jsonify(_conference(asked.room, owner=""))


@blueprint.delete("/conference/<int:room_id>")
def delete(room_id: int) -> ResponseReturnValue:
    """The room died; it may be created again while its hour lasts."""
    try:
        reservations.release(room_id)
    except NotThere:
        return make_response(jsonify(message=_refusal(Asked())), 404)
    db.session.commit()
    return "", 204


def _form() -> dict[str, str]:
    """The form in the body, whatever type it is said to have; empty where it is none."""
    try:
        pairs = parse_qs(request.get_data(as_text=True), max_num_fields=FIELDS)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in pairs.items()}


def _conference(room: Room, *, owner: str) -> dict[str, object]:
    """What Prosody wants to know; times by our clock, since ours rules the door. It reads no
    fractions of a second, and destroys the room at start plus duration."""
    found, start = settings(), now().replace(microsecond=0)
    end = reservations.last_end(
        room.talk, extension=found.room_extension_minutes, overrun=found.room_overrun_minutes
    )
    told: dict[str, object] = {
        "id": str(room.id),
        "name": room.name,
        "mail_owner": owner[:OWNER_LENGTH] or found.office.email,
        "start_time": start.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "duration": int((end - start).total_seconds()),
    }
    most = reservations.occupants(room.talk, margin=found.callbacks.room_margin)
    return told if most is None else {**told, "max_occupants": most}


def _refusal(asked: Asked) -> str:
    with force_locale("de"):
        if asked.room is None or asked.hours is None:
            return _("This room does not exist.")
        if asked.entry is Entry.EARLY:
            zone = asked.room.talk.zone
            when = dates.moment_text(asked.hours.opens_at, zone, language="de")
            return _("The room opens on %(when)s.", when=when)
        if asked.entry is Entry.OVER:
            return _("The evening is over. The room is closed.")
        if asked.entry is Entry.CANCELLED:
            return _("This talk has been cancelled.")
        return _("This room does not exist.")
