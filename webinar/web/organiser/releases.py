"""Releasing materials: choosing what, for whom and when, a look at who will be told, then doing it.

Choosing and looking are GETs whose choice stands in the address; only the last step writes. What is
to happen later stands as a plan beside the materials and can be called off there.
Neighbour: `webinar.web.organiser.materials`, where it is withdrawn.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from webinar.domain import release_plans, releases, talks
from webinar.domain.releases import Words
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import Audience, Contact, MailingKind, Material, Processing, Talk, TalkState
from webinar.rendering.wording import wording
from webinar.web.filters import moment
from webinar.web.forms.materials import ReleaseChoice, WordsForm
from webinar.web.guards import account
from webinar.web.organiser.materials import page, refuse
from webinar.web.sentences import sentence

blueprint = Blueprint("releases", __name__)


@blueprint.get("")
def create(talk_id: int) -> ResponseReturnValue:
    """What to release, and for whom."""
    talk = talks.find(talk_id)
    return _choosing(talk, _choice(talk, chosen=False))


@blueprint.route("/pruefen", methods=["GET", "POST"])
def review(talk_id: int) -> ResponseReturnValue:
    """Who will be told and what they read, then releasing it."""
    talk = talks.find(talk_id)
    choice = _choice(talk, chosen=True)
    if not choice.validate():
        return _choosing(talk, choice), 422
    try:
        choice.access().check()
        choice.due_at(zone=talk.zone)
    except RuleError as error:
        field = choice[error.field or "who"]
        field.errors = [sentence(error)]
        return _choosing(talk, choice), 422
    told = _told(talk, choice)
    words = _words_form(needed=bool(told))
    if words.accepted():
        try:
            return _released(talk, choice, words)
        except RuleError as error:
            refuse(words, error)
            talk = talks.find(talk_id)
    status = 422 if words.sent() else 200
    return _reviewing(talk, choice, words, told=told), status


@blueprint.post("/<int:plan_id>/absagen")
def call_off(talk_id: int, plan_id: int) -> ResponseReturnValue:
    """Do not release then after all."""
    try:
        release_plans.call_off(
            release_plans.one_of(talks.find(talk_id), plan_id=plan_id), by=account()
        )
        db.session.commit()
        flash(_("The planned release was called off."), "success")
    except Conflict as error:
        db.session.rollback()
        flash(sentence(error), "warning")
    return redirect(url_for("materials.index", talk_id=talk_id), 303)


def _choice(talk: Talk, *, chosen: bool) -> ReleaseChoice:
    """The form with what there is to choose; all that is not damaged is chosen beforehand."""
    sent = request.form if request.method == "POST" else request.args
    choice = ReleaseChoice(sent if chosen else None)
    waiting = releases.waiting(talk)
    choice.materials.choices = [(row.id, row.title) for row in waiting]
    audiences = db.session.scalars(select(Audience).order_by(Audience.sort_key))
    choice.audiences.choices = [(row.id, row.name) for row in audiences]
    if not chosen:
        choice.materials.data = [row.id for row in waiting if row.processing != Processing.FAILED]
        choice.tell.data = talk.state == TalkState.PUBLISHED
    return choice


def _choosing(talk: Talk, choice: ReleaseChoice) -> str:
    return page("release", talk=talk, form=choice)


def _words_form(*, needed: bool) -> WordsForm:
    """The words of the mail, as they usually are; none where nobody gets one."""
    words = WordsForm()
    if not needed:
        del words.subject, words.text
    elif not words.sent():
        usual = wording(MailingKind.MATERIALS, language="de")
        words.subject.data, words.text.data = usual.subject, usual.text
    return words


def _reviewing(talk: Talk, choice: ReleaseChoice, words: WordsForm, *, told: list[Contact]) -> str:
    waiting = releases.waiting(talk)
    chosen = [row for row in waiting if row.id in (choice.materials.data or ())]
    return page(
        "release_review",
        talk=talk,
        choice=choice,
        form=words,
        materials=chosen,
        told=told,
        names=_audience_names(choice),
        damaged=_damaged(chosen),
        due_at=choice.due_at(zone=talk.zone),
    )


def _audience_names(choice: ReleaseChoice) -> list[str]:
    query = select(Audience.name).where(Audience.id.in_(choice.access().audiences))
    return list(db.session.scalars(query.order_by(Audience.sort_key)))


def _told(talk: Talk, choice: ReleaseChoice) -> list[Contact]:
    return releases.told(talk, access=choice.access()) if choice.tell.data else []


def _damaged(rows: list[Material]) -> list[Material]:
    return [row for row in rows if row.processing_note]


def _released(talk: Talk, choice: ReleaseChoice, words: WordsForm) -> ResponseReturnValue:
    due_at = choice.due_at(zone=talk.zone)
    if due_at is not None:
        return _planned(talk, choice, words, due_at=due_at)
    mailing = releases.release(
        talk,
        material_ids=choice.materials.data or [],
        access=choice.access(),
        by=account(),
        words=_words(words),
    )
    count = len(mailing.selection["recipients"]) if mailing is not None else 0
    db.session.commit()
    if count:
        flash(
            ngettext(
                "Released. %(num)d message is on its way.",
                "Released. %(num)d messages are on their way.",
                count,
            ),
            "success",
        )
    else:
        flash(_("Released. Nobody was told."), "success")
    return redirect(url_for("materials.index", talk_id=talk.id), 303)


def _planned(
    talk: Talk, choice: ReleaseChoice, words: WordsForm, *, due_at: datetime
) -> ResponseReturnValue:
    release_plans.plan(
        talk,
        due_at=due_at,
        material_ids=choice.materials.data or [],
        access=choice.access(),
        by=account(),
        words=_words(words),
    )
    db.session.commit()
    flash(_("Planned: it is released on %(moment)s.", moment=moment(due_at, talk.zone)), "success")
    return redirect(url_for("materials.index", talk_id=talk.id), 303)


def _words(form: WordsForm) -> Words | None:
    if "text" not in form:
        return None
    return Words(subject=form.subject.data or "", text=form.text.data or "")
