"""The speakers of one talk: adding, ordering, taking off, sending the personal link, and what they
say about being recorded."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import recording_consents, speakers, talks
from webinar.extensions import db
from webinar.models import ConsentAnswer, Speaker, Talk
from webinar.web.filters import full_name
from webinar.web.guards import account

blueprint = Blueprint("talk_speakers", __name__)


@blueprint.post("")
def add(talk_id: int) -> ResponseReturnValue:
    """Put somebody on the talk who is known already."""
    talk = _talk(talk_id)
    chosen = request.form.get("speaker", "")
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 10):
        flash(_("Please choose who speaks."), "warning")
        return _back(talk)
    speaker = speakers.find(int(chosen))
    speakers.add_to_talk(talk, speaker, by=account())
    return _done(talk, _("%(name)s was added.", name=full_name(speaker)))


@blueprint.post("/<int:speaker_id>/hoch")
def up(talk_id: int, speaker_id: int) -> ResponseReturnValue:
    """One place further up."""
    talk, speaker = _both(talk_id, speaker_id)
    speakers.move_up(talk, speaker, by=account())
    return _done(talk, _("The order was saved."))


@blueprint.post("/<int:speaker_id>/entfernen")
def remove(talk_id: int, speaker_id: int) -> ResponseReturnValue:
    """Take somebody off; the personal link closes."""
    talk, speaker = _both(talk_id, speaker_id)
    speakers.remove_from_talk(talk, speaker, by=account())
    name = full_name(speaker)
    return _done(talk, _("%(name)s was taken off. The personal link is closed.", name=name))


@blueprint.post("/<int:speaker_id>/link")
def send_link(talk_id: int, speaker_id: int) -> ResponseReturnValue:
    """Mail the personal link."""
    talk, speaker = _both(talk_id, speaker_id)
    number = request.form.get("number", "1")
    plain = number.isascii() and number.isdecimal() and len(number) < 6
    speakers.send_link(talk, speaker, number=int(number) if plain else 1, by=account())
    return _done(talk, _("The link is on its way to %(address)s.", address=speaker.email))


@blueprint.post("/<int:speaker_id>/aufzeichnung")
def consent(talk_id: int, speaker_id: int) -> ResponseReturnValue:
    """Take down what the speaker said about the recording."""
    talk, speaker = _both(talk_id, speaker_id)
    said = request.form.get("answer", "")
    if said not in list(ConsentAnswer):
        return _back(talk)
    recording_consents.answer(talk, speaker, said=ConsentAnswer(said), by=account())
    return _done(talk, _("The answer of %(name)s was taken down.", name=full_name(speaker)))


def _talk(talk_id: int) -> Talk:
    talk = talks.find(talk_id)
    talks.check_open(talk)
    return talk


def _both(talk_id: int, speaker_id: int) -> tuple[Talk, Speaker]:
    return _talk(talk_id), speakers.find(speaker_id)


def _done(talk: Talk, message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return _back(talk)


def _back(talk: Talk) -> ResponseReturnValue:
    return redirect(url_for("talks.show", talk_id=talk.id, _anchor="referenten"), 303)
