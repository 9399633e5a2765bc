"""Accepting the whole series from the personal page of one evening, and leaving it again.

GET says what it means for each coming evening; only the POSTs act.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import acceptances
from webinar.domain.standing import standing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Mode
from webinar.web.forms.acceptances import LeaveForm
from webinar.web.forms.guest import AnswerForm, answer_form, chosen_side
from webinar.web.guest import pages
from webinar.web.sentences import sentence

blueprint = Blueprint("guest_acceptances", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """What accepting the series means, or that it is accepted and how to leave it."""
    return _page()


@blueprint.post("/zusage")
def accept() -> ResponseReturnValue:
    """Come to every evening until further notice; a second click changes nothing."""
    try:
        # Either side: a coming evening can offer what this one does not.
        side = chosen_side(tuple(Mode)) or Mode.ONLINE
        acceptances.accept_series(pages.talk().series, contact=pages.contact(), mode=side)
    except RuleError as error:
        db.session.rollback()
        return _page(sentence(error), status=409)
    db.session.commit()
    return redirect(url_for(".show"), 303)


@blueprint.post("/verlassen")
def leave() -> ResponseReturnValue:
    """Decide evening by evening again; places are given up only where that was ticked."""
    try:
        acceptances.leave_series(
            pages.talk().series, contact=pages.contact(), with_places=LeaveForm.sent().places.data
        )
    except RuleError as error:
        db.session.rollback()
        return _page(sentence(error), status=409)
    db.session.commit()
    return redirect(url_for(".show"), 303)


def _form() -> AnswerForm:
    """Always both sides: a coming evening can offer what this one does not."""
    return answer_form(tuple(Mode), free={})


def _page(notice: str = "", *, status: int = 200) -> ResponseReturnValue:
    talk, contact = pages.talk(), pages.contact()
    page = render_template(
        "guest/series.html",
        talk=talk,
        contact=contact,
        standing=standing(talk, contact=contact),
        outlook=acceptances.outlook(talk.series, contact=contact),
        by_series=acceptances.place_count(talk.series, contact=contact),
        form=_form(),
        leave=LeaveForm(),
        notice=notice,
    )
    return page, status
