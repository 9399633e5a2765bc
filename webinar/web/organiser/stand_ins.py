"""For one person at one talk: a deputy named or taken back, answers to the talk's questions.

What somebody said on the telephone is taken down here; the rules are `webinar.domain.deputies`' and
`webinar.domain.questions`', the person's page `webinar.web.organiser.people`'.
"""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import deputies, questions, registrations
from webinar.domain.people import Person
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Invitation, Registration
from webinar.web.forms.deputies import DeskDeputyForm
from webinar.web.forms.people import NotifyForm
from webinar.web.forms.questions import add_questions, typed_answers
from webinar.web.guards import account
from webinar.web.organiser.people import act, back, free_places, person_of
from webinar.web.sentences import sentence

blueprint = Blueprint("stand_ins", __name__)


@blueprint.route("/<int:contact_id>/vertretung", methods=["GET", "POST"])
def name(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Who comes instead."""
    person = person_of(talk_id, contact_id)
    invitation, sides = _invitation(person), registrations.modes(person.talk)
    form = DeskDeputyForm()
    form.offer(sides, free=free_places(person.talk))
    return act(
        "deputy",
        person,
        form,
        lambda: deputies.name_deputy(
            invitation,
            person=form.person(),
            mode=form.side,
            by=account(),
            notify=bool(form.notify.data),
        ),
        _("The deputy was named."),
        ask_side=not person.active and len(sides) > 1,
    )


@blueprint.post("/<int:contact_id>/vertretung/zuruecknehmen")
def take_back(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """The person sends nobody after all; both are told."""
    person = person_of(talk_id, contact_id)
    try:
        deputies.take_back(_invitation(person), by=account())
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "warning")
        return back(person)
    db.session.commit()
    flash(_("The deputy no longer comes. Both get a message."), "success")
    return back(person)


@blueprint.route("/<int:contact_id>/angaben", methods=["GET", "POST"])
def details(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Answer the talk's own questions for the person."""
    person = person_of(talk_id, contact_id)
    held, asked, form = _held(person), questions.asked(person.talk), NotifyForm()
    fields = add_questions(
        form,
        asked,
        formdata=request.form if form.sent() else None,
        answers=questions.answers_of(held),
    )
    return act(
        "details",
        person,
        form,
        lambda: questions.change_answers(
            person.talk,
            held,
            typed_answers(form, asked),
            by=account(),
            notify=bool(form.notify.data),
        ),
        _("The answers were taken down."),
        fields=fields,
    )


def _invitation(person: Person) -> Invitation:
    if person.invitation is None:
        raise NotThere("record_missing")
    return person.invitation


def _held(person: Person) -> Registration:
    """The place or waiting place; raises `NotThere` for who has none."""
    if person.registration is None or not person.active:
        raise NotThere("record_missing")
    return person.registration
