"""Audiences: list, members, create, rename, delete, taking contacts in and out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import audiences, contacts
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Audience
from webinar.web.forms.audiences import AudienceForm
from webinar.web.guards import account
from webinar.web.numbers import row_number, searched
from webinar.web.paging import page_of
from webinar.web.sentences import sentence

blueprint = Blueprint("audiences", __name__)

HERE = "audiences"


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All audiences with how many belong to them."""
    return render_template(
        "organiser/audiences/index.html",
        here=HERE,
        audiences=audiences.everything(),
        counts=audiences.counts(),
    )


@blueprint.get("/<int:audience_id>")
def show(audience_id: int) -> ResponseReturnValue:
    """The members, searched and in pages."""
    audience = audiences.get(audience_id)
    text = searched()
    return render_template(
        "organiser/audiences/show.html",
        here=HERE,
        audience=audience,
        text=text,
        page=page_of(contacts.find(text, audience_id=audience.id)),
        counts=audiences.counts([audience.id]).get(audience.id, (0, 0)),
    )


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """A new, empty audience."""
    form = AudienceForm()
    if form.accepted():
        try:
            audience = audiences.create(
                form.name.data or "", description=form.description.data or "", by=account()
            )
            db.session.commit()
            flash(_("The audience was created. Now add its members."), "success")
            return redirect(url_for(".add", audience_id=audience.id), 303)
        except RuleError as error:
            _refuse(form, error)
    status = 422 if form.sent() else 200
    return render_template("organiser/audiences/create.html", here=HERE, form=form), status


@blueprint.route("/<int:audience_id>/bearbeiten", methods=["GET", "POST"])
def edit(audience_id: int) -> ResponseReturnValue:
    """Rename or describe."""
    audience = audiences.get(audience_id)
    form = AudienceForm()
    form.prepare(audience)
    if form.accepted():
        try:
            audiences.edit(
                audience,
                name=form.name.data or "",
                description=form.description.data or "",
                by=account(),
            )
            return _done(audience, _("The audience was changed."))
        except RuleError as error:
            _refuse(form, error)
            audience = audiences.get(audience_id)
    status = 422 if form.sent() else 200
    page = "organiser/audiences/edit.html"
    return render_template(page, here=HERE, form=form, audience=audience), status


@blueprint.route("/<int:audience_id>/loeschen", methods=["GET", "POST"])
def remove(audience_id: int) -> ResponseReturnValue:
    """What deleting means, then doing it."""
    audience = audiences.get(audience_id)
    if request.method != "POST":
        return render_template(
            "organiser/audiences/remove.html",
            here=HERE,
            audience=audience,
            members=audiences.counts([audience.id]).get(audience.id, (0, 0))[0],
            grants=audiences.grants(audience),
        )
    name = audience.name
    audiences.remove(audience, by=account())
    db.session.commit()
    flash(_("The audience “%(name)s” was deleted.", name=name), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/<int:audience_id>/aufnehmen", methods=["GET", "POST"])
def add(audience_id: int) -> ResponseReturnValue:
    """Search contacts that are not members, tick, take in."""
    audience = audiences.get(audience_id)
    if request.method == "POST":
        chosen = request.form.getlist("contact", type=row_number)
        count = audiences.join(audience, contact_ids=chosen, by=account())
        db.session.commit()
        flash(ngettext("%(num)d contact added.", "%(num)d contacts added.", count), "success")
        return redirect(url_for(".show", audience_id=audience.id), 303)
    text = searched()
    return render_template(
        "organiser/audiences/add.html",
        here=HERE,
        audience=audience,
        text=text,
        page=page_of(audiences.outsiders(audience, text=text)),
    )


@blueprint.post("/<int:audience_id>/entfernen")
def leave(audience_id: int) -> ResponseReturnValue:
    """Take the ticked members out."""
    audience = audiences.get(audience_id)
    chosen = request.form.getlist("contact", type=row_number)
    count = audiences.leave(audience, contact_ids=chosen, by=account())
    return _done(audience, ngettext("%(num)d member removed.", "%(num)d members removed.", count))


def _done(audience: Audience, message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for(".show", audience_id=audience.id), 303)


def _refuse(form: AudienceForm, error: RuleError) -> None:
    db.session.rollback()
    field = form[error.field or "name"]
    field.errors = [*field.errors, sentence(error)]
