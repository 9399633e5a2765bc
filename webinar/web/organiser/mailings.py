"""Drafting a mailing: whom it is for, who that is exactly, and its words; each step a page.

All that was chosen and written stands in the draft: reloading, going back and another browser show
the same. The steps go on in `webinar.web.organiser.dispatches`; the rules are
`webinar.domain.mailings`' and `webinar.domain.drafts`'.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import audiences, drafts, mailings, talks
from webinar.domain.recipients import Circle
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Mailing, MailingKind, MailingState, Placeholder, Talk
from webinar.rendering import wording
from webinar.web.forms.mailings import ChooseForm, CircleForm, LeaveOutForm, TextForm
from webinar.web.guards import account
from webinar.web.numbers import searched, shortened
from webinar.web.organiser import invitation_lists, mail_words
from webinar.web.organiser.invitations import hindrance
from webinar.web.paging import slice_of
from webinar.web.sentences import sentence

blueprint = Blueprint("mailings", __name__)

HERE = "talks"


@blueprint.route("/neu", methods=["GET", "POST"])
def create(talk_id: int) -> ResponseReturnValue:
    """The first step without a draft; choosing makes one."""
    talk = talks.find(talk_id)
    why = hindrance(talk)
    if why:
        page = "organiser/mailings/hindered.html"
        return render_template(
            page, here=HERE, talk=talk, why=why
        ), 422 if request.method == "POST" else 200
    form = ChooseForm()
    if not form.accepted():
        return _choosing(talk, None, form)
    return _chosen(_draft(talk, MailingKind.INVITATION), form)


@blueprint.post("/erneut")
def again(talk_id: int) -> ResponseReturnValue:
    """A second invitation to those who have not answered; nobody need be chosen."""
    talk = talks.find(talk_id)
    if hindrance(talk):
        return redirect(url_for("invitations.index", talk_id=talk_id), 303)
    mailing = _draft(talk, MailingKind.REINVITATION)
    db.session.commit()
    return to(".recipients", mailing)


@blueprint.route("/nachricht", methods=["GET", "POST"])
def message(talk_id: int) -> ResponseReturnValue:
    """The first step of a message without a draft; choosing whom makes one."""
    return _circle(talks.find(talk_id), None)


def _circle(talk: Talk, mailing: Mailing | None) -> ResponseReturnValue:
    form = CircleForm()
    chosen = str(mailing.selection.get("circle", "")) if mailing is not None else ""
    form.offer([(name, str(word)) for name, word in mail_words.CIRCLES.items()], chosen=chosen)
    if form.accepted():
        mailing = mailing or _draft(talk, MailingKind.MESSAGE)
        try:
            drafts.choose_circle(mailing, Circle(form.circle.data))
        except RuleError as error:
            return refused(mailing, error)
        db.session.commit()
        return to(".recipients", mailing)
    return render_template(
        "organiser/mailings/circle.html",
        here=HERE,
        talk=talk,
        mailing=mailing,
        new=mail_words.NEW[MailingKind.MESSAGE],
        form=form,
    ), 422 if form.sent() else 200


def _draft(talk: Talk, kind: MailingKind) -> Mailing:
    words = wording.wording(kind, language="de")
    return drafts.begin(talk, kind=kind, by=account(), subject=words.subject, text=words.text)


@blueprint.route("/<int:mailing_id>/auswahl", methods=["GET", "POST"])
def choose(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Step 1: audiences, and single people found by name."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to("dispatches.progress", mailing)
    if mailing.kind == MailingKind.MESSAGE:
        return _circle(mailing.talk, mailing)
    if mailing.kind != MailingKind.INVITATION:
        return to(".recipients", mailing)
    form = ChooseForm()
    if form.accepted():
        return _chosen(mailing, form)
    return _choosing(mailing.talk, mailing, form)


def _choosing(talk: Talk, mailing: Mailing | None, form: ChooseForm) -> ResponseReturnValue:
    form.offer(audiences.everything(), audiences.counts())
    text = searched()
    if not form.sent():
        form.q.data = text
        form.audiences.data = mailing.selection.get("audiences", []) if mailing else []
    singles = drafts.singles(mailing) if mailing else []
    hits = drafts.hits(talk, text, but=[contact.id for contact in singles])
    return render_template(
        "organiser/mailings/choose.html",
        here=HERE,
        talk=talk,
        mailing=mailing,
        form=form,
        singles=singles,
        hits=hits[: drafts.HITS],
        more=len(hits) > drafts.HITS,
        text=text,
        office_line=invitation_lists.office_line,
    )


def _chosen(mailing: Mailing, form: ChooseForm) -> ResponseReturnValue:
    """Keep what was ticked, then do what was pressed."""
    try:
        drafts.choose_audiences(mailing, form.ticked())
        if form.add.data:
            drafts.add(mailing, form.add.data)
        if form.remove.data:
            drafts.remove(mailing, form.remove.data)
    except RuleError as error:
        return refused(mailing, error)
    db.session.commit()
    if "on" in request.form:
        return to(".recipients", mailing)
    return to(".choose", mailing, q=shortened(form.q.data or "") or None, _anchor="people")


@blueprint.route("/<int:mailing_id>/empfaenger", methods=["GET", "POST"])
def recipients(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Step 2: exactly who gets it and who does not, with the reason."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to("dispatches.progress", mailing)
    form = LeaveOutForm()
    if form.accepted():
        return _left_out(mailing, form)
    left = "ausgelassen" in request.args
    found, others = mailings.recipients(mailing), mailings.left_out(mailing)
    return render_template(
        "organiser/mailings/recipients.html",
        here=HERE,
        talk=mailing.talk,
        mailing=mailing,
        left=left,
        new=mail_words.NEW[mailing.kind],
        page=slice_of(
            others if left else found,
            endpoint=".recipients",
            talk_id=talk_id,
            mailing_id=mailing_id,
        ),
        count=len(found),
        left_count=len(others),
        reasons=mail_words.REASONS,
        office_line=invitation_lists.office_line,
    )


def _left_out(mailing: Mailing, form: LeaveOutForm) -> ResponseReturnValue:
    try:
        if form.exclude.data:
            drafts.exclude(mailing, form.exclude.data)
        if form.include.data:
            drafts.include(mailing, form.include.data)
    except RuleError as error:
        return refused(mailing, error)
    db.session.commit()
    kept = {name: request.args.get(name) for name in ("page", "ausgelassen")}
    return to(".recipients", mailing, **kept)


@blueprint.route("/<int:mailing_id>/text", methods=["GET", "POST"])
def text(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Step 3: subject and text."""
    mailing = mailing_of(talk_id, mailing_id)
    if mailing.state != MailingState.DRAFT:
        return to("dispatches.progress", mailing)
    form = TextForm()
    if form.accepted():
        try:
            mailings.edit(mailing, subject=form.subject.data or "", text=form.text.data or "")
            db.session.commit()
            return to("dispatches.check", mailing)
        except RuleError as error:
            db.session.rollback()
            if error.field not in ("subject", "text"):
                return refused(mailing, error)
            form[error.field].errors = [sentence(error)]
    elif not form.sent():
        form.subject.data, form.text.data = mailing.subject, mailing.text
    return render_template(
        "organiser/mailings/text.html",
        here=HERE,
        talk=mailing.talk,
        mailing=mailing,
        new=mail_words.NEW[mailing.kind],
        form=form,
        placeholders=[(name, mail_words.PLACEHOLDERS[name]) for name in Placeholder],
    ), 422 if form.errors else 200


@blueprint.post("/<int:mailing_id>/loeschen")
def discard(talk_id: int, mailing_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    mailing = mailing_of(talk_id, mailing_id)
    try:
        drafts.discard(mailing, by=account())
    except RuleError as error:
        return refused(mailing, error)
    db.session.commit()
    flash(_("The draft was deleted."), "success")
    return redirect(url_for("invitations.index", talk_id=talk_id), 303)


def mailing_of(talk_id: int, mailing_id: int) -> Mailing:
    """The mailing of the address; raises `NotThere`, also for one about another talk."""
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None or mailing.talk_id != talk_id:
        raise NotThere("record_missing")
    return mailing


def refused(mailing: Mailing, error: RuleError) -> ResponseReturnValue:
    """Say which rule stood in the way, on the page where the mailing stands now."""
    db.session.rollback()
    flash(sentence(error), "info")
    return to("dispatches.progress", mailing)


def to(page: str, mailing: Mailing, /, **values: Any) -> ResponseReturnValue:
    """On to another page of the mailing."""
    values = {"talk_id": mailing.talk_id, "mailing_id": mailing.id, **values}
    return redirect(url_for(page, **values), 303)
