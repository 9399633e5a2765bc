"""Naming a deputy from the personal page: fill in, look at what will be sent, do it; take it back.

The review comes as the answer to a POST, since names and addresses belong into no address line and
a guest has no session. It tries the act, shows the mail that came of it, and undoes it: so it shows
exactly what will happen, and refuses what would be refused. The act itself is a POST of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webinar.domain import deputies, invitations, registrations
from webinar.domain.standing import Standing, standing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import letters
from webinar.models import Contact, Deputy, Invitation, Mail
from webinar.rendering.mails import Message
from webinar.web.filters import full_name
from webinar.web.forms.deputies import DeputyForm, deputy_form
from webinar.web.guest import pages
from webinar.web.refusals import refuse
from webinar.web.settings import settings

blueprint = Blueprint("guest_deputies", __name__)

BACK = "guest_answer.show"


@dataclass(frozen=True)
class Review:
    """What naming would do: the deputy's name and address as they would be kept, and the mail."""

    name: str
    address: str
    letter: Message


@blueprint.get("")
def create() -> ResponseReturnValue:
    """The form; who cannot name anybody now is led back to the page that says how it stands."""
    found = _standing()
    if not found.may_delegate:
        return redirect(url_for(BACK), 303)
    return _page(found, _form(found))


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Back from the review, with everything kept."""
    found = _standing()
    return _page(found, _form(found))


@blueprint.post("/pruefen")
def check() -> ResponseReturnValue:
    """What will be sent to whom; nothing is written."""
    found = _standing()
    form = _form(found)
    if not form.validate():
        return _page(found, form, status=422)
    try:
        review = _tried(form)
    except RuleError as error:
        refuse(form, error)
        return _page(_standing(), form, status=422)
    talk, contact = pages.talk(), pages.contact()
    return render_template(
        "guest/deputy_review.html",
        talk=talk,
        contact=contact,
        form=form,
        review=review,
        standing=found,
        sides=len(registrations.modes(talk)),
    )


@blueprint.post("/benennen")
def name() -> ResponseReturnValue:
    """Name the deputy. A second click finds the same person named and changes nothing."""
    form = _form(_standing())
    if not form.validate():
        return _page(_standing(), form, status=422)
    try:
        _name(form)
    except RuleError as error:
        refuse(form, error)
        return _page(_standing(), form, status=422)
    db.session.commit()
    return redirect(url_for(BACK), 303)


@blueprint.post("/zuruecknehmen")
def take_back() -> ResponseReturnValue:
    """Send nobody after all. What stands in the way is said by the page that comes then."""
    try:
        deputies.take_back(_invitation())
    except RuleError:
        db.session.rollback()
    db.session.commit()
    return redirect(url_for(BACK), 303)


def _standing() -> Standing:
    return standing(pages.talk(), contact=pages.contact())


def _invitation() -> Invitation:
    found = invitations.invitation_of(pages.talk(), contact=pages.contact())
    if found is None:
        raise RuleError("invitation_withdrawn")
    return found


def _form(found: Standing) -> DeputyForm:
    return deputy_form(registrations.modes(pages.talk()), free=found.free)


def _name(form: DeputyForm) -> Deputy:
    return deputies.name_deputy(_invitation(), person=form.person(), mode=form.side)


def _tried(form: DeputyForm) -> Review:
    """Name the deputy, read what came of it, and undo it."""
    asking = _name(form)
    contact: Contact = asking.deputy_invitation.contact
    query = select(Mail).where(Mail.contact_id == contact.id, Mail.template == "deputy")
    mail = db.session.scalars(query.order_by(Mail.id.desc())).first()
    if mail is None:
        raise RuleError("deputy_named_already")
    review = Review(
        name=full_name(contact),
        address=contact.email,
        letter=letters.sample(mail, settings()),
    )
    db.session.rollback()
    return review


def _page(found: Standing, form: DeputyForm, *, status: int = 200) -> ResponseReturnValue:
    talk = pages.talk()
    page = render_template(
        "guest/deputy.html",
        talk=talk,
        contact=pages.contact(),
        standing=found,
        form=form,
        ask_side=found.registration is None and len(registrations.modes(talk)) > 1,
    )
    return page, status
