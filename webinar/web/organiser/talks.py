"""The talks at the desk: the list, one talk's facts, writing, publishing and cancelling it.

The questions before a talk moves or is cancelled are `talk_reviews`', speakers of a talk
`talk_speakers`'; invitations and the rest stand under the same head.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webinar.clock import now
from webinar.domain import (
    drafts,
    evenings,
    feedback,
    overview,
    questions,
    readiness,
    recording_consents,
    reminder_plans,
    series,
    shares,
    speakers,
    talk_changes,
    talks,
    times,
)
from webinar.domain.overview import Listing
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import MailingKind, Reminded, Series, Talk, TalkSpeaker, TalkState
from webinar.rendering import wording
from webinar.web import room_entry
from webinar.web.forms.moves import CancelForm
from webinar.web.forms.talks import StoredTalk, TalkForm, differences
from webinar.web.guards import account
from webinar.web.numbers import searched
from webinar.web.organiser import talk_reviews
from webinar.web.paging import page_of
from webinar.web.refusals import refuse
from webinar.web.settings import settings, terms

blueprint = Blueprint("talks", __name__)

HERE = "talks"
WITH_ALL = (
    joinedload(Talk.series),
    selectinload(Talk.appearances).joinedload(TalkSpeaker.speaker),
)


@blueprint.app_context_processor
def _for_heads() -> dict[str, object]:
    """What the head of every page about a talk needs beside the talk."""
    return {
        "talk_numbers": lambda talk: overview.numbers_of([talk])[talk.id],
        "dial_in": settings().jitsi.dial_in,
    }


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The talks of one of three lists, searched, with answers and places."""
    which = _listing()
    search = searched()
    seen = shares.talk_seen_by(account())
    page = page_of(overview.listed(which, search=search, seen=seen))
    return render_template(
        "organiser/talks/index.html",
        here=HERE,
        page=page,
        numbers=overview.numbers_of(page.rows),
        counts=overview.list_counts(seen=seen),
        which=which,
        search=search,
    )


def _listing() -> Listing:
    asked = request.args.get("list", "")
    return Listing(asked) if asked in list(Listing) else Listing.COMING


@blueprint.get("/<int:talk_id>")
def show(talk_id: int) -> ResponseReturnValue:
    """One talk: its facts, its speakers, what is missing, what can be done."""
    talk = _whole(talk_id)
    found = speakers.links_of(talk)
    consents = recording_consents.answers(talk)
    room_entry.may_lead_away()
    return render_template(
        "organiser/talks/show.html",
        here=HERE,
        talk=talk,
        gaps=readiness.gaps(talk),
        links=found,
        sendings=speakers.sendings(list(found.values())),
        candidates=speakers.not_at(talk),
        address=_public_address(talk),
        over=times.end(talk) <= now(),
        door=room_entry.office_door(talk),
        closes=times.registration_end(talk),
        reminder_at=reminder_plans.ahead(talk, whom=Reminded.UNANSWERED),
        questions=questions.asked(talk),
        tonight=evenings.near(talk, terms=terms()),
        consents=consents,
        all_agree=recording_consents.all_agree(talk, consents),
        feedback=feedback.count(talk),
    )


def _whole(talk_id: int) -> Talk:
    """The talk with all that its pages show, in a fixed number of queries; raises `NotThere`."""
    talk = db.session.scalar(select(Talk).where(Talk.id == talk_id).options(*WITH_ALL))
    return talk if talk is not None else talks.find(talk_id)


def _public_address(talk: Talk) -> str:
    return settings().base_url + url_for("public.talk", slug=talk.slug, lang=None)


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """A new draft; with `template` the copy of another talk."""
    form = _form()
    template = _template(form.template.data or request.args.get("template", ""))
    if not form.sent():
        _begin(form, template)
        return _create_page(form, template)
    if _step() == "preview" or not form.accepted():
        return _create_page(form, template)
    try:
        talk = talks.create(
            form.values(),
            mail_domain=settings().mail_domain,
            by=account(),
            copied_from=template,
            with_speakers=bool(form.copy_speakers.data),
        )
        invited = _invite_again(form, talk, template)
    except RuleError as error:
        refuse(form, error)
        return _create_page(form, template)
    db.session.commit()
    message = _("The draft was saved. Nobody sees it until you publish it.")
    if invited:
        message += " " + ngettext(
            "%(num)d person is chosen in a draft of the invitation.",
            "%(num)d people are chosen in a draft of the invitation.",
            invited,
        )
    flash(message, "success")
    return redirect(url_for(".show", talk_id=talk.id), 303)


def _invite_again(form: TalkForm, talk: Talk, template: Talk | None) -> int:
    """How many people of the copied talk the draft of an invitation now holds, if it was wished."""
    if template is None or not form.copy_invited.data:
        return 0
    words = wording.wording(MailingKind.INVITATION, language="de")
    mailing = drafts.invite_again(
        talk, source=template, by=account(), subject=words.subject, text=words.text
    )
    return len(mailing.selection["contacts"]) if mailing is not None else 0


def _template(number: str) -> Talk | None:
    plain = number.isascii() and number.isdecimal() and len(number) < 10
    return shares.seen_talk(int(number), by=account()) if plain else None


def _begin(form: TalkForm, template: Talk | None) -> None:
    if template is None:
        form.begin()
        return
    form.copy_of(template)
    form.template.data = str(template.id)
    form.copy_speakers.data = True
    form.copy_invited.data = template.state == TalkState.CANCELLED


def _create_page(form: TalkForm, template: Talk | None) -> ResponseReturnValue:
    page = render_template(
        "organiser/talks/create.html",
        here=HERE,
        form=form,
        template=template,
        invited=template is not None and bool(overview.numbers_of([template])[template.id].invited),
        preview=_step() == "preview",
    )
    return page, 422 if form.errors else 200


@blueprint.route("/<int:talk_id>/bearbeiten", methods=["GET", "POST"])
def edit(talk_id: int) -> ResponseReturnValue:
    """Change a talk. A published one that moves asks first whom to tell."""
    talk = talks.find(talk_id)
    talks.check_open(talk)
    form = _form()
    if not form.sent():
        form.fill(talk)
        return _edit_page(talk, form)
    if _step() in ("preview", "back") or not form.accepted():
        return _edit_page(talk, form)
    try:
        return talk_reviews.move_page(talk, form, step=_step()) or _save(talk, form)
    except Conflict:
        db.session.rollback()
        return _conflict_page(talk, form)
    except RuleError as error:
        refuse(form, error)
        return _edit_page(talk, form)


def _save(talk: Talk, form: TalkForm) -> ResponseReturnValue:
    told = talk_reviews.save(talk, form, answered=_step() == "tell")
    db.session.commit()
    flash(_with_told(_("The talk was saved."), told), "success")
    return redirect(url_for(".show", talk_id=talk.id), 303)


def _edit_page(talk: Talk, form: TalkForm) -> ResponseReturnValue:
    page = render_template(
        "organiser/talks/edit.html",
        here=HERE,
        form=form,
        talk=talk,
        preview=_step() == "preview",
    )
    return page, 422 if form.errors and _step() not in ("preview", "back") else 200


def _conflict_page(talk: Talk, form: TalkForm) -> ResponseReturnValue:
    """What the other changed beside what was typed; saving again goes over it knowingly."""
    found = talk_changes.since(talk, revision=form.shown_revision())
    stored = StoredTalk(talk, _series())
    differing = differences(form, stored, columns=found.columns)
    form.revision.data = str(talk.revision)
    page = render_template(
        "organiser/talks/edit.html",
        here=HERE,
        form=form,
        talk=talk,
        preview=False,
        conflict=found,
        differences=differing,
    )
    return page, 409


def _form() -> TalkForm:
    form = TalkForm()
    form.offer(_series())
    return form


def _series() -> list[Series]:
    return series.everything(seen=shares.seen_by(account()))


def _step() -> str:
    return request.form.get("step", "")


@blueprint.route("/<int:talk_id>/veroeffentlichen", methods=["GET", "POST"])
def publish(talk_id: int) -> ResponseReturnValue:
    """What everybody will see and what is missing; then publishing."""
    talk = talks.find(talk_id)
    if request.method == "POST":
        talks.publish(talk, by=account())
        db.session.commit()
        flash(_("The talk is published."), "success")
        return redirect(url_for(".show", talk_id=talk.id), 303)
    talk = _whole(talk_id)
    gaps = readiness.gaps(talk)
    return render_template(
        "organiser/talks/publish.html",
        here=HERE,
        talk=talk,
        gaps=gaps,
        blocked=bool(readiness.BLOCKING.intersection(gaps)),
        address=_public_address(talk),
    )


@blueprint.route("/<int:talk_id>/absagen", methods=["GET", "POST"])
def cancel(talk_id: int) -> ResponseReturnValue:
    """Who will be told, and why; then cancelling for good."""
    talk = talks.find(talk_id)
    form = CancelForm()
    if form.accepted() and _step() != "preview":
        told = talks.cancel(talk, reason=form.reason.data or "", by=account())
        db.session.commit()
        flash(_with_told(_("The talk is cancelled."), told), "success")
        return redirect(url_for(".show", talk_id=talk.id), 303)
    return talk_reviews.cancel_page(talk, form)


def _with_told(message: str, told: int) -> str:
    if not told:
        return message
    people = ngettext("%(num)d person is being told.", "%(num)d people are being told.", told)
    return f"{message} {people}"
