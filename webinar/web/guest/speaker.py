"""The speaker's page: the evening, the way into the room, how many come, what was released."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import materials, objections, recording_consents, registrations, rooms, times
from webinar.domain.rooms import Entry
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import ConsentAnswer, Talk
from webinar.web import downloads, room_entry
from webinar.web.guest import door, pages
from webinar.web.room_entry import Door

blueprint = Blueprint("guest_speaker", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """The talk as its speaker needs it."""
    room_entry.may_lead_away()
    talk = _talk()
    at = _door(talk)
    page = render_template(
        "guest/speaker.html",
        talk=talk,
        speaker=pages.speaker(),
        door=at,
        block=pages.date_block(talk),
        past=now() >= times.end(talk),
        places={side: registrations.taken(talk, side) for side in registrations.modes(talk)},
        materials=materials.released(talk),
        own=objections.of_speaker(talk, pages.speaker()),
        notice=door.notice(talk),
        consent=recording_consents.answers(talk).get(pages.speaker().id),
    )
    answer = make_response(page)
    pages.come_back(answer, at)
    return answer


@blueprint.post("/raum")
def enter() -> ResponseReturnValue:
    """Into the room, if it is open for speakers; else back to the page, which says when."""
    talk = _talk()
    at = _door(talk)
    if at.entry is not Entry.OPEN:
        return redirect(url_for(".show"), 303)
    person = room_entry.presenter(pages.speaker())
    return room_entry.enter(talk, person, hours=at.hours, back=url_for(".show"))


@blueprint.post("/aufzeichnung")
def consent() -> ResponseReturnValue:
    """Whether the talk may be recorded; can be answered anew at any time, also afterwards."""
    talk, said = _talk(), request.form.get("answer", "")
    if said in list(ConsentAnswer):
        recording_consents.answer(talk, pages.speaker(), said=ConsentAnswer(said))
        db.session.commit()
    return redirect(url_for(".show") + "#aufzeichnung", 303)


@blueprint.get("/unterlagen/<public_id>")
def objection(public_id: str) -> ResponseReturnValue:
    """What taking one's own slides out of the archive means."""
    talk = _talk()
    material = objections.own(talk, pages.speaker(), public_id=public_id)
    return render_template("guest/objection.html", talk=talk, material=material)


@blueprint.post("/unterlagen/<public_id>")
def take_out(public_id: str) -> ResponseReturnValue:
    """Out of the archive, at once for everybody."""
    objections.take_out(_talk(), pages.speaker(), public_id=public_id)
    db.session.commit()
    return redirect(url_for(".show") + "#unterlagen", 303)


@blueprint.post("/unterlagen/<public_id>/zurueckgeben")
def give_back(public_id: str) -> ResponseReturnValue:
    """It may be shown again; the office decides when."""
    objections.give_back(_talk(), pages.speaker(), public_id=public_id)
    db.session.commit()
    return redirect(url_for(".show") + "#unterlagen", 303)


@blueprint.get("/datei/<public_id>")
def download(public_id: str) -> ResponseReturnValue:
    """A file of the talk to save, once it was released to anybody."""
    return downloads.attachment(materials.find_released(_talk(), public_id=public_id))


def _talk() -> Talk:
    """The talk; raises `NotThere` once the speaker was taken off it: the link is theirs no more."""
    talk = pages.talk()
    if pages.speaker() not in talk.speakers:
        raise NotThere("link_not_valid")
    return talk


def _door(talk: Talk) -> Door:
    hours = room_entry.staff_hours(talk)
    entry = rooms.speaker_entry(talk, speaker=pages.speaker(), hours=hours)
    return Door(entry=entry, hours=hours)
