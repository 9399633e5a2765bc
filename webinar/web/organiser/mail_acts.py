"""What an organiser does about messages: try again, stop, send again, correct the address.

With one, or with all of a list after a look at what that means.

The lists and pages are `webinar.web.organiser.mails`', the rules `webinar.domain.mail_acts`'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from webinar.domain import mail_acts
from webinar.domain.outbox import Narrowing
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import Mail, MailState
from webinar.web.filters import full_name
from webinar.web.forms.addresses import AddressForm
from webinar.web.forms.base import DeskForm
from webinar.web.forms.contacts import shared_choices
from webinar.web.guards import account
from webinar.web.numbers import RowField
from webinar.web.organiser import mail_causes, mail_words, signs
from webinar.web.organiser.mails import (
    HERE,
    asked_for,
    filters_of,
    form_of,
    mail_of,
    page_of_mail,
)
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence

blueprint = Blueprint("mail_acts", __name__)

STOP, AGAIN = "anhalten", "erneut"


class AllForm(DeskForm):
    """The newest mail that the organiser saw: what is written later is another matter."""

    newest = RowField()


@dataclass(frozen=True)
class Review:
    """What an act on a whole list would reach: how many mails of what kind, and why they wait."""

    count: int
    newest: int
    in_hand: int
    """Mails that the worker holds at this moment; nobody else touches them."""
    kinds: list[tuple[str, int]]
    causes: list[tuple[str, int]]


@blueprint.post("/<int:mail_id>/erneut")
def again(mail_id: int) -> ResponseReturnValue:
    """Put the message at the head of the queue."""
    mail = mail_of(mail_id)
    return _done(
        mail,
        lambda: mail_acts.try_again(mail, by=account()),
        _("The message is tried again at once."),
    )


@blueprint.post("/<int:mail_id>/anhalten")
def stop(mail_id: int) -> ResponseReturnValue:
    """Let the message not go out."""
    mail = mail_of(mail_id)
    return _done(
        mail,
        lambda: mail_acts.stop(mail, by=account()),
        _("The message is stopped. It does not go out."),
    )


@blueprint.post("/<int:mail_id>/neu-senden")
def resend(mail_id: int) -> ResponseReturnValue:
    """Write the message anew, to the address that the person has now."""
    mail = mail_of(mail_id)
    try:
        fresh = mail_acts.resend(mail, by=account())
    except RuleError as error:
        return _refused(mail_id, error)
    return _sent_again(fresh)


@blueprint.post("/<int:mail_id>/adresse")
def correct(mail_id: int) -> ResponseReturnValue:
    """Correct the person's address and send the message again."""
    mail = mail_of(mail_id)
    form = form_of(mail)
    if not form.accepted():
        return page_of_mail(mail, form, status=422)
    try:
        fresh = mail_acts.correct(
            mail,
            email=form.email.data or "",
            by=account(),
            decision=form.decision.data or "",
            seen=form.seen.data or None,
        )
    except RuleError as error:
        if error.field is None:
            return _refused(mail_id, error)
        ask(form, error)
        return page_of_mail(mail_of(mail_id), form, status=422)
    return _sent_again(fresh)


def ask(form: AddressForm, error: RuleError) -> None:
    """Show the error at its field; that somebody else is there is a question with its choice."""
    if error.code == "address_shared":
        form.decision.choices = shared_choices()
    if isinstance(error, Conflict):
        error.field = None
    refuse(form, error)


@blueprint.route(f"/alle/<any({STOP}, {AGAIN}):what>", methods=["GET", "POST"])
def everything(what: str) -> ResponseReturnValue:
    """What stopping or trying again all of a list means, then doing it."""
    narrowing = asked_for()
    if request.method == "POST":
        return _all(what, narrowing)
    states = mail_acts.WAITING if what == STOP else mail_acts.TRIED
    return render_template(
        f"organiser/mails/all_{'stop' if what == STOP else 'again'}.html",
        here="talks" if narrowing.talk is not None else HERE,
        talk=narrowing.talk,
        group=signs.GROUPS[narrowing.group] if narrowing.group is not None else "",
        text=narrowing.text,
        filters=filters_of(narrowing),
        review=_review(narrowing, states),
    )


def _review(narrowing: Narrowing, states: tuple[MailState, ...]) -> Review:
    """In two queries; the causes are told apart here, since each answer names another recipient."""
    found = (*narrowing.conditions(), Mail.resent_as_id.is_(None))
    rows = db.session.execute(
        select(Mail.template, Mail.state, Mail.reply, func.count(), func.max(Mail.id))
        .where(*found, Mail.state.in_((*states, MailState.SENDING)))
        .group_by(Mail.template, Mail.state, Mail.reply)
    ).all()
    kinds: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for template, state, reply, count, _newest in rows:
        if state == MailState.SENDING:
            continue
        kinds[str(mail_words.TEMPLATES.get(template, template))] += count
        if reply and state != MailState.QUEUED:
            causes[mail_causes.words(reply)] += count
    return Review(
        count=kinds.total(),
        newest=max((row[4] for row in rows), default=0),
        in_hand=sum(row[3] for row in rows if row[1] == MailState.SENDING),
        kinds=kinds.most_common(),
        causes=causes.most_common(),
    )


def _all(what: str, narrowing: Narrowing) -> ResponseReturnValue:
    newest = AllForm().newest.data or 0
    if what == STOP:
        count = mail_acts.stop_all(narrowing, newest=newest, by=account())
        words = ngettext(
            "Stopped. %(num)d message does not go out.",
            "Stopped. %(num)d messages do not go out.",
            count,
        )
    else:
        count = mail_acts.try_all_again(narrowing, newest=newest, by=account())
        words = ngettext(
            "%(num)d message is tried again at once.",
            "%(num)d messages are tried again at once.",
            count,
        )
    db.session.commit()
    flash(words, "success" if count else "info")
    # Without the state: what was narrowed to it has just left it.
    kept: dict[str, Any] = {n: v for n, v in filters_of(narrowing).items() if n != "state"}
    return redirect(url_for("mails.index", **kept), 303)


def _done(mail: Mail, act: Callable[[], None], message: str) -> ResponseReturnValue:
    mail_id = mail.id
    try:
        act()
    except RuleError as error:
        return _refused(mail_id, error)
    db.session.commit()
    flash(message, "success")
    return _to(mail_id)


def _sent_again(fresh: Mail) -> ResponseReturnValue:
    db.session.commit()
    words = _("The message is on its way to %(address)s.", address=fresh.recipient)
    if fresh.contact is not None:
        words = _(
            "The message to %(name)s is on its way to %(address)s.",
            name=full_name(fresh.contact),
            address=fresh.recipient,
        )
    flash(words, "success")
    return _to(fresh.id)


def _refused(mail_id: int, error: RuleError) -> ResponseReturnValue:
    db.session.rollback()
    mail = mail_of(mail_id)
    form = form_of(mail)
    if mail.contact is not None and not form.email.data:
        form.email.data = mail.contact.email  # what was pressed was another button
    return page_of_mail(mail, form, problem=sentence(error), status=422)


def _to(mail_id: int) -> ResponseReturnValue:
    return redirect(url_for("mails.show", mail_id=mail_id), 303)
