"""Another meeting in the room's place: typed, looked at, put before everybody; and taken back.

The rules and the mails are `webinar.domain.other_rooms`'.
"""

from __future__ import annotations

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import other_rooms, talks
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Talk
from webinar.web.forms.base import DeskForm
from webinar.web.forms.evening import OtherRoomForm
from webinar.web.guards import account
from webinar.web.organiser.evening import HERE, back, refused
from webinar.web.refusals import refuse
from webinar.web.settings import terms

blueprint = Blueprint("other_room", __name__)

CONFIRMED = "set"


@blueprint.route("", methods=["GET", "POST"])
def put(talk_id: int) -> ResponseReturnValue:
    """The address; where it leads and who is told; then for everybody at once."""
    talk, form = talks.find(talk_id), OtherRoomForm()
    if not form.accepted():
        return _page(talk, form)
    url = form.url.data or ""
    try:
        if form.step.data != CONFIRMED:
            return _review(talk, form, other_rooms.checked(url))
        told = other_rooms.put(talk, url=url, terms=terms(), by=account())
    except RuleError as error:
        refuse(form, error)
        return _page(talk, form)
    db.session.commit()
    flash(_with_told(_("Everybody now sees the other meeting."), told), "success")
    return back(talk)


@blueprint.route("/zuruecknehmen", methods=["GET", "POST"])
def take_back(talk_id: int) -> ResponseReturnValue:
    """Who is told that the room works again; then back into it."""
    talk, form = talks.find(talk_id), DeskForm()
    if not talk.other_room:
        return back(talk)
    if not form.accepted():
        return render_template(
            "organiser/evening/take_back.html",
            here=HERE,
            talk=talk,
            host=other_rooms.host(talk.other_room),
            told=other_rooms.told(talk),
        )
    try:
        told = other_rooms.take_back(talk, terms=terms(), by=account())
    except RuleError as error:
        return refused(talk, error)
    db.session.commit()
    flash(_with_told(_("Everybody is led into the usual room again."), told), "success")
    return back(talk)


def _page(talk: Talk, form: OtherRoomForm) -> ResponseReturnValue:
    page = render_template("organiser/evening/other_room.html", here=HERE, talk=talk, form=form)
    return page, 422 if form.sent() else 200


def _review(talk: Talk, form: OtherRoomForm, url: str) -> ResponseReturnValue:
    return render_template(
        "organiser/evening/other_room_review.html",
        here=HERE,
        talk=talk,
        form=form,
        url=url,
        host=other_rooms.host(url),
        told=other_rooms.told(talk),
        step=CONFIRMED,
    )


def _with_told(message: str, told: int) -> str:
    people = ngettext("%(num)d person gets a message.", "%(num)d people get a message.", told)
    return f"{message} {people}"
