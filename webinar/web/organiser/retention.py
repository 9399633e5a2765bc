"""What goes when, for administrators: terms, counts, what went, and doing it now."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import jobs, retention
from webinar.extensions import db
from webinar.web.organiser import retention_words
from webinar.web.settings import settings

blueprint = Blueprint("retention", __name__)

SHOWN = 50


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Every kind with its term, what is due and what is soon; this is the dry run."""
    return render_template(
        "organiser/retention/index.html",
        here="retention",
        lines=retention.forecast(settings()),
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
