"""The step into the video room: the one place where a token is minted, at the very click.

`enter` is called by a POST route once `domain.rooms` has said that the person may. It embeds the
room, or leads to it by a plain link, or, without a Jitsi host, shows what the token would grant.
Whoever shows a button that leads here calls `may_lead_away` first.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, g, make_response, redirect, render_template

from webinar.adapters import jitsi
from webinar.adapters.jitsi import Role, RoomClaims
from webinar.clock import now
from webinar.config import JitsiMode, JitsiSettings
from webinar.domain import recording_consents, rooms, times
from webinar.domain.rooms import Entry, Hours
from webinar.extensions import db
from webinar.models import Account, Contact, Registration, Room, Speaker, Talk
from webinar.rendering import salutations
from webinar.web import room_keys, tickets
from webinar.web.language import language
from webinar.web.settings import settings

REFRESH_WITHIN = 12 * 3600
"""Seconds: whose evening is further away gets a page that stands still."""


@dataclass(frozen=True)
class Door:
    """Whether somebody may enter now, and the room's hours for them."""

    entry: Entry
    hours: Hours

    @property
    def soon(self) -> bool:
        """Whether the door opens within hours: then a page can wait for it."""
        return (self.hours.opens_at - now()).total_seconds() <= REFRESH_WITHIN


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who enters. `user_id` is a stable pseudonym: the room gives it back with the attendance."""

    user_id: str
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class Leads:
    """Where the room's page leads: after leaving, and (by a POST) to the slides, if there are any
    for this person. `door` is the page in front of the room, which leads to another meeting where
    one took its place."""

    back: str
    archive: str
    door: str


def participant(contact: Contact, registration: Registration) -> Person:
    """A contact with a confirmed place, under the name that was chosen for the room, if one was."""
    name = registration.display_name or _name(contact)
    return Person(user_id=registration.pseudonym, name=name, role=Role.PARTICIPANT)


def presenter(speaker: Speaker) -> Person:
    """A speaker of the talk."""
    return Person(user_id=f"speaker-{speaker.id}", name=_name(speaker), role=Role.SPEAKER)


def moderator(account: Account) -> Person:
    """Somebody of the office: moderates."""
    return Person(user_id=f"staff-{account.id}", name=account.name, role=Role.MODERATOR)


def guest_hours(talk: Talk) -> Hours:
    """The room's hours for participants."""
    found = settings()
    return rooms.hours(talk, minutes=found.room_opens_minutes, overrun=found.room_overrun_minutes)


def staff_hours(talk: Talk) -> Hours:
    """The room's hours for speakers and the office."""
    found = settings()
    return rooms.hours(
        talk, minutes=found.room_opens_staff_minutes, overrun=found.room_overrun_minutes
    )


def office_door(talk: Talk) -> Door:
    """Whether the office may enter the talk's room now."""
    hours = staff_hours(talk)
    return Door(entry=rooms.staff_entry(talk, hours=hours), hours=hours)


def may_lead_away() -> None:
    """Let a form of this page be redirected to the room's host: browsers check it (CSP 3,
    form-action) when the redirect arrives, against the page that holds the form."""
    found = settings().jitsi
    if found.mode is not JitsiMode.NONE and not found.embed:
        g.policy = {**g.get("policy", {}), "form-action": f"'self' https://{found.host}"}


def enter(
    talk: Talk,
    person: Person,
    *,
    hours: Hours,
    back: str,
    door: str = "",
    archive: str = "",
    ticket: bool = False,
    room: Room | None = None,
) -> Response:
    """Mint the token and lead into the room. `back` is the page to return to afterwards, with a
    `ticket` for feedback if wanted, `door` the page in front of the room if that is another one;
    `archive` takes a POST that leads to the slides. `room` is the talk's, if it was read already.

    Commits: the room's name is made on first need. The caller has checked that the person may
    enter. No answer of this function may be kept by anybody: it holds the token.
    """
    room = rooms.room_of(talk, name=jitsi.room_name(), seen=room)
    db.session.commit()
    found = settings().jitsi
    claims = RoomClaims(
        room=room.name,
        user_id=person.user_id,
        name=person.name,
        role=person.role,
        expires=hours.closes_at,
        recording=recording_consents.may_record(talk),
    )
    token = jitsi.room_token(room_keys.server(found), claims)
    g.personal = True
    after = f"{back}?t={tickets.draw(talk)}" if ticket else back
    leads = Leads(back=after, archive=archive, door=door or back)
    if found.mode is JitsiMode.NONE:
        answer = make_response(_stand_in(talk, token, leads))
    elif found.embed:
        answer = make_response(_embedded(talk, room.name, token, name=person.name, leads=leads))
    else:
        answer = _redirect(_plain_link(found, room.name, token))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _redirect(address: str) -> Response:
    answer = redirect(address, 303)
    # Werkzeug's page of the redirect repeats the address, token included.
    answer.set_data("")
    return make_response(answer)


def _embedded(talk: Talk, room: str, token: str, *, name: str, leads: Leads) -> str:
    """The page with the frame; only it may load from the configured host and use a camera."""
    found = settings().jitsi
    host = f"https://{found.host}"
    g.policy = {"script-src": f"'self' {host}", "frame-src": host}
    features = ("camera", "microphone", "display-capture", "fullscreen", "autoplay")
    granted = ", ".join(f'{feature}=(self "{host}")' for feature in features)
    g.permissions = f"{granted}, geolocation=(), payment=(), usb=()"
    jaas = found.mode is JitsiMode.JAAS
    return render_template(
        "guest/room.html",
        talk=talk,
        ends=times.end(talk),
        host=found.host,
        script=f"{host}/{found.app_id}/external_api.js" if jaas else f"{host}/external_api.js",
        room=f"{found.app_id}/{room}" if jaas else room,
        token=token,
        name=name,
        plain=_plain_link(found, room, token),
        seconds_left=int((times.end(talk) - now()).total_seconds()),
        ends_at=times.end(talk),
        leads=leads,
    )


def _stand_in(talk: Talk, token: str, leads: Leads) -> str:
    """The page without a host: says so, and shows in words what the token says."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return render_template(
        "guest/stand_in.html",
        talk=talk,
        claims=claims,
        expires=datetime.fromtimestamp(claims["exp"], UTC),
        leads=leads,
    )


def _plain_link(found: JitsiSettings, room: str, token: str) -> str:
    tenant = found.app_id if found.mode is JitsiMode.JAAS else ""
    return jitsi.meeting_url(found.host, room, token, tenant=tenant, language=language())


def _name(person: Contact | Speaker) -> str:
    return salutations.full_name(
        title=person.title, first_name=person.first_name, last_name=person.last_name
    )
