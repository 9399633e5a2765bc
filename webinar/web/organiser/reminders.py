"""The reminders of one talk: when each goes out and to how many, or when it went; adding, changing
and taking away steps; and each mail as its first reader will see it.

The rules are `webinar.domain.reminder_plans`', the mail is `webinar.jobs.letters`'.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import reminder_plans, reminder_times, talks, times
from webinar.domain.reminder_plans import Stage, Step
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import letters
from webinar.models import Contact, Reminded, Reminder, Speaker, Talk, TalkState
from webinar.rendering.mails import Message
from webinar.web import filters
from webinar.web.forms.reminders import HOUR, ReminderForm
from webinar.web.guards import account
from webinar.web.organiser.dispatches import PREVIEW_POLICY
from webinar.web.organiser.signs import Sign
from webinar.web.refusals import refuse
from webinar.web.settings import settings

blueprint = Blueprint("reminders", __name__)

HERE = "talks"


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """Every step in the order of going out."""
    talk = talks.find(talk_id)
    return render_template(
        "organiser/reminders/index.html",
        here=HERE,
        talk=talk,
        steps=reminder_plans.steps(talk),
        open=_open(talk),
        sign=sign,
        whom=whom,
        before=before,
    )


@blueprint.route("/neu", methods=["GET", "POST"])
def create(talk_id: int) -> ResponseReturnValue:
    """Add a step."""
    talk = talks.find(talk_id)
    form = ReminderForm()
    if form.accepted():
        try:
            reminder = reminder_plans.add(
                talk, whom=form.reminded, days=form.days, minutes=form.minutes, by=account()
            )
            return _saved(talk, _planned(reminder))
        except RuleError as error:
            refuse(form, error)
    page = render_template("organiser/reminders/create.html", here=HERE, talk=talk, form=form)
    return page, 422 if form.errors else 200


@blueprint.route("/<int:reminder_id>", methods=["GET", "POST"])
def edit(talk_id: int, reminder_id: int) -> ResponseReturnValue:
    """Change a step."""
    talk = talks.find(talk_id)
    reminder = reminder_plans.find(talk, reminder_id)
    form = ReminderForm()
    form.fill(reminder)
    if form.accepted():
        try:
            reminder_plans.change(
                reminder, whom=form.reminded, days=form.days, minutes=form.minutes, by=account()
            )
            return _saved(talk, _planned(reminder))
        except RuleError as error:
            refuse(form, error)
    page = render_template(
        "organiser/reminders/edit.html", here=HERE, talk=talk, form=form, reminder=reminder
    )
    return page, 422 if form.errors else 200


@blueprint.post("/<int:reminder_id>/entfernen")
def remove(talk_id: int, reminder_id: int) -> ResponseReturnValue:
    """Take a step away."""
    talk = talks.find(talk_id)
    reminder_plans.remove(reminder_plans.find(talk, reminder_id), by=account())
    return _saved(talk, _("The reminder was taken away."))


@blueprint.post("/aus")
def switch_off(talk_id: int) -> ResponseReturnValue:
    """Take all steps away."""
    talk = talks.find(talk_id)
    count = reminder_plans.switch_off(talk, by=account())
    words = ngettext(
        "%(num)d reminder was switched off.", "%(num)d reminders were switched off.", count
    )
    return _saved(talk, words)


@blueprint.post("/ein")
def switch_on(talk_id: int) -> ResponseReturnValue:
    """Give a talk without steps the usual ones."""
    talk = talks.find(talk_id)
    reminder_plans.switch_on(talk, by=account())
    return _saved(talk, _("The usual reminders are switched on."))


@blueprint.get("/<int:reminder_id>/vorschau")
def preview(talk_id: int, reminder_id: int) -> ResponseReturnValue:
    """The mail as its first reader would see it."""
    talk = talks.find(talk_id)
    reminder = reminder_plans.find(talk, reminder_id)
    first = reminder_plans.first_reader(reminder)
    g.policy = {"frame-src": "'self'"}
    return render_template(
        "organiser/reminders/preview.html",
        here=HERE,
        talk=talk,
        reminder=reminder,
        first=first,
        me=account(),
        letter=_letter(reminder, first),
        whom=whom,
        before=before,
    )


@blueprint.get("/<int:reminder_id>/vorschau/nachricht")
def letter(talk_id: int, reminder_id: int) -> ResponseReturnValue:
    """The mail itself, for the frame of the page that shows it."""
    reminder = reminder_plans.find(talks.find(talk_id), reminder_id)
    found = _letter(reminder, reminder_plans.first_reader(reminder))
    g.policy, g.frames = PREVIEW_POLICY, "SAMEORIGIN"
    return Response(found.html, mimetype="text/html")


def _letter(reminder: Reminder, first: Contact | Speaker | None) -> Message:
    return letters.preview_reminder(reminder, person=first, account=account(), settings=settings())


def _open(talk: Talk) -> bool:
    """Whether a reminder can still go out."""
    return talk.state != TalkState.CANCELLED and not times.started(talk)


def _planned(reminder: Reminder) -> str:
    """What was saved, and when it goes out; a step whose moment is over says so."""
    at = reminder_times.due_at(reminder)
    if reminder.done_for is not None:
        return _("Saved. The moment of this reminder is over: it does not go out any more.")
    when = filters.moment(at, reminder.talk.zone)
    return _("Saved. The reminder goes out on %(when)s.", when=when)


def _saved(talk: Talk, words: str) -> ResponseReturnValue:
    db.session.commit()
    flash(words, "success")
    return redirect(url_for(".index", talk_id=talk.id), 303)


def sign(step: Step) -> Sign:
    """How far the step is."""
    signs = {
        Stage.AHEAD: Sign(_("planned"), "app-icon--clock"),
        Stage.DUE: Sign(_("being sent"), "app-icon--clock", "wait"),
        Stage.GONE: Sign(_("sent"), "success", "yes"),
        Stage.PASSED: Sign(_("did not go out"), "close"),
    }
    ahead = step.stage is Stage.AHEAD
    if ahead and step.reminder.talk.state == TalkState.CANCELLED:
        return signs[Stage.PASSED]
    return signs[step.stage]


def whom(reminder: Reminder) -> str:
    """To whom, as the title of a row."""
    words = {
        Reminded.UNANSWERED: _("Who has not answered"),
        Reminded.COMING: _("Who has a place"),
        Reminded.SPEAKERS: _("Speakers"),
    }
    return words[Reminded(reminder.reminded)]


def before(reminder: Reminder) -> str:
    """ "7 Tage vor Anmeldeschluss", "1 Stunde vor Beginn"."""
    closing = reminder.reminded == Reminded.UNANSWERED
    if reminder.days:
        return (
            ngettext(
                "%(num)d day before registration closes",
                "%(num)d days before registration closes",
                reminder.days,
            )
            if closing
            else ngettext(
                "%(num)d day before the start", "%(num)d days before the start", reminder.days
            )
        )
    hours = -(-reminder.minutes // HOUR)
    if closing:
        return ngettext(
            "%(num)d hour before registration closes",
            "%(num)d hours before registration closes",
            hours,
        )
    return ngettext("%(num)d hour before the start", "%(num)d hours before the start", hours)
