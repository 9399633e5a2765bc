"""The speakers at the desk: list, one speaker with the talks, form with photo, removing."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from webinar.adapters import documents
from webinar.domain import shares, speakers, talks
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Speaker, Talk
from webinar.web import downloads
from webinar.web.filters import full_name
from webinar.web.forms.speakers import SpeakerForm
from webinar.web.guards import account
from webinar.web.numbers import searched
from webinar.web.paging import page_of
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import storage

blueprint = Blueprint("speakers", __name__)

HERE = "speakers"
LARGEST_PHOTO = 10 * 1024 * 1024


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All speakers, searched, with the number of their talks."""
    search = searched()
    page = page_of(speakers.listed(search=search))
    return render_template(
        "organiser/speakers/index.html",
        here=HERE,
        page=page,
        counts=speakers.talk_counts(page.rows),
        search=search,
    )


@blueprint.get("/<int:speaker_id>")
def show(speaker_id: int) -> ResponseReturnValue:
    """One speaker and the talks."""
    speaker = speakers.find(speaker_id)
    return render_template(
        "organiser/speakers/show.html",
        here=HERE,
        speaker=speaker,
        found=speakers.talks_of(speaker, seen=shares.talk_seen_by(account())),
    )


@blueprint.get("/<int:speaker_id>/foto")
def photo(speaker_id: int) -> ResponseReturnValue:
    """The photo, also of somebody who is not public yet."""
    key = speakers.find(speaker_id).photo_key
    if key is None:
        raise NotThere("record_missing")
    answer = send_file(storage().open(key), mimetype="image/webp", etag=key, conditional=True)
    answer.headers["Cache-Control"] = downloads.CACHE
    return answer


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """A new speaker; with `talk` also put on that talk."""
    form = SpeakerForm()
    talk = _talk(request.args.get("talk", ""))
    if form.accepted():
        try:
            return _create(form, talk)
        except RuleError as error:
            refuse(form, error)
    _ask_for_photo_again(form)
    page = render_template("organiser/speakers/create.html", here=HERE, form=form, talk=talk)
    return page, 422 if form.errors else 200


@blueprint.route("/<int:speaker_id>/bearbeiten", methods=["GET", "POST"])
def edit(speaker_id: int) -> ResponseReturnValue:
    """Change a speaker; a new photo replaces the old one."""
    speaker = speakers.find(speaker_id)
    form = SpeakerForm()
    form.fill(speaker)
    if form.accepted():
        try:
            return _edit(form, speaker)
        except RuleError as error:
            refuse(form, error)
    _ask_for_photo_again(form)
    page = render_template("organiser/speakers/edit.html", here=HERE, form=form, speaker=speaker)
    return page, 422 if form.errors else 200


@blueprint.post("/<int:speaker_id>/loeschen")
def delete(speaker_id: int) -> ResponseReturnValue:
    """Remove somebody who appears at no talk."""
    speaker = speakers.find(speaker_id)
    try:
        key = speakers.delete_speaker(speaker, by=account())
        db.session.commit()
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "danger")
        return redirect(url_for(".show", speaker_id=speaker_id), 303)
    _forget(key)
    flash(_("The speaker was removed."), "success")
    return redirect(url_for(".index"), 303)


def _talk(number: str) -> Talk | None:
    plain = number.isascii() and number.isdecimal() and len(number) < 10
    return shares.seen_talk(int(number), by=account()) if plain else None


def _create(form: SpeakerForm, talk: Talk | None) -> ResponseReturnValue:
    key = _store(form.photo.data)
    try:
        speaker = speakers.create(form.values(photo_key=key), by=account())
        if talk is not None:
            talks.check_open(talk)
            speakers.add_to_talk(talk, speaker, by=account())
        db.session.commit()
    except BaseException:
        _forget(key)
        raise
    flash(_("%(name)s was added.", name=full_name(speaker)), "success")
    if talk is not None:
        return redirect(url_for("talks.show", talk_id=talk.id, _anchor="referenten"), 303)
    return redirect(url_for(".show", speaker_id=speaker.id), 303)


def _edit(form: SpeakerForm, speaker: Speaker) -> ResponseReturnValue:
    key = _store(form.photo.data)
    try:
        unused = speakers.edit(speaker, form.values(photo_key=key), by=account())
        db.session.commit()
    except BaseException:
        _forget(key)
        raise
    _forget(unused)
    flash(_("The speaker was saved."), "success")
    return redirect(url_for(".show", speaker_id=speaker.id), 303)


def _store(upload: FileStorage | None) -> str | None:
    """Keep the photo small and bare; returns its key, None where none was chosen."""
    if upload is None or not upload.filename:
        return None
    raw = upload.stream.read(LARGEST_PHOTO + 1)
    if len(raw) > LARGEST_PHOTO:
        raise RuleError("photo_too_large", field="photo", limit=LARGEST_PHOTO // 1024 // 1024)
    picture = documents.photo(io.BytesIO(raw))
    return storage().put(io.BytesIO(picture), limit=LARGEST_PHOTO).key


def _forget(key: str | None) -> None:
    """Delete bytes that no row names; only after the commit, or when there was none."""
    if key is not None:
        storage().delete(key)


def _ask_for_photo_again(form: SpeakerForm) -> None:
    """A browser does not send a chosen file twice: say so, since all else is still there."""
    if form.errors and form.photo.data and not form.photo.errors:
        form.photo.errors = [*form.photo.errors, _("Please choose the photo again.")]
