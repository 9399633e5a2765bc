"""Cutting a recording at start and end: asking, looking at the cut, taking it or leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.adapters import films, subtitles
from webinar.adapters.storage import StoredFile
from webinar.domain import cuts
from webinar.domain.subtitles import Line
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.web import downloads
from webinar.web.filters import timecode
from webinar.web.forms.films import CutForm
from webinar.web.guards import account
from webinar.web.organiser.films import recording
from webinar.web.organiser.materials import page
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import storage

blueprint = Blueprint("cuts", __name__)


@blueprint.route("", methods=["GET", "POST"])
def show(talk_id: int, material_id: int) -> ResponseReturnValue:
    """How it stands with the cut, and asking for one."""
    row, form = recording(talk_id, material_id), CutForm()
    if not form.sent():
        length = row.duration_seconds
        form.start.data = timecode(0)
        form.end.data = timecode(length * 1000) if length is not None else ""
    if form.accepted():
        try:
            if not films.available():
                raise RuleError("ffmpeg_missing")
            start, end = form.start.moment or 0, form.end.moment or 0
            cuts.ask(row, start_ms=start, end_ms=end, by=account())
            db.session.commit()
            flash(_("The cut is being made. The recording stays as it is until then."), "success")
            return redirect(url_for(".show", talk_id=talk_id, material_id=material_id), 303)
        except RuleError as error:
            refuse(form, error)
            row = recording(talk_id, material_id)
    status = 422 if form.sent() else 200
    values = {"cut": cuts.of_recording(row), "possible": films.available()}
    return page("cut", talk=row.talk, material=row, form=form, **values), status


@blueprint.get("/datei")
def play(talk_id: int, material_id: int) -> ResponseReturnValue:
    """The cut, to be looked at before somebody decides."""
    row = recording(talk_id, material_id)
    cut = cuts.of_recording(row)
    if cut is None or cut.storage_key is None:
        raise NotThere("material_missing")
    return downloads.cut(cut, media_type=row.media_type)


@blueprint.post("/uebernehmen")
def take(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Use the cut; the original goes."""
    row = recording(talk_id, material_id)
    made: list[str] = []

    def write(lines: Sequence[Line]) -> StoredFile:
        data = subtitles.write(lines)
        stored = storage().put(BytesIO(data), limit=len(data))
        made.append(stored.key)
        return stored

    try:
        cuts.take(row, write=write, by=account())
        db.session.commit()
        flash(_("The cut is the recording now. The longer one is removed."), "success")
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "warning")
        return redirect(url_for(".show", talk_id=talk_id, material_id=material_id), 303)
    except BaseException:
        db.session.rollback()
        for key in made:
            storage().delete(key)
        raise
    return redirect(url_for("materials.show", talk_id=talk_id, material_id=material_id), 303)


@blueprint.post("/verwerfen")
def discard(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Leave the recording as it is."""
    cuts.discard(recording(talk_id, material_id), by=account())
    db.session.commit()
    flash(_("The cut was discarded. The recording stays as it was."), "success")
    return redirect(url_for(".show", talk_id=talk_id, material_id=material_id), 303)
