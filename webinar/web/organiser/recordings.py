"""Recordings that wait for a person: of an unknown room, without consent, or no recording at all.

They are listened into, given to a talk, or discarded; whatever waits goes by itself after its term.
What came in without a question lies with the materials of its talk already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain import recordings, shares
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Aside, Recording
from webinar.web import downloads
from webinar.web.guards import account
from webinar.web.numbers import row_number
from webinar.web.paging import page_of
from webinar.web.sentences import sentence
from webinar.web.settings import retention_terms

blueprint = Blueprint("recordings", __name__)

HERE = "recordings"
REASONS: dict[Aside, LazyString] = {
    Aside.ROOM_UNKNOWN: _l("The room belongs to no talk."),
    Aside.NO_CONSENT: _l("Not everybody who speaks has consented, or no recording was planned."),
    Aside.NO_VIDEO: _l("The file is no MP4 or WebM that a browser would play."),
}
VIDEOS = frozenset({"video/mp4", "video/webm"})


@dataclass(frozen=True)
class Row:
    """`goes_on`: when it is deleted; `plays`: whether it can be looked at here."""

    recording: Recording
    why: str
    goes_on: datetime
    plays: bool


@blueprint.app_template_global()
def recordings_waiting() -> int:
    """How many wait, for the page of the overview."""
    return recordings.waiting_count()


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What waits, the oldest first."""
    return _page()


@blueprint.get("/<int:recording_id>/datei")
def file(recording_id: int) -> ResponseReturnValue:
    """The recording, to be played before somebody decides."""
    return downloads.aside(recordings.get(recording_id))


@blueprint.post("/<int:recording_id>/zuordnen")
def assign(recording_id: int) -> ResponseReturnValue:
    """It is of this talk: it becomes a material that nobody sees yet."""
    row = recordings.get(recording_id)
    try:
        talk = shares.seen_talk(request.form.get("talk", -1, type=row_number), by=account())
        recordings.assign(row, talk=talk, days=retention_terms().general, by=account())
    except NotThere:
        db.session.rollback()
        return _page(problem=_("Please choose the talk."), at=recording_id)
    except RuleError as error:
        db.session.rollback()
        return _page(problem=sentence(error), at=recording_id)
    db.session.commit()
    flash(_("The recording was added. Nobody sees it yet."), "success")
    return redirect(url_for("materials.index", talk_id=talk.id), 303)


@blueprint.route("/<int:recording_id>/verwerfen", methods=["GET", "POST"])
def discard(recording_id: int) -> ResponseReturnValue:
    """What goes, then letting it go."""
    row = recordings.get(recording_id)
    if request.method != "POST":
        return render_template("organiser/recordings/discard.html", here=HERE, row=_row(row))
    try:
        recordings.discard(row, by=account())
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "warning")
        return redirect(url_for(".index"), 303)
    db.session.commit()
    flash(_("The recording was discarded."), "success")
    return redirect(url_for(".index"), 303)


def _page(*, problem: str = "", at: int | None = None) -> ResponseReturnValue:
    page = page_of(recordings.waiting())
    shown = render_template(
        "organiser/recordings/index.html",
        here=HERE,
        page=page,
        rows=[_row(row) for row in page.rows],
        talks=recordings.candidates(seen=shares.talk_seen_by(account())),
        chosen=request.form.get("talk", ""),
        problem=problem,
        at=at,
    )
    return shown, 422 if problem else 200


def _row(row: Recording) -> Row:
    return Row(
        recording=row,
        why=str(REASONS.get(Aside(row.reason), "")),
        goes_on=row.created_at + recordings.KEPT_ASIDE,
        plays=row.media_type in VIDEOS,
    )
