"""The first page of the desk: the next talk, what waits, how the mail runs, what comes."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webinar.domain import evenings, mail_health, overview, shares
from webinar.web.filters import inbox_waiting
from webinar.web.guards import account
from webinar.web.settings import terms

blueprint = Blueprint("desk", __name__)

COMING = 8


@blueprint.get("/", endpoint="overview")
def overview_page() -> ResponseReturnValue:
    """Everything at a glance."""
    seen = shares.talk_seen_by(account())
    coming = overview.coming_talks(limit=COMING, seen=seen)
    first = overview.next_talk(seen=seen)
    everything = [*coming, first] if first is not None else coming
    health = mail_health.health()
    return render_template(
        "organiser/desk/overview.html",
        here="overview",
        first=first,
        coming=coming,
        numbers=overview.numbers_of(everything),
        due=overview.due(health, inbox_waiting=inbox_waiting(), seen=seen),
        run=health,
        tonight=evenings.tonight(terms=terms(), seen=seen),
    )
