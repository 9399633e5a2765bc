"""What goes when, for administrators: terms, counts, what went, doing it now, other terms."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import jobs, retention, retention_changes
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web.forms.retention import TermsForm, terms_form
from webinar.web.guards import account
from webinar.web.organiser import retention_words
from webinar.web.refusals import refuse
from webinar.web.settings import retention_terms

blueprint = Blueprint("retention", __name__)

HERE = "retention"
SHOWN = 50
SAVE = "save"


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Every kind with its term, what is due and what is soon; this is the dry run."""
    terms = retention_terms()
    return render_template(
        "organiser/retention/index.html",
        here=HERE,
        lines=retention.forecast(terms),
        written=terms.written,
        words=retention_words.WHAT,
        name=retention_words.name,
        history=retention.history(limit=SHOWN),
    )


@blueprint.post("/jetzt")
def run() -> ResponseReturnValue:
    """Have the worker do at once what it would do within the hour."""
    jobs.enqueue("retain", key="retain:now")
    db.session.commit()
    said = _("What is due goes within the next minutes. The log below says how much it was.")
    flash(said, "info")
    return redirect(url_for(".index"), 303)


@blueprint.route("/fristen", methods=["GET", "POST"])
def terms() -> ResponseReturnValue:
    """Choose other terms: first what they would do, then that they hold."""
    now = retention_terms()
    choices = retention_changes.choices(now)
    form = terms_form(choices, names=retention_words.names(), notes=retention_words.notes())
    form.fill(now.written)
    if form.accepted():
        try:
            then = retention_changes.with_choice(now, form.chosen(choices))
            if request.form.get("step") != SAVE:
                changes = retention_changes.changes(now, then)
                return _page(form, changes=changes, same=then.written == now.written)
            retention_changes.write(now, then, by=account())
            db.session.commit()
            flash(_("The terms hold from the next run on."), "success")
            return redirect(url_for(".index"), 303)
        except RuleError as error:
            refuse(form, error)
    return _page(form), 422 if form.errors else 200


def _page(
    form: TermsForm,
    *,
    changes: list[retention_changes.Change] | None = None,
    same: bool = True,
) -> str:
    return render_template(
        "organiser/retention/terms.html",
        here=HERE,
        form=form,
        fields=[field for field in form if field.name in retention_words.names()],
        changes=changes,
        same=same,
        name=retention_words.name,
        save=SAVE,
    )
