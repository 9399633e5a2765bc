"""Registering somebody by hand: a contact found by name, or a person who is new.

Who has an invitation or a place already is led to the own page, `webinar.web.organiser.people`.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import (
    contacts,
    departures,
    drafts,
    invitations,
    office_acts,
    registrations,
    talks,
)
from webinar.domain.people import still_open
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Contact, Mode, Talk
from webinar.web.forms.people import NewPersonForm, RegisterForm
from webinar.web.guards import account
from webinar.web.numbers import searched
from webinar.web.organiser import invitation_lists
from webinar.web.organiser.contacts import ask
from webinar.web.organiser.freed import with_freed
from webinar.web.organiser.people import free_places
from webinar.web.refusals import refuse

blueprint = Blueprint("registering", __name__)

HERE = "talks"


@blueprint.get("/neu")
def search(talk_id: int) -> ResponseReturnValue:
    """Find the person in the address book, or go on to a new one."""
    talk = talks.find(talk_id)
    text = searched()
    hits = drafts.hits(talk, text)
    return render_template(
        "organiser/registering/search.html",
        here=HERE,
        talk=talk,
        text=text,
        hits=hits[: drafts.HITS],
        more=len(hits) > drafts.HITS,
        office_line=invitation_lists.office_line,
        open=still_open(talk),
    )


@blueprint.route("/neu/<int:contact_id>", methods=["GET", "POST"])
def known(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Register somebody of the address book."""
    talk, contact = talks.find(talk_id), contacts.get(contact_id)
    form = RegisterForm()
    form.offer(registrations.modes(talk), free=free_places(talk))
    if not form.sent() and invitations.invitation_of(talk, contact=contact) is not None:
        return redirect(_address(talk, contact))
    if form.accepted():
        try:
            return _registered(talk, contact, form.mode, notify=bool(form.notify.data))
        except RuleError as error:
            refuse(form, error)
    page = render_template(
        "organiser/registering/known.html",
        here=HERE,
        talk=talk,
        contact=contact,
        form=form,
        office_line=invitation_lists.office_line,
    )
    return page, 422 if form.sent() else 200


@blueprint.route("/neu/person", methods=["GET", "POST"])
def unknown(talk_id: int) -> ResponseReturnValue:
    """Register a person who is not in the address book; the same name at the same address is the
    same person, another name there is a question."""
    talk, form = talks.find(talk_id), NewPersonForm()
    form.prepare()
    form.offer(registrations.modes(talk), free=free_places(talk))
    if form.accepted():
        try:
            contact = _person(form)
            return _registered(talk, contact, form.mode, notify=bool(form.notify.data))
        except RuleError as error:
            ask(form, error)
    page = render_template("organiser/registering/unknown.html", here=HERE, talk=talk, form=form)
    return page, 422 if form.sent() else 200


def _person(form: NewPersonForm) -> Contact:
    decision, number = form.answer()
    other = contacts.get(number) if number is not None else None
    return office_acts.person_for(form.values(), by=account(), decision=decision, other=other)


def _registered(talk: Talk, contact: Contact, mode: Mode, *, notify: bool) -> ResponseReturnValue:
    """Register and commit. Whoever was succeeded by the new person holds no place any more."""
    office_acts.take_down(talk, contact=contact, mode=mode, by=account(), notify=notify)
    freed = departures.free_places(by=account())
    db.session.commit()
    flash(with_freed(_("The registration was taken down."), freed), "success")
    return redirect(_address(talk, contact), 303)


def _address(talk: Talk, contact: Contact) -> str:
    return url_for("people.show", talk_id=talk.id, contact_id=contact.id)
