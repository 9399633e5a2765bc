"""What an organiser makes of a recording at the desk: subtitles, chapters, the times of slides.

Cutting stands beside (`webinar.web.organiser.cuts`), both on addresses below the material.
"""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.adapters import subtitles as files
from webinar.domain import chapters, materials, pages, subtitles, talks
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Material, MaterialKind
from webinar.web import downloads
from webinar.web.archives import language_name
from webinar.web.filters import timecode
from webinar.web.forms.films import SUBTITLES, ChaptersForm, PageTimesForm, SubtitlesForm
from webinar.web.guards import account
from webinar.web.organiser.materials import page
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import storage

blueprint = Blueprint("films", __name__)


@blueprint.get("/<int:material_id>/wiedergabe")
def play(talk_id: int, material_id: int) -> ResponseReturnValue:
    """The recording or its subtitles, for the player at the desk."""
    return downloads.playing(materials.one_of(talks.find(talk_id), material_id=material_id))


@blueprint.get("/<int:material_id>/standbild")
def poster(talk_id: int, material_id: int) -> ResponseReturnValue:
    """The still of a recording."""
    return downloads.poster(recording(talk_id, material_id))


@blueprint.get("/<int:material_id>/seite/<int:number>/gross")
def picture(talk_id: int, material_id: int, number: int) -> ResponseReturnValue:
    """The picture of a page, to be read."""
    material = materials.one_of(talks.find(talk_id), material_id=material_id)
    return downloads.picture(pages.page_of(material, number=number))


@blueprint.route("/<int:material_id>/untertitel", methods=["GET", "POST"])
def add_subtitles(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Put subtitles in one language to the recording, instead of those that were there."""
    row, form = recording(talk_id, material_id), SubtitlesForm()
    form.offer()
    if form.accepted():
        try:
            read = _take_subtitles(row, form)
            flash(_("%(count)d lines of subtitles were added.", count=len(read.cues)), "success")
            if read.moved or read.shortened:
                flash(_mended(read), "info")
            return redirect(_address(row), 303)
        except RuleError as error:
            refuse(form, error)
            row = recording(talk_id, material_id)
    status = 422 if form.sent() else 200
    there = subtitles.of_recording(row)
    languages = ", ".join(subtitle_language(one) for one in there)
    values = {"form": form, "there": there, "languages": languages, "accept": SUBTITLES}
    return page("subtitles", talk=row.talk, material=row, **values), status


@blueprint.route("/<int:material_id>/kapitel", methods=["GET", "POST"])
def set_chapters(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Say which parts the recording has."""
    row, form = recording(talk_id, material_id), ChaptersForm()
    form.fill(chapters.chapters_of([row])[row.id])
    if form.accepted():
        found = form.read()
        try:
            if not form.errors:
                chapters.set_chapters(row, found, by=account())
                db.session.commit()
                flash(_("The chapters were saved."), "success")
                return redirect(_address(row), 303)
        except RuleError as error:
            refuse(form, error)
            row = recording(talk_id, material_id)
    status = 422 if form.sent() else 200
    return page("chapters", talk=row.talk, material=row, form=form), status


@blueprint.route("/<int:material_id>/zeiten", methods=["GET", "POST"])
def set_page_times(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Say when each page of the slides appears in the recording of the talk."""
    deck = materials.one_of(talks.find(talk_id), material_id=material_id)
    film = _first_recording(deck)
    rows, form = pages.pages_of([deck])[deck.id], PageTimesForm()
    if film is None or not rows:
        raise NotThere("material_missing")
    wrong: dict[int, str] = {}
    if form.accepted():
        times, wrong = form.read(rows, request.form.to_dict())
        try:
            if not wrong:
                pages.set_times(deck, times=times, recording=film, by=account())
                db.session.commit()
                flash(_("The times of the pages were saved."), "success")
                return redirect(_address(deck), 303)
        except RuleError as error:
            db.session.rollback()
            wrong = {int(str(error.values["number"])): sentence(error)}
            deck = materials.one_of(talks.find(talk_id), material_id=material_id)
            rows = pages.pages_of([deck])[deck.id]
    typed = {one.number: _shown_time(one.number, one.starts_at_ms) for one in rows}
    values = {"talk": deck.talk, "material": deck, "film": film, "pages": rows, "typed": typed}
    status = 422 if form.sent() else 200
    return page("page_times", form=form, wrong=wrong, **values), status


def recording(talk_id: int, material_id: int) -> Material:
    """The talk's recording of that number; raises `NotThere` for anything else."""
    found = materials.one_of(talks.find(talk_id), material_id=material_id)
    if found.kind != MaterialKind.RECORDING:
        raise NotThere("material_missing")
    return found


@blueprint.app_template_global()
def subtitle_language(material: Material) -> str:
    """The language of subtitles, in the reader's."""
    return language_name(material.language) if material.language else ""


def _take_subtitles(row: Material, form: SubtitlesForm) -> files.Subtitles:
    """Read, store and keep the upload; where the record is refused, the bytes go again."""
    upload, language = form.file.data, str(form.language.data)
    read = files.read(upload.stream.read(files.MAX_BYTES + 1))
    subtitles.check(row, language=language, lines=read.cues)
    data = files.write(read.cues)
    stored = storage().put(BytesIO(data), limit=len(data))
    try:
        subtitles.put(
            row,
            language=language,
            title=_("Subtitles: %(language)s", language=language_name(language)),
            stored=stored,
            file_name=f"untertitel-{row.talk.slug}-{language}.vtt",
            lines=read.cues,
            by=account(),
        )
        db.session.commit()
    except BaseException:
        db.session.rollback()
        storage().delete(stored.key)
        raise
    return read


def _mended(read: files.Subtitles) -> str:
    return _(
        "%(moved)d lines stood out of order and were sorted, %(shortened)d ran into the next one "
        "and were shortened.",
        moved=read.moved,
        shortened=read.shortened,
    )


def _first_recording(deck: Material) -> Material | None:
    rows = materials.of_talk(deck.talk)
    return next((one for one in rows if one.kind == MaterialKind.RECORDING), None)


def _shown_time(number: int, kept: int | None) -> str:
    """What was typed, else what is kept."""
    stands = timecode(kept) if kept is not None else ""
    return request.form.get(f"seite-{number}", stands)


def _address(material: Material) -> str:
    return url_for("materials.show", talk_id=material.talk_id, material_id=material.id)
