"""One person at one talk: how they stand, what they were sent, and what the office can do for them.

The waiting list by hand is `webinar.web.organiser.waiting_list`'s, registering somebody new
`webinar.web.organiser.registering`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain import (
    contacts,
    display_names,
    office_acts,
    openings,
    people,
    questions,
    registrations,
    talks,
    times,
)
from webinar.domain.people import Person
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Mail, Mode, Question, Talk
from webinar.web.filters import full_name
from webinar.web.forms.base import DeskForm
from webinar.web.forms.people import AnswerForm, NotifyForm
from webinar.web.forms.questions import answer_words
from webinar.web.guards import account
from webinar.web.numbers import RowField
from webinar.web.organiser import audit_words, invitation_lists, signs
from webinar.web.organiser.mails import row_of
from webinar.web.organiser.openings import KINDS
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import days_of

blueprint = Blueprint("people", __name__)

HERE = "talks"


class LinkForm(DeskForm):
    """The number of the sending, so that a double click sends one mail."""

    number = RowField()


@blueprint.get("/<int:contact_id>")
def show(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """The person, the answer, the place, the mails, and the acts."""
    person = person_of(talk_id, contact_id)
    asked = questions.asked(person.talk)
    return page_of_act(
        "show",
        person,
        sign=signs.of_person(person),
        remark=signs.remark_of(person.invitation) if person.invitation is not None else "",
        mails=[row_of(mail) for mail in people.mails(person.talk, person.contact)],
        lines=audit_words.lines(people.lines(person)),
        sent=_sendings(person),
        over=times.end(person.talk) <= now(),
        asked=asked,
        answered=_answered(person, asked),
        opened=openings.of_person(person.talk, person.contact, days=days_of("openings")),
        kinds=KINDS,
        sources=signs.SOURCES,
        sides=signs.SIDES,
    )


@blueprint.route("/<int:contact_id>/antwort", methods=["GET", "POST"])
def answer(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Take down an answer that was given by telephone, a change of side, a refusal."""
    person = person_of(talk_id, contact_id)
    talk, contact, form = person.talk, person.contact, AnswerForm()
    held = person.registration if person.active else None
    form.offer(
        registrations.modes(talk),
        free=free_places(talk),
        held=registrations.awaited(held) if held is not None else None,
    )
    return act(
        "answer",
        person,
        form,
        lambda: office_acts.take_down(
            talk, contact=contact, mode=form.mode, by=account(), notify=bool(form.notify.data)
        ),
        _("The answer was taken down."),
    )


@blueprint.route("/<int:contact_id>/ausschliessen", methods=["GET", "POST"])
def exclude(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """What taking the invitation back means, then doing it."""
    person, form = person_of(talk_id, contact_id), NotifyForm()
    return act(
        "exclude",
        person,
        form,
        lambda: office_acts.exclude(
            person.talk, contact=person.contact, by=account(), notify=bool(form.notify.data)
        ),
        _("The invitation was taken back."),
    )


@blueprint.post("/<int:contact_id>/link")
def send_link(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Mail the personal link once more."""
    person = person_of(talk_id, contact_id)
    try:
        office_acts.send_link(
            person.talk,
            contact=person.contact,
            number=LinkForm().number.data or _sendings(person) + 1,
            by=account(),
        )
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "warning")
        return back(person)
    db.session.commit()
    flash(_("The link is on its way to %(address)s.", address=person.contact.email), "success")
    return back(person)


@blueprint.route("/<int:contact_id>/link/ersetzen", methods=["GET", "POST"])
def reissue(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """What replacing the link means, then doing it."""
    person, form = person_of(talk_id, contact_id), NotifyForm()
    return act(
        "reissue",
        person,
        form,
        lambda: office_acts.reissue_link(
            person.talk, contact=person.contact, by=account(), notify=bool(form.notify.data)
        ),
        _("The link was replaced. The earlier one no longer opens anything."),
        may=person.reachable,
    )


@blueprint.post("/<int:contact_id>/name")
def reset_name(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Take away the name that was chosen for the room."""
    person = person_of(talk_id, contact_id)
    if person.registration is not None:
        display_names.reset(person.registration, by=account())
        db.session.commit()
        flash(_("The person appears under their own name again."), "success")
    return back(person)


def act(
    page: str,
    person: Person,
    form: DeskForm,
    do: Callable[[], object],
    message: str,
    *,
    may: bool | None = None,
    **values: Any,
) -> ResponseReturnValue:
    """The page of one act: shown, refused at its field, or done, and back to the person. Where it
    can not be done any more (`may`; without it: `person.open`) the page of the person says so."""
    if not form.sent() and not (person.open if may is None else may):
        return back(person)
    if form.accepted():
        try:
            do()
            db.session.commit()
        except RuleError as error:
            refuse(form, error)
        else:
            flash(message, "success")
            return back(person)
    found = page_of_act(page, person, form=form, **values)
    return found, 422 if form.sent() else 200


def page_of_act(page: str, person: Person, **values: Any) -> str:
    """A page about the person."""
    return render_template(
        f"organiser/people/{page}.html",
        here=HERE,
        talk=person.talk,
        person=person,
        contact=person.contact,
        office_line=invitation_lists.office_line,
        name=full_name(person.contact),
        **values,
    )


def person_of(talk_id: int, contact_id: int) -> Person:
    """The person of the address; raises `NotThere`."""
    return people.person(talks.find(talk_id), contacts.get(contact_id))


def free_places(talk: Talk) -> dict[Mode, int | None]:
    """The places left on each side."""
    return {mode: registrations.free(talk, mode) for mode in registrations.modes(talk)}


def back(person: Person) -> ResponseReturnValue:
    """To the page of the person."""
    address = url_for("people.show", talk_id=person.talk.id, contact_id=person.contact.id)
    return redirect(address, 303)


def _answered(person: Person, asked: Sequence[Question]) -> list[tuple[Question, str]]:
    """The talk's own questions with what the person answered; none without a place."""
    if not asked or person.registration is None or not person.active:
        return []
    found = questions.answers_of(person.registration)
    return [(one, answer_words(one, found.get(one.id, ""))) for one in asked]


def _sendings(person: Person) -> int:
    """How often the link was sent by itself: until the end the personal one, then the archive's."""
    over = times.end(person.talk) <= now()
    query = select(func.count(Mail.id)).where(
        Mail.talk_id == person.talk.id,
        Mail.contact_id == person.contact.id,
        Mail.template == ("archive_link" if over else "personal_link"),
    )
    return db.session.scalar(query) or 0
