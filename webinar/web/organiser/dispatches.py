"""Sending a mailing: reading it as its readers will, a test, sending, progress, stopping.

The steps before are `webinar.web.organiser.mailings`'; the rules are `webinar.domain.mailings`',
the rendered mail is `webinar.jobs.letters`'.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from webinar.domain import mailings, outbox
from webinar.domain.outbox import Group
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import letters
from webinar.models import Mail, Mailing, MailingKind, MailingState
from webinar.web.forms.mailings import SampleForm
from webinar.web.guards import account
from webinar.web.organiser import invitation_lists, mail_words, signs
from webinar.web.organiser.invitations import hindrance
from webinar.web.organiser.mailings import mailing_of, refused, to
from webinar.web.paging import page_of
from webinar.web.sentences import sentence
from webinar.web.settings import settings

blueprint = Blueprint("dispatches", __name__)

HERE = "talks"
BUSY_SECONDS = 5
RETRY_SECONDS = 60
PREVIEW_POLICY = {
    "style-src": "'unsafe-inline'",
    "script-src": "'none'",
    "connect-src": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "",
}
"""A mail carries its styles inline; nothing in it may run, load or send."""


@blueprint.get("/<int:mailing_id>/pruefen")
def check(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Step 4: the mail as the first recipient will read it, and what sending will do."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to(".progress", mailing)
    return _check(mailing)


def _check(mailing: Mailing, *errors: str) -> ResponseReturnValue:
    found = mailings.recipients(mailing)
    first = found[0] if found else None
    me = account()
    g.policy = {"frame-src": "'self'"}
    return render_template(
        "organiser/mailings/check.html",
        here=HERE,
        talk=mailing.talk,
        mailing=mailing,
        new=mail_words.NEW[mailing.kind],
        first=first,
        count=len(found),
        left_count=len(mailings.left_out(mailing)),
        letter=letters.preview(mailing, contact=first, account=me, settings=settings()),
        me=me,
        number=_tests(mailing) + 1,
        why=_hindrance(mailing),
        errors=errors,
        office_line=invitation_lists.office_line,
    ), 422 if errors else 200


def _hindrance(mailing: Mailing) -> str:
    """Why it cannot be sent; a message can be sent after the evening, too."""
    why = hindrance(mailing.talk)
    return "" if why == "started" and mailing.kind == MailingKind.MESSAGE else why


@blueprint.get("/<int:mailing_id>/vorschau")
def preview(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """The mail itself, for the frame of the page that checks it."""
    mailing = mailing_of(talk_id, mailing_id)
    first = next(iter(mailings.recipients(mailing)), None)
    letter = letters.preview(mailing, contact=first, account=account(), settings=settings())
    g.policy, g.frames = PREVIEW_POLICY, "SAMEORIGIN"
    return Response(letter.html, mimetype="text/html")


@blueprint.post("/<int:mailing_id>/test")
def test(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Send the mail to the account that asks."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to(".progress", mailing)
    me = account()
    mailings.test(mailing, account=me, number=SampleForm().number.data or _tests(mailing) + 1)
    db.session.commit()
    flash(_("The test is on its way to %(address)s.", address=me.email), "success")
    return to(".check", mailing)


def _tests(mailing: Mailing) -> int:
    """How many tests the account has sent itself of the mailing."""
    query = select(func.count(Mail.id)).where(
        Mail.mailing_id == mailing.id, Mail.account_id == account().id
    )
    return db.session.scalar(query) or 0


@blueprint.post("/<int:mailing_id>/senden")
def send(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Send to everybody on the list; pressing twice sends once."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to(".progress", mailing)
    try:
        count = mailings.send(mailing, by=account())
    except RuleError as error:
        db.session.rollback()
        db.session.refresh(mailing)
        if mailing.state != MailingState.DRAFT:
            return to(".progress", mailing)
        return _check(mailing, sentence(error))
    db.session.commit()
    flash(_on_the_way(mailing, count), "success")
    return to(".progress", mailing)


def _on_the_way(mailing: Mailing, count: int) -> str:
    if mailing.kind == MailingKind.MESSAGE:
        return ngettext(
            "%(num)d message is on its way.", "%(num)d messages are on their way.", count
        )
    return ngettext(
        "%(num)d invitation is on its way.", "%(num)d invitations are on their way.", count
    )


@blueprint.get("/<int:mailing_id>")
def progress(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """How far a mailing is, and how it stands with each recipient."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state == MailingState.DRAFT:
        return to(".check", mailing)
    asked = request.args.get("state", "")
    group = Group(asked) if asked in list(Group) else None
    far = mailings.progress(mailing)
    counts = outbox.grouped(far.states)
    running = mailing.state != MailingState.STOPPED and not far.finished
    page = render_template(
        "organiser/mailings/progress.html",
        here=HERE,
        talk=mailing.talk,
        mailing=mailing,
        far=far,
        counts=counts,
        running=running,
        still="still" in request.args,
        page=page_of(outbox.of_mailing(mailing, group=group)),
        group=group,
        groups=signs.GROUPS,
        signs=signs.MAILS,
        why=mail_words.why,
        office_line=invitation_lists.office_line,
    )
    response = Response(page)
    if running and "still" not in request.args:
        busy = mailing.state == MailingState.EXPANDING or counts[Group.WAITING]
        response.headers["Refresh"] = str(BUSY_SECONDS if busy else RETRY_SECONDS)
    return response


@blueprint.post("/<int:mailing_id>/anhalten")
def stop(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Let nothing more go out."""
    mailing = mailing_of(talk_id, mailing_id)
    try:
        count = mailings.stop(mailing, by=account())
    except RuleError as error:
        return refused(mailing, error)
    db.session.commit()
    flash(
        ngettext(
            "Stopped. %(num)d message does not go out.",
            "Stopped. %(num)d messages do not go out.",
            count,
        ),
        "info",
    )
    return to(".progress", mailing)
