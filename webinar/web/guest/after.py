"""Behind the room: back inside, to the slides, and what the person thought of the evening.

Three personal links lead here: the answer's, the one in calendars, the archive's; each has the same
routes. The feedback is proven by a ticket in the address, never by the person
(`webinar.web.tickets`): drawn by the click into the room, or, where the room has no way back, by a
click after the evening.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import feedback, links, registrations, times
from webinar.domain.rooms import Entry
from webinar.domain.standing import SHUT, standing
from webinar.errors import RuleError
from webinar.extensions import db, limiter
from webinar.models import RegistrationState
from webinar.web import tickets
from webinar.web.forms.guest import FeedbackForm, feedback_form
from webinar.web.guest import door, pages
from webinar.web.refusals import refuse

of_answer = Blueprint("guest_after", __name__)
of_entry = Blueprint("guest_after_entry", __name__)
of_archive = Blueprint("guest_after_archive", __name__)
DOORS = {of_answer.name: "guest_answer.door", of_entry.name: "guest_entry.show"}
DRAWN = "5 per day"
"""How often one link draws a ticket: what came with the first stays, whoever draws another."""
ASKED = timedelta(days=30)
"""How long after the evening somebody may still say what they thought of it."""


@of_answer.app_template_global("may_give_feedback")
def may_ask() -> bool:
    """Whether the holder of this request's link may give feedback now: after the evening, for a
    month, with a place."""
    talk = pages.talk()
    over = times.end(talk) <= now() < times.end(talk) + ASKED
    held = registrations.active_registration(talk, contact=pages.contact()) if over else None
    return held is not None and held.state == RegistrationState.CONFIRMED


def _of_link() -> str:
    """Limits are counted for each link: nobody else's clicks use it up."""
    return f"feedback:{(request.view_args or {}).get('token', '')[: links.TOKEN_LENGTH]}"


@of_answer.post("/rueckmeldung")
@of_entry.post("/rueckmeldung")
@of_archive.post("/rueckmeldung")
@limiter.limit(DRAWN, key_func=_of_link)
def ask() -> ResponseReturnValue:
    """A ticket for who comes without one; writes nothing."""
    if not may_ask():
        return redirect(url_for(".show"), 303)
    return redirect(url_for(".show", t=tickets.draw(pages.talk())), 303)


@of_answer.get("")
@of_entry.get("")
@of_archive.get("")
def show() -> ResponseReturnValue:
    """Where leaving the room leads."""
    return _page(feedback_form())


@of_answer.post("")
@of_entry.post("")
@of_archive.post("")
def give() -> ResponseReturnValue:
    """Take the feedback, once for each click into the room."""
    form, ticket = feedback_form(), _ticket()
    if not ticket:
        return redirect(url_for(".show"), 303)
    try:
        feedback.give(pages.talk(), ticket=ticket, rating=form.mark, text=form.text.data or "")
    except RuleError as error:
        refuse(form, error)
        return _page(form, status=422)
    db.session.commit()
    return redirect(url_for(".show", t=request.args["t"]), 303)


def _page(form: FeedbackForm, *, status: int = 200) -> ResponseReturnValue:
    talk, contact, ticket = pages.talk(), pages.contact(), _ticket()
    found = standing(talk, contact=contact)
    here, over = request.blueprint or "", times.end(talk) <= now()
    inside = here in DOORS and door.of_contact(found.registration).entry is Entry.OPEN
    archive = here == of_answer.name and found.stand not in SHUT
    page = render_template(
        "guest/after.html",
        talk=talk,
        contact=contact,
        door_at=url_for(DOORS[here]) if inside else "",
        inside=inside,
        over=over,
        back_at=url_for("guest_archive.show") if here == of_archive.name else "",
        may_ask=not ticket and may_ask(),
        archive_at=url_for("guest_answer.archive") if archive else "",
        files=found.materials if archive else 0,
        form=form,
        ticket=request.args.get("t", "") if ticket else "",
        thanks=bool(ticket) and feedback.given(ticket),
    )
    return page, status


def _ticket() -> str:
    """The name in the ticket of the address; empty without a good one."""
    return tickets.read(pages.talk(), request.args.get("t", ""))
