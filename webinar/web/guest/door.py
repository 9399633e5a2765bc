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
from webinar.domain import display_names, recording_consents, rooms
from webinar.domain.rooms import Entry
from webinar.domain.standing import Standing, standing
from webinar.errors import RuleError
from webinar.models import Talk
from webinar.web import room_entry
from webinar.web.filters import full_name
from webinar.web.forms.guest import EnterForm, enter_form
from webinar.web.guest import pages
from webinar.web.refusals import refuse
from webinar.web.room_entry import Door
from webinar.web.settings import settings


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Where the pages of one personal link lead: `door` is this page, `after` the one behind the
    room, `archive` the page of the files; empty where this link must not lead."""

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


def of_contact(found: Standing) -> Door:
    """Whether the contact of this request's link may enter now."""
    hours = room_entry.guest_hours(pages.talk())
    entry = rooms.contact_entry(
        pages.talk(), contact=pages.contact(), registration=found.registration, hours=hours
    )
    return Door(entry=entry, hours=hours)


def page(
    found: Standing, ways: Ways, *, form: EnterForm | None = None, status: int = 200
) -> Response:
    """The page in front of the room; until the door opens it comes back by itself, without a
    script."""
    room_entry.may_lead_away()
    talk, at = pages.talk(), of_contact(found)
    answer = make_response(
        render_template(
            "guest/entry.html",
            talk=talk,
            door=at,
            block=pages.date_block(talk),
            past=at.entry is Entry.OVER,
            contact=pages.contact(),
            standing=found,
            ways=ways,
            form=form or enter_form(),
            notice=notice(talk),
        ),
        status,
    )
    pages.come_back(answer, at)
    return answer


def enter(found: Standing, ways: Ways) -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not. A name that
    was chosen with the click is checked first."""
    at, held = of_contact(found), found.registration
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
        return page(standing(talk, contact=contact), ways, form=form, status=422)
    person = room_entry.participant(contact, held)
    return room_entry.enter(
        talk, person, hours=at.hours, back=ways.after, archive=ways.archive, ticket=True
    )
