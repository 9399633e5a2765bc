"""Behind the room: back inside, to the slides, and what the person thought of the evening.

Two personal links lead here, the answer's and the one in calendars; each has the same two routes.
The feedback is proven by a ticket in the address, never by the person (`webinar.web.tickets`).
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import feedback
from webinar.domain.rooms import Entry
from webinar.domain.standing import SHUT, standing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web import tickets
from webinar.web.forms.guest import FeedbackForm, feedback_form
from webinar.web.guest import door, pages
from webinar.web.refusals import refuse

of_answer = Blueprint("guest_after", __name__)
of_entry = Blueprint("guest_after_entry", __name__)
DOORS = {of_answer.name: "guest_answer.door", of_entry.name: "guest_entry.show"}


@of_answer.get("")
@of_entry.get("")
def show() -> ResponseReturnValue:
    """Where leaving the room leads."""
    return _page(feedback_form())


@of_answer.post("")
@of_entry.post("")
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
    archive = request.blueprint == of_answer.name and found.stand not in SHUT
    page = render_template(
        "guest/after.html",
        talk=talk,
        contact=contact,
        door_at=url_for(DOORS[request.blueprint or ""]),
        inside=door.of_contact(found.registration).entry is Entry.OPEN,
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
