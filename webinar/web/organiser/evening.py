"""The evening itself on one page: how the door stands, who is there, who is calling, and the
organiser's hand on the door.

Letting single people in and sending links is `webinar.web.organiser.admissions`', another meeting
in the room's place `webinar.web.organiser.other_room`'s; the rules are `webinar.domain.rooms`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.clock import now
from webinar.domain import (
    admissions,
    drafts,
    evenings,
    mailings,
    registrations,
    rooms,
    talks,
    times,
)
from webinar.domain.evenings import Whom
from webinar.domain.recipients import Circle
from webinar.domain.rooms import Terms
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, MailingKind, Mode, Talk, TalkState
from webinar.rendering import wording
from webinar.web import room_entry
from webinar.web.filters import clock
from webinar.web.forms.evening import ExtendForm
from webinar.web.guards import account
from webinar.web.guest import watch
from webinar.web.numbers import searched
from webinar.web.organiser import evening_words, invitation_lists, lists, signs
from webinar.web.organiser import mailings as mailing_pages
from webinar.web.paging import page_of
from webinar.web.sentences import sentence
from webinar.web.settings import terms

blueprint = Blueprint("evening", __name__)

HERE = "talks"
SIZE = 25
"""People on a page of the list: on a telephone it is long enough."""
STEPS = (15, 30, 60)
"""Minutes that a talk is extended by."""


class Act(Protocol):
    """An act of `domain.rooms` that needs no word of the organiser."""

    def __call__(self, talk: Talk, /, *, terms: Terms, by: Account) -> None: ...


@dataclass(frozen=True)
class Acts:
    """What the organiser can do to the door now. `extensions` are pairs of minutes and the end
    that they lead to."""

    open_early: bool
    close: bool
    reopen: bool
    extensions: list[tuple[int, datetime]]
    over: bool


@blueprint.get("")
def show(talk_id: int) -> ResponseReturnValue:
    """How the evening stands, and what can be done."""
    talk = talks.find(talk_id)
    room_entry.may_lead_away()
    whom = lists.word_of("list", Whom) or Whom.ALL
    text, among = searched(), searched("name")
    found = evenings.callers(talk, text)
    page = page_of(evenings.listed(talk, whom=whom, text=among), size=SIZE)
    counts = evenings.counts(talk)
    return render_template(
        "organiser/evening/show.html",
        here=HERE,
        talk=talk,
        counts=counts,
        sentence=evening_words.sentence(talk, terms=terms(), counts=counts),
        door=room_entry.office_door(talk),
        acts=acts_of(talk),
        latest=rooms.latest_end(talk, terms=terms()),
        text=text,
        callers=found[: evenings.HITS],
        more=len(found) > evenings.HITS,
        full=registrations.free(talk, Mode.ONLINE) == 0,
        page=page,
        since=evenings.in_since(page.rows),
        whom=whom,
        among=among,
        admitted=admissions.of_talk(talk),
        office_line=invitation_lists.office_line,
        answers=signs.ANSWERS,
        places=signs.PLACES,
        sides=signs.SIDES,
    )


def acts_of(talk: Talk) -> Acts:
    """What the rules allow at this moment; who presses later is told why not."""
    guests, staff = terms().guests(talk), terms().staff(talk)
    stands = talk.state == TalkState.PUBLISHED and talk.online and now() < guests.closes_at
    closed = talk.closed_at is not None
    return Acts(
        open_early=stands
        and not closed
        and not talk.other_room
        and talk.starts_at - rooms.EARLIEST <= now() < guests.opens_at,
        close=stands and not closed and now() >= staff.opens_at,
        reopen=stands and closed,
        extensions=_extensions(talk) if _extendable(talk) else [],
        over=now() >= guests.closes_at,
    )


def _extendable(talk: Talk) -> bool:
    near = talk.starts_at - rooms.EARLIEST <= now()
    return talk.state == TalkState.PUBLISHED and talk.online and not talk.closed_at and near


def _extensions(talk: Talk) -> list[tuple[int, datetime]]:
    """The steps that the room is reserved for; counted from the end, or from now if that is
    later."""
    end = times.end(talk)
    begin = max(end, now().replace(second=0, microsecond=0))
    latest = rooms.latest_end(talk, terms=terms())
    found = [(step, begin + timedelta(minutes=step)) for step in STEPS]
    return [(step, until) for step, until in found if now() < until <= latest]


@blueprint.get("/lage")
def state(talk_id: int) -> ResponseReturnValue:
    """What the room page of the office asks again and again. Staff stay in a room that failed, so
    they are told of another meeting and not led there."""
    talk = talks.find(talk_id)
    return watch.answer(talk, room_entry.office_door(talk).entry)


@blueprint.post("/oeffnen")
def open_early(talk_id: int) -> ResponseReturnValue:
    """Open the room for everybody now."""
    return _act(talk_id, rooms.open_early, _("The room is open."))


@blueprint.post("/verlaengern")
def extend(talk_id: int) -> ResponseReturnValue:
    """Let the talk go on."""
    talk, form = talks.find(talk_id), ExtendForm()
    try:
        rooms.extend(talk, until=form.moment, terms=terms(), by=account())
    except RuleError as error:
        return refused(talk, error)
    db.session.commit()
    ends = clock(times.end(talk), talk.zone)
    flash(_("The talk goes on until %(time)s.", time=ends), "success")
    return back(talk)


@blueprint.post("/schliessen")
def close(talk_id: int) -> ResponseReturnValue:
    """Let nobody else in."""
    message = _("The room is closed. Who is inside stays; nobody else comes in.")
    return _act(talk_id, rooms.close, message)


@blueprint.post("/wieder-oeffnen")
def reopen(talk_id: int) -> ResponseReturnValue:
    """Open a closed room again."""
    return _act(talk_id, rooms.reopen, _("The room is open again."))


@blueprint.post("/nachricht")
def message(talk_id: int) -> ResponseReturnValue:
    """A message to everybody who is expected, with its first words; on to its text."""
    talk = talks.find(talk_id)
    usual, words = (
        wording.wording(MailingKind.MESSAGE, language="de"),
        wording.tonight(language="de"),
    )
    try:
        mailing = drafts.begin(talk, kind=MailingKind.MESSAGE, by=account())
        if mailing.text in ("", usual.text):
            mailings.edit(mailing, subject=words.subject, text=words.text)
        drafts.choose_circle(mailing, Circle.COMING)
    except RuleError as error:
        return refused(talk, error)
    db.session.commit()
    return mailing_pages.to("mailings.text", mailing)


def _act(talk_id: int, do: Act, message: str) -> ResponseReturnValue:
    """Do it and say so, or say why not; back to the page either way."""
    talk = talks.find(talk_id)
    try:
        do(talk, terms=terms(), by=account())
    except RuleError as error:
        return refused(talk, error)
    db.session.commit()
    flash(message, "success")
    return back(talk)


def refused(talk: Talk, error: RuleError, **kept: str | None) -> ResponseReturnValue:
    """Undo what was begun and say which rule stood in the way."""
    db.session.rollback()
    flash(sentence(error), "warning")
    return back(talk, **kept)


def back(talk: Talk, **kept: str | None) -> ResponseReturnValue:
    """To the page of the evening."""
    return redirect(url_for("evening.show", talk_id=talk.id, **kept), 303)  # type: ignore[arg-type]
