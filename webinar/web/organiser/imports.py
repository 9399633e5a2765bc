"""Importing contacts: upload, columns, preview with questions, one confirmation.

The uploaded bytes stand in the database between the pages and are read anew for each, so that what
is confirmed is what the address book says then.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Field

from webinar.adapters.spreadsheet import Table, read_table
from webinar.domain import contact_imports, departures
from webinar.domain.contact_import_plans import Kind, Plan, Review
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import ContactImport
from webinar.web.forms.imports import LABELS, ColumnsForm, UploadForm
from webinar.web.guards import account
from webinar.web.organiser.freed import with_freed
from webinar.web.paging import slice_of
from webinar.web.sentences import sentence

blueprint = Blueprint("imports", __name__)

HERE = "contacts"
PAGE = 100


@blueprint.route("", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """Take the file; what cannot be read is said at its field."""
    form = UploadForm()
    if form.accepted():
        try:
            return _started(form)
        except RuleError as error:
            _refuse(form.file, error)
    status = 422 if form.sent() else 200
    return render_template("organiser/imports/create.html", here=HERE, form=form), status


@blueprint.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """The preview of every row; what came of it once it was applied."""
    upload = contact_imports.get(name)
    if upload.applied_at is not None:
        return render_template("organiser/imports/done.html", here=HERE, upload=upload)
    if not contact_imports.mapped(upload):
        return redirect(url_for(".columns", name=name), 303)
    return _preview(upload)


@blueprint.route("/<name>/spalten", methods=["GET", "POST"])
def columns(name: str) -> ResponseReturnValue:
    """Choose by hand which column holds what."""
    upload = contact_imports.get(name)
    table = _table(upload)
    if table is None:
        return redirect(url_for(".show", name=name), 303)
    form = ColumnsForm()
    form.prepare(table.headers, upload.mapping)
    if form.accepted():
        try:
            contact_imports.set_mapping(upload, form.mapping())
            db.session.commit()
            return redirect(url_for(".show", name=name), 303)
        except RuleError as error:
            _refuse(form[error.field or "email"], error)
    page = render_template(
        "organiser/imports/columns.html",
        here=HERE,
        form=form,
        name=name,
        file_name=upload.file_name,
        samples=_samples(table),
    )
    return page, 422 if form.sent() else 200


@blueprint.post("/<name>/uebernehmen")
def confirm(name: str) -> ResponseReturnValue:
    """Keep the answers; then, unless only that was asked, write all good rows or none."""
    upload = contact_imports.get(name)
    table = _table(upload)
    if table is None:
        return redirect(url_for(".show", name=name), 303)
    contact_imports.answer(upload, _answers())
    db.session.commit()
    if request.form.get("action") == "save":
        flash(_("The answers were kept."), "success")
        return redirect(url_for(".show", name=name), 303)
    try:
        rows = contact_imports.candidates(upload, rows=table.rows, width=len(table.headers))
        fingerprint = request.form.get("fingerprint", "")
        contact_imports.confirm(upload, rows, fingerprint=fingerprint, by=account())
        freed = departures.free_places(by=account())
        db.session.commit()
    except RuleError as error:
        db.session.rollback()
        return _preview(contact_imports.get(name), problem=error)
    flash(with_freed(_("The address list was imported."), freed), "success")
    return redirect(url_for(".show", name=name), 303)


@blueprint.post("/<name>/verwerfen")
def discard(name: str) -> ResponseReturnValue:
    """Forget the upload."""
    contact_imports.discard(contact_imports.get(name))
    db.session.commit()
    flash(_("The upload was discarded. Nothing was imported."), "success")
    return redirect(url_for("contacts.index"), 303)


def _started(form: UploadForm) -> ResponseReturnValue:
    found = form.file.data
    content = found.read()
    file_name = found.filename or ""
    table = read_table(content, filename=file_name)
    upload = contact_imports.start(file_name, content=content, headers=table.headers, by=account())
    db.session.commit()
    return redirect(url_for(".show", name=upload.public_id), 303)


def _table(upload: ContactImport) -> Table | None:
    if upload.content is None:
        return None
    return read_table(upload.content, filename=upload.file_name)


def _preview(upload: ContactImport, *, problem: RuleError | None = None) -> ResponseReturnValue:
    table = _table(upload)
    if table is None:
        return redirect(url_for(".show", name=upload.public_id), 303)
    rows = contact_imports.candidates(upload, rows=table.rows, width=len(table.headers))
    found = contact_imports.review(upload, rows)
    kind = _shown_kind(found)
    page = render_template(
        "organiser/imports/preview.html",
        here=HERE,
        upload=upload,
        table=table,
        review=found,
        page=slice_of(_of_kind(found, kind), size=PAGE, endpoint=".show", name=upload.public_id),
        kind=kind,
        kinds=[k for k in Kind if found.counts[k]],
        writes=found.counts[Kind.NEW] + found.counts[Kind.CHANGED],
        problem=sentence(problem) if problem is not None else "",
        blocked=problem is not None and problem.code == "import_questions_open",
        labels=LABELS,
        sentence=sentence,
    )
    return page, 422 if problem is not None else 200


def _shown_kind(found: Review) -> Kind | None:
    asked = request.args.get("kind", "")
    return Kind(asked) if asked in list(Kind) and found.counts[Kind(asked)] else None


def _of_kind(found: Review, kind: Kind | None) -> list[Plan]:
    return [plan for plan in found.plans if kind is None or plan.kind is kind]


def _answers() -> dict[str, str]:
    """Row number to the chosen option, of the fields named `row-<number>`."""
    return {
        name.removeprefix("row-"): value
        for name, value in request.form.items()
        if name.startswith("row-")
    }


def _samples(table: Table) -> list[tuple[str, list[str]]]:
    """Each header with the first values under it, to recognise the column by."""
    return [
        (header, [row.cells[index] for row in table.rows[:3] if row.cells[index]])
        for index, header in enumerate(table.headers)
    ]


def _refuse(field: Field, error: RuleError) -> None:
    db.session.rollback()
    field.errors = [*field.errors, sentence(error)]
