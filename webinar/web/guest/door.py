"""In front of the room and through its door, for every personal link that may enter.

The page says what somebody should know before they enter: who runs the video service, whether the
evening is recorded and with whose consent, what they are called in the room. The click on it mints
the token (`webinar.web.room_entry`). The routes are `answer`'s and `entry`'s, which differ only in
where they lead to.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webinar.config import JitsiMode
from webinar.domain import display_names, materials, recording_consents, registrations, rooms
from webinar.domain.rooms import Entry
from webinar.errors import RuleError
from webinar.models import Registration, Talk
from webinar.web import guards, room_entry
from webinar.web.filters import full_name
from webinar.web.forms.guest import EnterForm, enter_form
from webinar.web.guest import pages
from webinar.web.refusals import refuse
from webinar.web.room_entry import Door
from webinar.web.settings import settings

EXPECTED = (Entry.OPEN, Entry.EARLY)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Where the pages of one personal link lead: `door` is this page, `after` the one behind the
    room, `archive` (by a POST) the page of the files; empty where this link must not lead."""

    door: str
    after: str
    answer: str = ""
    accept: str = ""
    archive: str = ""


@dataclass(frozen=True)
class Notice:
    """What somebody should know before they enter. `recorded`: somebody may press the button."""

    operator: str
    recorded: bool
    check: str
    dial_in: tuple[str, ...]


def notice(talk: Talk) -> Notice:
    """What holds for this talk now."""
    found = settings().jitsi
    usual = "8x8, Inc." if found.mode is JitsiMode.JAAS else settings().office.name
    return Notice(
        operator=found.operator or usual,
        recorded=recording_consents.may_record(talk),
        check=found.check_url or url_for("technique.show"),
        dial_in=found.dial_in if talk.dial_in_pin else (),
    )


def of_contact(held: Registration | None) -> Door:
    """Whether the contact of this request's link, who holds that place, may enter now."""
    hours = room_entry.guest_hours(pages.talk())
    entry = rooms.contact_entry(
        pages.talk(), contact=pages.contact(), registration=held, hours=hours
    )
    return Door(entry=entry, hours=hours)


def page(ways: Ways, *, form: EnterForm | None = None, status: int = 200) -> Response:
    """The page in front of the room; until the door opens it comes back by itself, without a
    script. Who may come in is asked about little: at six all come at once."""
    room_entry.may_lead_away()
    talk, contact, held = pages.talk(), pages.contact(), own_place()
    at = of_contact(held)
    found = None if at.entry in EXPECTED else pages.standing()
    answer = make_response(
        render_template(
            "guest/entry.html",
            talk=talk,
            door=at,
            block=pages.date_block(talk),
            past=at.entry is Entry.OVER,
            contact=contact,
            held=held,
            standing=found,
            ways=ways,
            files=found.materials if found is not None and ways.archive else 0,
            form=form or enter_form(),
            notice=notice(talk),
        ),
        status,
    )
    pages.come_back(answer, at)
    return answer


def enter(ways: Ways) -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not. A name that
    was chosen with the click is checked first."""
    held = own_place()
    at = of_contact(held)
    if at.entry is not Entry.OPEN or held is None:
        return redirect(ways.door, 303)
    talk, contact, form = pages.talk(), pages.contact(), enter_form()
    try:
        display_names.choose(
            held,
            talk=talk,
            name=form.display_name.data or "",
            own=full_name(contact),
            office=settings().office.name,
        )
    except RuleError as error:
        refuse(form, error)
        return page(ways, form=form, status=422)
    return room_entry.enter(
        talk,
        room_entry.participant(contact, held),
        hours=at.hours,
        back=ways.after,
        door=ways.door,
        archive=ways.archive if _files(ways) else "",
        ticket=True,
        room=arrival.room if (arrival := guards.arrival()) is not None else None,
    )


def own_place() -> Registration | None:
    """The place, or waiting place, of the contact of this request's link."""
    arrival = guards.arrival()
    if arrival is not None:
        return arrival.place
    return registrations.active_registration(pages.talk(), contact=pages.contact())


def _files(ways: Ways) -> int:
    """How many files the person may open, where the link leads to them at all."""
    return len(materials.visible_to(pages.talk(), pages.contact())) if ways.archive else 0
