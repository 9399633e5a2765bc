"""What anybody may ask for without a link: a place at a public talk, the link to the own page.

Both answer everybody alike: the same redirect to the same page, whatever address was typed; what
happens follows by mail. They set no cookie and take no CSRF token: that would need one, and a
forged request gains nothing that its author could not send himself. How often one network may ask
is limited here, how much mail one address gets by `domain.address_limits`.
"""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import preferences, signups
from webinar.domain import programme as talks
from webinar.errors import RuleError
from webinar.extensions import db, limiter
from webinar.models import Talk
from webinar.web.forms.signups import AddressForm, SignupForm
from webinar.web.language import language
from webinar.web.public.pages import signup_form, talk_page
from webinar.web.sentences import sentence

blueprint = Blueprint("signups", __name__)

ATTEMPTS = "20 per minute; 120 per hour"
"""By network. An office has one address for all its desks, and they may all register at once."""


@blueprint.post("/veranstaltungen/<slug>/anmeldung")
@limiter.limit(ATTEMPTS)
def create(slug: str) -> ResponseReturnValue:
    """Ask for a place; the answer is the same for everybody."""
    talk = talks.talk(slug)
    form = signup_form(talk)
    if form.trapped:
        return redirect(url_for(".created", slug=slug), 303)
    if not form.validate():
        return _again(talk, form, status=422)
    try:
        _sign_up(talk, form)
    except RuleError as error:
        db.session.rollback()
        return _refused(talk, form, error)
    db.session.commit()
    return redirect(url_for(".created", slug=slug), 303)


@blueprint.get("/veranstaltungen/<slug>/anmeldung")
def created(slug: str) -> ResponseReturnValue:
    """What happens next; without having asked, too."""
    return render_template("public/signups/created.html", here="", talk=talks.talk(slug))


@blueprint.get("/meine")
def mine() -> ResponseReturnValue:
    """Ask for the link to one's own page."""
    return _ask(AddressForm())


@blueprint.post("/meine")
@limiter.limit(ATTEMPTS)
def send_link() -> ResponseReturnValue:
    """Mail the link to whoever is known at the address; the answer is the same for everybody."""
    form = AddressForm()
    if not form.trapped:
        if not form.validate():
            return _ask(form, status=422)
        try:
            preferences.send_links(form.email.data or "")
        except RuleError as error:
            db.session.rollback()
            form.email.errors = [sentence(error)]
            return _ask(form, status=422)
        db.session.commit()
    return redirect(url_for(".link_sent"), 303)


@blueprint.get("/meine/angefordert")
def link_sent() -> ResponseReturnValue:
    """What happens next."""
    return render_template("public/signups/link_sent.html", here="mine")


def _sign_up(talk: Talk, form: SignupForm) -> None:
    signups.check_open(talk)
    side = form.side
    if side is None:
        raise RuleError("mode_not_offered", field="mode")
    signups.sign_up(talk, form.values(language=language()), mode=side)


def _refused(talk: Talk, form: SignupForm, error: RuleError) -> ResponseReturnValue:
    """The form as it was sent, the sentence at its field, or on top where it has none."""
    if error.field is not None and error.field in form:
        form[error.field].errors = [*form[error.field].errors, sentence(error)]
        return _again(talk, form, status=422)
    return _again(talk, form, status=409, notice=sentence(error))


def _again(talk: Talk, form: SignupForm, *, status: int, notice: str = "") -> ResponseReturnValue:
    return make_response(talk_page(talk, form=form, notice=notice), status)


def _ask(form: AddressForm, *, status: int = 200) -> ResponseReturnValue:
    page = render_template("public/signups/mine.html", here="mine", form=form)
    return make_response(page, status)
