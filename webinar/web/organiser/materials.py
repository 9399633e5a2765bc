"""The materials of a talk at the desk: adding files and links, describing, withdrawing, deleting.

Releasing has its own pages beside (`webinar.web.organiser.releases`), on the same blueprint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from webinar.adapters.documents import download_name, identify
from webinar.adapters.incoming import incoming_of
from webinar.domain import (
    chapters,
    cuts,
    deletions,
    materials,
    objections,
    pages,
    processing,
    release_plans,
    releases,
    subtitles,
    talks,
    uploads,
)
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Audience,
    Grantee,
    Material,
    MaterialKind,
    PlannedRelease,
    Talk,
    Upload,
)
from webinar.web import downloads
from webinar.web.filters import day
from webinar.web.forms.base import DeskForm
from webinar.web.forms.materials import ACCEPT, FileForm, LinkForm, MaterialForm
from webinar.web.guards import account
from webinar.web.sentences import sentence
from webinar.web.settings import retention_terms, settings, storage

blueprint = Blueprint("materials", __name__)

HERE = "talks"


@blueprint.get("/")
def index(talk_id: int) -> ResponseReturnValue:
    """Everything that there is for the talk, with its state."""
    talk = talks.find(talk_id)
    rows = materials.of_talk(talk)
    planned = release_plans.waiting(talk)
    return page(
        "index",
        talk=talk,
        materials=rows,
        audiences=_audience_names(rows, planned),
        waiting=_waiting(rows),
        planned=planned,
        titles={row.id: row.title for row in rows},
        due_at={one: row.due_at for row in reversed(planned) for one in row.material_ids},
        soon=deletions.is_ahead,
        today=materials.today(),
        uploads=uploads.shown(talk),
    )


@blueprint.route("/neu", methods=["GET", "POST"])
def create(talk_id: int) -> ResponseReturnValue:
    """Add a file."""
    talk, form = talks.find(talk_id), FileForm()
    form.limit(settings().upload_limit)
    if form.accepted():
        try:
            if settings().clamav:
                _hand_over(talk, form)
                flash(_("The file has arrived and is being checked."), "success")
                return redirect(url_for(".index", talk_id=talk_id), 303)
            material = _take(talk, form)
            flash(_("“%(title)s” was added. Nobody sees it yet.", title=material.title), "success")
            return redirect(url_for(".index", talk_id=talk_id), 303)
        except RuleError as error:
            refuse(form, error)
    status = 422 if form.sent() else 200
    large = settings().large_upload_limit
    return page("create", talk=talks.find(talk_id), form=form, accept=ACCEPT, large=large), status


@blueprint.route("/link", methods=["GET", "POST"])
def create_link(talk_id: int) -> ResponseReturnValue:
    """Add an address."""
    talk, form = talks.find(talk_id), LinkForm()
    if form.accepted():
        try:
            values = {"title": form.title.data or "", "url": form.url.data or ""}
            material = materials.add_link(talk, **values, by=account())
            db.session.commit()
            flash(_("“%(title)s” was added. Nobody sees it yet.", title=material.title), "success")
            return redirect(url_for(".index", talk_id=talk_id), 303)
        except RuleError as error:
            refuse(form, error)
    return page("link", talk=talks.find(talk_id), form=form), 422 if form.sent() else 200


@blueprint.get("/<int:material_id>")
def show(talk_id: int, material_id: int) -> ResponseReturnValue:
    """One material: what was read of it, for whom it is, what can be done."""
    material = _material(talk_id, material_id)
    planned = [
        row for row in release_plans.waiting(material.talk) if material.id in row.material_ids
    ]
    film = material.kind == MaterialKind.RECORDING
    return page(
        "show",
        talk=material.talk,
        material=material,
        audiences=_audience_names([material], planned),
        due_at={one: row.due_at for row in planned for one in row.material_ids},
        soon=deletions.is_ahead,
        today=materials.today(),
        days=retention_terms().general,
        film=materials.has_recording(material.talk),
        tracks=subtitles.of_recording(material) if film else [],
        chapters=chapters.chapters_of([material])[material.id] if film else [],
        cut=cuts.of_recording(material) if film else None,
        pages=pages.pages_of([material])[material.id],
        steps=processing.shown_steps(material),
        again=processing.can_try_again(material),
    )


@blueprint.route("/<int:material_id>/bearbeiten", methods=["GET", "POST"])
def edit(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Change title, deletion date and, of a link, its address."""
    material, form = _material(talk_id, material_id), MaterialForm()
    form.prepare(material)
    if form.accepted():
        try:
            _edit(material, form)
            db.session.commit()
            flash(_("The change was saved."), "success")
            return redirect(_address(material), 303)
        except RuleError as error:
            refuse(form, error)
            material = _material(talk_id, material_id)
    status = 422 if form.sent() else 200
    return page("edit", talk=material.talk, material=material, form=form), status


@blueprint.post("/<int:material_id>/zurueckziehen")
def withdraw(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Close it for everybody, at once."""
    material = _material(talk_id, material_id)
    releases.withdraw(material, by=account())
    db.session.commit()
    flash(_("“%(title)s” was withdrawn. Nobody sees it now.", title=material.title), "success")
    return redirect(_address(material), 303)


@blueprint.post("/<int:material_id>/verlaengern")
def prolong(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Let it stay as long again as it stays by itself."""
    material = _material(talk_id, material_id)
    on = deletions.prolong(material, days=retention_terms().general, by=account())
    db.session.commit()
    flash(_("“%(title)s” stays until %(day)s.", title=material.title, day=day(on)), "success")
    return redirect(_address(material), 303)


@blueprint.post("/<int:material_id>/zurueckgeben")
def lift(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Take down that the speaker lets it be shown again."""
    material = _material(talk_id, material_id)
    objections.lift(material, by=account())
    db.session.commit()
    flash(_("“%(title)s” can be released again.", title=material.title), "success")
    return redirect(_address(material), 303)


@blueprint.post("/<int:material_id>/erneut")
def try_again(talk_id: int, material_id: int) -> ResponseReturnValue:
    """Read once more what could not be read."""
    material = _material(talk_id, material_id)
    try:
        processing.try_again(material, by=account())
        db.session.commit()
        flash(_("The file is being read once more."), "success")
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "info")
    return redirect(_address(material), 303)


@blueprint.route("/<int:material_id>/loeschen", methods=["GET", "POST"])
def delete(talk_id: int, material_id: int) -> ResponseReturnValue:
    """What goes with it, then deleting it."""
    material = _material(talk_id, material_id)
    if request.method != "POST":
        return page("delete", talk=material.talk, material=material)
    materials.delete(material, by=account())
    db.session.commit()
    flash(_("“%(title)s” was deleted.", title=material.title), "success")
    return redirect(url_for(".index", talk_id=talk_id), 303)


@blueprint.get("/<int:material_id>/datei")
def file(talk_id: int, material_id: int) -> ResponseReturnValue:
    """The file to save."""
    return downloads.attachment(_material(talk_id, material_id))


@blueprint.get("/<int:material_id>/seite/<int:number>")
def thumbnail(talk_id: int, material_id: int, number: int) -> ResponseReturnValue:
    """The small picture of a page."""
    material = _material(talk_id, material_id)
    return downloads.thumbnail(pages.page_of(material, number=number))


@blueprint.app_template_global()
def material_note(material: Material) -> str:
    """What is wrong with the file, as a sentence; empty when all went well."""
    note = material.processing_note
    return sentence(RuleError(note)) if note else ""


@blueprint.app_template_global()
def upload_reason(upload: Upload) -> str:
    """Why the upload was not accepted, as a sentence."""
    return sentence(RuleError(upload.reason, title=upload.about, found=upload.about))


@blueprint.app_template_global()
def note_sentence(note: str) -> str:
    """What the code of a step or a cut says."""
    return sentence(RuleError(note))


def _take(talk: Talk, form: FileForm) -> Material:
    """Keep the upload and its record; where the record is refused, the bytes go again."""
    upload: FileStorage = form.file.data
    kind, by = MaterialKind(form.kind.data), account()
    # Copying takes seconds: on SQLite an open transaction would keep all others from writing.
    db.session.commit()
    media = identify(cast("BinaryIO", upload.stream), filename=upload.filename or "")
    materials.check_kind(kind, media_type=media.media_type)
    stored = storage().put(upload.stream, limit=settings().upload_limit)
    try:
        material = materials.add(
            talk,
            kind=kind,
            title=form.title.data or "",
            stored=stored,
            media_type=media.media_type,
            file_name=download_name(upload.filename or "", media_type=media),
            delete_on=materials.default_deletion(talk, days=retention_terms().general),
            by=by,
        )
        db.session.commit()
    except BaseException:
        db.session.rollback()
        storage().delete(stored.key)
        raise
    return material


def _edit(material: Material, form: MaterialForm) -> None:
    """Keep what was typed; fields that were not asked for stay as they are."""
    if "closes_on" in form:
        releases.limit(material, closes_on=form.closes_on.data, by=account())
    if "speaker" in form:
        objections.name_owner(material, speaker_id=form.speaker.data or None, by=account())
    materials.edit(
        material,
        title=form.title.data or "",
        delete_on=form.delete_on.data,
        url=form.url.data if "url" in form else None,
        by=account(),
    )


def _hand_over(talk: Talk, form: FileForm) -> None:
    """Where viruses are looked for, a form's file goes the way of the large ones: nothing becomes
    a material before it was scanned. What it is, is said at once all the same."""
    sent: FileStorage = form.file.data
    stream, by, found = cast("BinaryIO", sent.stream), account(), settings()
    media = identify(stream, filename=sent.filename or "")
    size = stream.seek(0, 2)
    stream.seek(0)
    upload = uploads.begin(
        talk,
        kind=MaterialKind(form.kind.data),
        title=form.title.data or "",
        file_name=download_name(sent.filename or "", media_type=media),
        media_type=media.media_type,
        size=size,
        limit=found.upload_limit,
        quota=found.storage_quota,
        by=by,
    )
    turn = uploads.take_turn(upload, offset=0)
    # Copying takes seconds: on SQLite an open transaction would keep all others from writing.
    db.session.commit()
    try:
        incoming_of(found).write(upload.public_id, stream, offset=0, limit=size)
        uploads.count(upload, turn=turn, size=size)
    except RuleError:
        # Nobody could go on with it: a form is sent anew as a whole.
        uploads.discard(upload)
        db.session.commit()
        raise
    db.session.commit()


def _material(talk_id: int, material_id: int) -> Material:
    return materials.one_of(talks.find(talk_id), material_id=material_id)


def _address(material: Material) -> str:
    return url_for(".show", talk_id=material.talk_id, material_id=material.id)


def _waiting(rows: list[Material]) -> bool:
    return any(row.released_at is None for row in rows)


def _audience_names(rows: list[Material], planned: Sequence[PlannedRelease]) -> dict[int, str]:
    """The names of the audiences that the materials are or will be released for, by id."""
    grants = [grant for row in rows for grant in row.grants]
    ids = {grant.audience_id for grant in grants if grant.grantee == Grantee.AUDIENCE}
    ids |= {one for row in planned for one in row.audience_ids}
    query = select(Audience).where(Audience.id.in_(ids))
    return {row.id: row.name for row in db.session.scalars(query)}


def refuse(form: DeskForm, error: RuleError) -> None:
    """Show the error at its field, or on top of the form."""
    db.session.rollback()
    if error.field is not None and error.field in form:
        form[error.field].errors = [*form[error.field].errors, sentence(error)]
    else:
        form.form_errors.append(sentence(error))


def page(name: str, **values: object) -> str:
    return render_template(f"organiser/materials/{name}.html", here=HERE, **values)
