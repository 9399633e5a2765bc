"""The first page of the desk: the next talk, what waits, how the mail runs, what comes."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webinar.domain import evenings, overview
from webinar.web.settings import terms

blueprint = Blueprint("desk", __name__)

COMING = 8


@blueprint.get("/", endpoint="overview")
def overview_page() -> ResponseReturnValue:
    """Everything at a glance."""
    coming = overview.coming_talks(limit=COMING)
    first = overview.next_talk()
    everything = [*coming, first] if first is not None else coming
    return render_template(
        "organiser/desk/overview.html",
        here="overview",
        first=first,
        coming=coming,
        numbers=overview.numbers_of(everything),
        due=overview.due(),
        run=overview.mail_run(),
        tonight=evenings.tonight(terms=terms()),
    )
