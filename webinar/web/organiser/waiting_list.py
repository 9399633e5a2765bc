"""The waiting list by hand: another place, a place now, or none; each with a reason."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import registrations, waiting_list
from webinar.domain.people import Person
from webinar.errors import NotThere
from webinar.models import Registration
from webinar.web.forms.people import MoveForm, PromoteForm, RefuseForm
from webinar.web.guards import account
from webinar.web.organiser.people import act, back, person_of

blueprint = Blueprint("waiting_list", __name__)


@blueprint.route("/verschieben", methods=["GET", "POST"])
def move(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Another place in the queue."""
    person, form = person_of(talk_id, contact_id), MoveForm()
    registration = _held(person)
    if person.position is None:
        return back(person)
    if not form.sent():
        form.position.data = person.position - 1 or 2
    return act(
        "move",
        person,
        form,
        lambda: waiting_list.move(
            registration,
            position=form.position.data or 1,
            reason=form.reason.data or "",
            by=account(),
            notify=bool(form.notify.data),
        ),
        _("The waiting list was changed."),
    )


@blueprint.route("/nachruecken", methods=["GET", "POST"])
def promote(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """A place now: a free one, or one more than there were."""
    person, form = person_of(talk_id, contact_id), PromoteForm()
    registration = _held(person)
    if person.position is None:
        return back(person)
    side = registrations.awaited(registration)
    return act(
        "promote",
        person,
        form,
        lambda: waiting_list.promote(
            registration,
            reason=form.reason.data or "",
            by=account(),
            raise_places=bool(form.raise_places.data),
            notify=bool(form.notify.data),
        ),
        _("The place is confirmed."),
        side=side,
        free=registrations.free(person.talk, side),
        taken=registrations.taken(person.talk, side),
        limit=registrations.limit(person.talk, side),
    )


@blueprint.route("/ablehnen", methods=["GET", "POST"])
def refuse(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """What a refusal means, then refusing."""
    person, form = person_of(talk_id, contact_id), RefuseForm()
    registration = _held(person)
    return act(
        "refuse",
        person,
        form,
        lambda: waiting_list.refuse(
            registration,
            reason=form.reason.data or "",
            by=account(),
            words=form.words.data or "",
            notify=bool(form.notify.data),
        ),
        _("The registration was refused."),
    )


def _held(person: Person) -> Registration:
    """The place or waiting place; who has none is no page of these."""
    if person.registration is None or not person.active:
        raise NotThere("record_missing")
    return person.registration
