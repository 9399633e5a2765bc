"""The invited person's page: answer, change it, enter the room, reach the archive.

GET shows and writes nothing, however often and by whatever client. The POSTs are proven by the
link. The page needs no other personal link: it enters the room by itself (`/raum`), and the link
to the archive is made by the POST that leads there.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import (
    answering,
    attendances,
    feeds,
    links,
    participation,
    questions,
    registrations,
    signups,
    times,
)
from webinar.domain.answering import Begun
from webinar.domain.attendances import NOBODY, Presence
from webinar.domain.standing import Stand, Standing, invited, standing
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Mode,
    Purpose,
    Question,
    Registration,
    RegistrationState,
    Talk,
)
from webinar.web import downloads, events
from webinar.web.forms.guest import AnswerForm, answer_form, chosen_side
from webinar.web.forms.questions import add_questions, field_name, typed_answers
from webinar.web.guest import door, pages
from webinar.web.guest.door import Ways
from webinar.web.sentences import sentence
from webinar.web.settings import attendance_rule, settings

blueprint = Blueprint("guest_answer", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """The invitation, or how it was answered."""
    found = pages.standing()
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


@blueprint.get("/raum", endpoint="door")
def before_room() -> ResponseReturnValue:
    """In front of the room: says when it opens, and comes back by itself."""
    return door.page(_ways())


@blueprint.post("/raum")
def enter() -> ResponseReturnValue:
    """Into the room, if it is open for this person; else to the page that says why not."""
    return door.enter(_ways())


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
    evening = feeds.evening_of(pages.contact(), talk=pages.talk())
    if evening.door is None:
        raise NotThere("record_missing")
    return downloads.calendar_file(events.personal_event(evening))


def _answer(*, accepting: bool) -> ResponseReturnValue:
    # First of all the lock: the talk is read under it, and nothing twice.
    seen = answering.look(talk_id=pages.talk_id(), contact_id=pages.contact().id)
    talk, invitation = seen.talk, seen.invitation
    try:
        if accepting:
            _accept(seen)
        elif invitation is None or not invited(invitation):
            signups.leave(talk, contact=pages.contact())
        else:
            participation.decline(invitation, seen=seen)
    except RuleError as error:
        return _refused(talk, error)
    db.session.commit()
    return redirect(url_for(".show"), 303)


def _accept(seen: Begun) -> None:
    """Come, with the answers to the organiser's questions. Who only changes sides sends none."""
    talk = seen.talk
    side = chosen_side(registrations.modes(talk))
    if side is None:
        raise RuleError("mode_not_offered", field="mode")
    if not seen.asks:
        _come(seen, side)
        return
    form = answer_form(registrations.modes(talk), free={})
    own = questions.asked(talk)
    add_questions(form, own, formdata=request.form)
    held = _held(talk)
    sent = any(field_name(question) in request.form for question in own)
    given = typed_answers(form, own) if sent or held is None else {}
    registration = _come(seen, side)
    if held is None:
        questions.answer(registration, given)
    else:
        questions.change_answers(talk, registration, given)


def _come(seen: Begun, side: Mode) -> Registration:
    """By the invitation that stands, else by the registration that the public form began."""
    if seen.invitation is None or not invited(seen.invitation):
        return signups.confirm(seen.talk, contact=pages.contact(), mode=side)
    return participation.accept(seen.invitation, mode=side, seen=seen)


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
    talk = pages.talk()
    page = render_template(
        "guest/answer.html",
        talk=talk,
        contact=pages.contact(),
        standing=found,
        door=door.of_contact(found.registration),
        block=pages.date_block(talk),
        past=found.over,
        form=form,
        notice=notice,
        materials=found.materials,
        ways=_calendar_ways(found),
        presence=_presence() if found.over else None,
        closes=times.registration_end(talk),
        registration_open=times.registration_open(talk),
        registration_opens=talk.registration_opens_at if times.registration_ahead(talk) else None,
    )
    return make_response(page, status)


def _calendar_ways(found: Standing) -> events.Ways | None:
    """The ways into a calendar, for who has a place."""
    if found.stand is not Stand.CONFIRMED or found.over:
        return None
    evening = feeds.evening_of(pages.contact(), talk=pages.talk())
    if evening.door is None:
        return None
    return events.ways(events.personal_event(evening), file=url_for(".calendar_file"))


def _ways() -> Ways:
    return Ways(
        door=url_for(".enter"),
        after=url_for("guest_after.show"),
        answer=url_for(".show"),
        accept=url_for(".accept"),
        archive=url_for(".archive"),
    )


def _presence() -> Presence:
    """Whether the person was there, as the office sees it too."""
    talk, contact = pages.talk(), pages.contact()
    found = attendances.of_contact(contact.id, [talk], rule=attendance_rule())
    return found.get(talk.id, NOBODY)
