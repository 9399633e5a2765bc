"""The personal pages of the running set-up: one address of each kind that a link can show.

The sample mails carry only two purposes; the other links stand in calendars or in mails that were
sent before the series of samples begins. They are made here as the program makes them.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from webinar import clock, create_app
from webinar.demo import environment
from webinar.domain import links, times
from webinar.extensions import db, reading
from webinar.models import Invitation, Link, Registration

Kind = tuple[object, ...]


def addresses(folder: Path) -> dict[Kind, str]:
    """By purpose, whether the evening is over, the answer and the state of the place."""
    app = create_app(environment.prepare({"WEBINAR_VAR": str(folder)}).environ({}))
    found: dict[Kind, str] = {}
    settings = app.extensions["settings"]
    with app.app_context(), reading():
        answers = _answers()
        for link in db.session.scalars(select(Link).order_by(Link.id)):
            over = link.talk is not None and times.end(link.talk) <= clock.now()
            kind = (link.purpose, over, *answers.get((link.contact_id, link.talk_id), ()))
            if kind not in found:
                found[kind] = links.address(
                    link, base_url=settings.base_url, keys=settings.link_keys
                )
        db.session.remove()
        db.engine.dispose()
    return found


def _answers() -> dict[Kind, Kind]:
    """What each invited contact answered to each talk, and what became of the place."""
    places = {
        (row.contact_id, row.talk_id): row.state
        for row in db.session.scalars(select(Registration).order_by(Registration.id))
    }
    return {
        (row.contact_id, row.talk_id): (row.answer, places.get((row.contact_id, row.talk_id)))
        for row in db.session.scalars(select(Invitation))
    }
