"""The series at the desk: list, create, copy, edit, remove."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import acceptances, accounts, series, shares
from webinar.errors import NotAllowed, RuleError
from webinar.extensions import db
from webinar.models import Series
from webinar.web.forms.series import SeriesForm
from webinar.web.forms.shares import ShareForm
from webinar.web.guards import account
from webinar.web.paging import page_of
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence

blueprint = Blueprint("series", __name__)

HERE = "series"


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All series with the number of their talks."""
    page = page_of(series.listed(seen=shares.seen_by(account())))
    counts = series.talk_counts(page.rows)
    return render_template(
        "organiser/series/index.html",
        here=HERE,
        page=page,
        counts=counts,
        accepted=acceptances.counts(page.rows),
    )


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """A new series; with `template` it begins as another one."""
    form = SeriesForm()
    template = _template(request.args.get("template", ""))
    if template is not None:
        form.fill(template)
    if form.accepted():
        try:
            series.create(form.values(), by=account())
            return _saved(_("The series was added."))
        except RuleError as error:
            refuse(form, error)
    page = render_template("organiser/series/create.html", here=HERE, form=form)
    return page, 422 if form.errors else 200


@blueprint.route("/<int:series_id>/bearbeiten", methods=["GET", "POST"])
def edit(series_id: int) -> ResponseReturnValue:
    """Change a series."""
    found = series.find(series_id)
    form = SeriesForm()
    form.fill(found)
    if form.accepted():
        try:
            series.edit(found, form.values(), by=account())
            return _saved(_("The series was saved."))
        except RuleError as error:
            refuse(form, error)
    count = series.talk_counts([found]).get(found.id, 0)
    page = render_template(
        "organiser/series/edit.html",
        here=HERE,
        form=form,
        series=found,
        count=count,
        may_share=shares.may_share(found, by=account()),
        accepted=acceptances.counts([found]).get(found.id, 0),
    )
    return page, 422 if form.errors else 200


@blueprint.route("/<int:series_id>/freigeben", methods=["GET", "POST"])
def share(series_id: int) -> ResponseReturnValue:
    """Decide who sees the series; its owner's and the administrators' to do."""
    found = series.find(series_id)
    if not shares.may_share(found, by=account()):
        raise NotAllowed("share_not_yours")
    form = ShareForm()
    form.offer(accounts.everybody())
    form.fill(found)
    if form.accepted():
        owner, shared = form.chosen()
        try:
            shares.share(found, owner=owner, accounts=shared, by=account())
            return _saved(_("It is decided who sees the series."))
        except RuleError as error:
            refuse(form, error)
    page = render_template("organiser/series/share.html", here=HERE, form=form, series=found)
    return page, 422 if form.errors else 200


@blueprint.post("/<int:series_id>/loeschen")
def delete(series_id: int) -> ResponseReturnValue:
    """Remove a series without talks."""
    found = series.find(series_id)
    try:
        series.delete(found, by=account())
        db.session.commit()
        flash(_("The series was removed."), "success")
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "danger")
    return redirect(url_for(".index"), 303)


def _template(number: str) -> Series | None:
    plain = number.isascii() and number.isdecimal() and len(number) < 10
    if not plain:
        return None
    shares.check_series(int(number), by=account())
    return series.find(int(number))


def _saved(message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for(".index"), 303)
