"""The first page of the desk: the next talk, what waits, how the mail runs, what comes."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webinar.domain import evenings, mail_health, overview
from webinar.web.filters import inbox_waiting
from webinar.web.settings import terms

blueprint = Blueprint("desk", __name__)

COMING = 8


@blueprint.get("/", endpoint="overview")
def overview_page() -> ResponseReturnValue:
    """Everything at a glance."""
    coming = overview.coming_talks(limit=COMING)
    first = overview.next_talk()
    everything = [*coming, first] if first is not None else coming
    health = mail_health.health()
    return render_template(
        "organiser/desk/overview.html",
        here="overview",
        first=first,
        coming=coming,
        numbers=overview.numbers_of(everything),
        due=overview.due(health, inbox_waiting=inbox_waiting()),
        run=health,
        tonight=evenings.tonight(terms=terms()),
    )
