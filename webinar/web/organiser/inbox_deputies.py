"""A calendar named somebody who comes instead: the organiser says who that is, and it is done.

The message and its list are `webinar.web.organiser.inbox`', the rules `webinar.domain.deputies`'.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import inbox, inbox_delegations, registrations
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import InboxMessage
from webinar.web.forms.deputies import DeskDeputyForm
from webinar.web.guards import account
from webinar.web.organiser.inbox import HERE
from webinar.web.refusals import refuse

blueprint = Blueprint("inbox_deputies", __name__)


@blueprint.route("/<int:message_id>/vertretung", methods=["GET", "POST"])
def name(message_id: int) -> ResponseReturnValue:
    """Who comes instead, begun with what the calendar said, then naming the deputy."""
    message = inbox.get(message_id)
    if message.talk is None or not inbox_delegations.can_enact(message):
        return redirect(url_for("inbox.show", message_id=message_id), 303)
    sides = registrations.modes(message.talk)
    form = DeskDeputyForm()
    form.prepare(inbox_delegations.meant(message), sides)
    if form.accepted():
        try:
            return _named(message, form)
        except RuleError as error:
            refuse(form, error)
            message = inbox.get(message_id)
    page = render_template(
        "organiser/inbox/deputy.html",
        here=HERE,
        message=message,
        form=form,
        sides=len(sides),
    )
    return page, 422 if form.sent() else 200


def _named(message: InboxMessage, form: DeskDeputyForm) -> ResponseReturnValue:
    side = form.side or registrations.modes(message.talk)[0]  # type: ignore[arg-type]
    inbox_delegations.enact(message, person=form.person(), mode=side, by=account())
    db.session.commit()
    flash(_("The deputy was named. Both get a message."), "success")
    return redirect(url_for("inbox.index"), 303)
