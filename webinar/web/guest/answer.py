"""The invited person's page: answer, change it, enter the room, reach the archive.

GET shows and writes nothing, however often and by whatever client. The POSTs are proven by the
link. The page needs no other personal link: it enters the room by itself (`/raum`), and the link
to the archive is made by the POST that leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.adapters import calendar
from webinar.domain import (
    calendar_entries,
    links,
    participation,
    questions,
    registrations,
    rooms,
    signups,
    times,
)
from webinar.domain.rooms import Entry
from webinar.domain.standing import Stand, Standing, invited, standing, to_answer
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Invitation,
    Mode,
    Purpose,
    Question,
    Registration,
    RegistrationState,
    Talk,
)
from webinar.web import events, room_entry
from webinar.web.forms.guest import AnswerForm, answer_form
from webinar.web.forms.questions import add_questions, field_name, typed_answers
from webinar.web.guest import pages
from webinar.web.room_entry import Door
from webinar.web.sentences import sentence
from webinar.web.settings import settings

blueprint = Blueprint("guest_answer", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """The invitation, or how it was answered."""
    found = standing(pages.talk(), contact=pages.contact())
    form = _form(found)
    if found.stand is Stand.UNCONFIRMED:
        form.mode.data = found.mode  # as it was chosen in the public form
    return _page(found, form)


@blueprint.post("/zusage")
def accept() -> ResponseReturnValue:
    """Come, on the chosen side; also to change sides. A second click changes nothing."""
    return _answer(accepting=True)


@blueprint.post("/absage")
def decline() -> ResponseReturnValue:
    """Not come, or no longer; also to leave the waiting list."""
    return _answer(accepting=False)


@blueprint.post("/angaben")
def details() -> ResponseReturnValue:
    """Answer the organiser's questions anew, for who has a place or waits for one."""
    talk = pages.talk()
    found = standing(talk, contact=pages.contact())
    if found.registration is None:
        return redirect(url_for(".show"), 303)
    asked = questions.asked(talk)
    form = _form(found, asked=asked)
    if not form.validate():
        return _page(found, form, status=422)
    try:
        questions.change_answers(talk, found.registration, typed_answers(form, asked))
    except RuleError as error:
        return _refused(talk, error)
    db.session.commit()
    return redirect(url_for(".show") + "#angaben", 303)


@blueprint.get("/raum")
def door() -> ResponseReturnValue:
    """In front of the room: says when it opens, and comes back by itself."""
    found = standing(pages.talk(), contact=pages.contact())
    return pages.entry_page(
        pages.talk(),
        _door(found),
        contact=pages.contact(),
        standing=found,
        enter_at=url_for(".enter"),
        answer_at=url_for(".show"),
        archive_at=url_for(".archive") if found.materials else "",
    )


@blueprint.post("/raum")
def enter() -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not."""
    found = standing(pages.talk(), contact=pages.contact())
    at = _door(found)
    if at.entry is not Entry.OPEN or found.registration is None:
        return redirect(url_for(".door"), 303)
    person = room_entry.participant(pages.contact(), found.registration)
    return room_entry.enter(pages.talk(), person, hours=at.hours, back=url_for(".show"))


@blueprint.post("/unterlagen")
def archive() -> ResponseReturnValue:
    """To the archive, by its own link, which is made here if there is none."""
    found = standing(pages.talk(), contact=pages.contact())
    if not found.materials:
        return redirect(url_for(".show"), 303)
    link = links.contact_link(pages.contact(), purpose=Purpose.ARCHIVE, talk=pages.talk())
    db.session.commit()
    return redirect(links.address(link, base_url="", keys=settings().link_keys), 303)


@blueprint.get("/kalender.ics")
def calendar_file() -> ResponseReturnValue:
    """The evening as a calendar file, for who has a place; the link in it opens the room alone."""
    talk, contact = pages.talk(), pages.contact()
    found = standing(talk, contact=contact)
    link = links.find_contact_link(contact, purpose=Purpose.ENTER, talk=talk)
    if found.stand is not Stand.CONFIRMED or link is None or link.revoked_at is not None:
        raise NotThere("record_missing")
    entry = calendar_entries.entry_of(talk, contact=contact)
    address = links.address(link, base_url=settings().base_url, keys=settings().link_keys)
    event = events.public_event(
        talk, link=address, sequence=entry.sequence if entry is not None else 0
    )
    if found.mode == Mode.ONLINE:
        event = replace(event, location="")
    answer = Response(calendar.calendar_bytes(event, method=None), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="veranstaltung.ics"'
    return answer


def _answer(*, accepting: bool) -> ResponseReturnValue:
    talk = pages.talk()
    invitation, asks = to_answer(talk, contact=pages.contact())
    try:
        if accepting:
            _accept(talk, invitation, asks=asks)
        elif invitation is None or not invited(invitation):
            signups.leave(talk, contact=pages.contact())
        else:
            participation.decline(invitation)
    except RuleError as error:
        return _refused(talk, error)
    db.session.commit()
    return redirect(url_for(".show"), 303)


def _accept(talk: Talk, invitation: Invitation | None, *, asks: bool) -> None:
    """Come, with the answers to the organiser's questions. Who only changes sides sends none."""
    form = answer_form(registrations.modes(talk), free={})
    if form.side is None:
        raise RuleError("mode_not_offered", field="mode")
    if not asks:
        _come(talk, invitation, form.side)
        return
    own = questions.asked(talk)
    add_questions(form, own, formdata=request.form)
    held = _held(talk)
    sent = any(field_name(question) in request.form for question in own)
    given = typed_answers(form, own) if sent or held is None else {}
    registration = _come(talk, invitation, form.side)
    if held is None:
        questions.answer(registration, given)
    else:
        questions.change_answers(talk, registration, given)


def _come(talk: Talk, invitation: Invitation | None, side: Mode) -> Registration:
    """By the invitation that stands, else by the registration that the public form began."""
    if invitation is None or not invited(invitation):
        return signups.confirm(talk, contact=pages.contact(), mode=side)
    return participation.accept(invitation, mode=side)


def _held(talk: Talk) -> Registration | None:
    """The place or waiting place; what the public form began and nobody confirmed is none."""
    found = registrations.active_registration(talk, contact=pages.contact())
    unconfirmed = found is not None and found.state == RegistrationState.UNCONFIRMED
    return None if unconfirmed else found


def _form(found: Standing, *, asked: Sequence[Question] | None = None) -> AnswerForm:
    """The form with the sides and the organiser's questions, as they were answered or sent."""
    talk = pages.talk()
    free = {mode: None if found.kept_out else count for mode, count in found.free.items()}
    form = answer_form(registrations.modes(talk), free=free)
    if asked is None:
        asked = questions.asked(talk) if found.asks and found.may_accept else ()
    if asked:
        known = questions.answers_of(found.registration) if found.registration else {}
        sent = request.form if request.method == "POST" else None
        form.asked = add_questions(form, asked, formdata=sent, answers=known)
    return form


def _refused(talk: Talk, error: RuleError) -> ResponseReturnValue:
    """The page as it stands now, with the reason; what was chosen stays chosen."""
    db.session.rollback()
    found = standing(talk, contact=pages.contact())
    form = _form(found)
    if error.field is not None and error.field.startswith("answer_") and error.field in form:
        form.validate()  # all that is missing, not the first alone
        form[error.field].errors = [sentence(error)]
        return _page(found, form, status=422)
    if error.field == "mode":
        form.mode.errors = [sentence(error)]
        return _page(found, form, status=422)
    return _page(found, form, notice=sentence(error), status=409)


def _page(
    found: Standing, form: AnswerForm, *, notice: str = "", status: int = 200
) -> ResponseReturnValue:
    room_entry.may_lead_away()
    talk = pages.talk()
    page = render_template(
        "guest/answer.html",
        talk=talk,
        contact=pages.contact(),
        standing=found,
        door=_door(found),
        block=pages.date_block(talk),
        past=found.over,
        form=form,
        notice=notice,
        materials=found.materials,
        closes=times.registration_end(talk),
        registration_open=times.registration_open(talk),
        registration_opens=talk.registration_opens_at if times.registration_ahead(talk) else None,
    )
    return make_response(page, status)


def _door(found: Standing) -> Door:
    hours = room_entry.guest_hours(pages.talk())
    entry = rooms.contact_entry(
        pages.talk(), contact=pages.contact(), registration=found.registration, hours=hours
    )
    return Door(entry=entry, hours=hours)
