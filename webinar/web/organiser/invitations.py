"""Invitations to one talk: who answered what, from where and when, and which mailings invited them.

Writing and sending a mailing is `webinar.web.organiser.mailings`', one person
`webinar.web.organiser.people`'.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel.speaklater import LazyString
from sqlalchemy import Select

from webinar.domain import answer_views, answers, talks, times
from webinar.domain.answer_views import NOBODY, Presence
from webinar.extensions import db
from webinar.models import Invitation, Talk, TalkState
from webinar.web.organiser import bars, invitation_lists, lists, signs
from webinar.web.organiser.invitation_lists import Chosen
from webinar.web.paging import page_of

blueprint = Blueprint("invitations", __name__)

HERE = "talks"
NOBODY_COMES = "nobody"
"""The filter for every state in which nobody comes."""


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """The answers by audience, and everybody who is invited."""
    talk = talks.find(talk_id)
    chosen = Chosen.of_request()
    page = page_of(_found(talk, chosen))
    hindered = hindrance(talk)
    return render_template(
        "organiser/invitations/index.html",
        here=HERE,
        talk=talk,
        totals=answers.totals(talk),
        bars=bars.bars(answers.by_audience(talk)),
        page=page,
        rows=invitation_lists.rows(talk, page.rows),
        chosen=chosen,
        narrowed=bool(chosen),
        answers=signs.SHOWN.items(),
        audiences=[(audience.id, audience.name) for audience in answers.audiences_of(talk)],
        organisations=[(row.id, row.name) for row in answers.organisations_of(talk)],
        sides=signs.SIDES.items(),
        sources=signs.SOURCES.items(),
        headings=lists.headings(chosen.sort, kept=chosen.narrowed, talk_id=talk_id),
        runs=invitation_lists.run_rows(talk),
        unanswered=0 if hindered else answers.unanswered(talk),
        hindered=hindered,
        may_invite=not hindered,
    )


@blueprint.get("/liste.<any(csv, xlsx):kind>")
def export(talk_id: int, kind: str) -> ResponseReturnValue:
    """The list as it is narrowed and ordered, for a spreadsheet."""
    talk = talks.find(talk_id)
    found = db.session.scalars(_found(talk, Chosen.of_request())).unique().all()
    headers, rows = invitation_lists.table(talk, found)
    return lists.file(headers, rows, kind=kind, name=f"einladungen-{talk.slug}")


@blueprint.get("/gemeinden")
def municipalities(talk_id: int) -> ResponseReturnValue:
    """Every municipality of the county, and from which nobody comes."""
    talk = talks.find(talk_id)
    found = answer_views.municipalities(talk)
    asked = request.args.get("state", "")
    wanted = NOBODY if asked == NOBODY_COMES else tuple(p for p in Presence if p == asked)
    return render_template(
        "organiser/invitations/municipalities.html",
        here=HERE,
        talk=talk,
        rows=[row for row in found if not wanted or row.presence in wanted],
        total=len(found),
        coming=sum(row.presence is Presence.COMING for row in found),
        asked=asked if wanted else "",
        states=[
            (NOBODY_COMES, signs.NOBODY_COMES),
            *((p, signs.PRESENCES[p].word) for p in Presence),
        ],
        signs=signs.PRESENCES,
    )


def _presences() -> list[tuple[str, str | LazyString]]:
    return [
        (NOBODY_COMES, signs.NOBODY_COMES),
        *((presence, signs.PRESENCES[presence].word) for presence in Presence),
    ]


@blueprint.get("/verlauf")
def days(talk_id: int) -> ResponseReturnValue:
    """The answers day by day."""
    talk = talks.find(talk_id)
    return render_template(
        "organiser/invitations/days.html",
        here=HERE,
        talk=talk,
        totals=answers.totals(talk),
        bars=bars.days(answer_views.by_day(talk)),
    )


def hindrance(talk: Talk) -> str:
    """Why nobody can be invited now: `draft`, `cancelled` or `started`; empty where one can."""
    if talk.state != TalkState.PUBLISHED:
        return str(talk.state)
    return "started" if times.started(talk) else ""


def _found(talk: Talk, chosen: Chosen) -> Select[Invitation]:
    return answers.invitations(
        talk,
        text=chosen.text,
        shown=chosen.shown,
        audience_id=chosen.audience_id,
        organisation_id=chosen.organisation_id,
        side=chosen.side,
        source=chosen.source,
        sort=chosen.sort,
    )
