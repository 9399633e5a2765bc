"""Invitations to one talk: who answered what, and which mailings invited them.

Writing and sending a mailing is `webinar.web.organiser.mailings`'.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Select

from webinar.domain import answers, talks, times
from webinar.extensions import db
from webinar.models import Invitation, Talk, TalkState
from webinar.web import downloads
from webinar.web.organiser import bars, invitation_lists, signs
from webinar.web.organiser.invitation_lists import Chosen
from webinar.web.paging import page_of

blueprint = Blueprint("invitations", __name__)


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """The answers by audience, and everybody who is invited."""
    talk = talks.find(talk_id)
    chosen = Chosen.of_request()
    page = page_of(_found(talk, chosen))
    hindered = hindrance(talk)
    return render_template(
        "organiser/invitations/index.html",
        here="talks",
        talk=talk,
        totals=answers.totals(talk),
        bars=bars.bars(answers.by_audience(talk)),
        page=page,
        rows=invitation_lists.rows(talk, page.rows),
        chosen=chosen,
        narrowed=bool(chosen),
        answers=signs.SHOWN.items(),
        audiences=[(audience.id, audience.name) for audience in answers.audiences_of(talk)],
        runs=invitation_lists.run_rows(talk),
        hindered=hindered,
        may_invite=not hindered,
    )


@blueprint.get("/liste.csv")
def export(talk_id: int) -> ResponseReturnValue:
    """The list as it is narrowed, for a spreadsheet."""
    talk = talks.find(talk_id)
    found = db.session.scalars(_found(talk, Chosen.of_request())).unique().all()
    return csv_file(invitation_lists.csv(talk, found), name=f"einladungen-{talk.slug}.csv")


def hindrance(talk: Talk) -> str:
    """Why nobody can be invited now: `draft`, `cancelled` or `started`; empty where one can."""
    if talk.state != TalkState.PUBLISHED:
        return str(talk.state)
    return "started" if times.started(talk) else ""


def csv_file(content: bytes, *, name: str) -> Response:
    """A table to save."""
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = downloads.disposition(name)
    return response


def _found(talk: Talk, chosen: Chosen) -> Select[Invitation]:
    return answers.invitations(
        talk, text=chosen.text, shown=chosen.shown, audience_id=chosen.audience_id
    )
