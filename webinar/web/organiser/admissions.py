"""Somebody calls on the evening: the link again, into the room by hand, and out again.

Found by name on `webinar.web.organiser.evening`; the rules are `webinar.domain.admissions`'.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import admissions, contacts, departures, office_acts, registrations, talks
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Contact, Mode, Talk
from webinar.text import masked
from webinar.web.filters import full_name
from webinar.web.forms.contacts import ContactFields
from webinar.web.forms.evening import SendForm
from webinar.web.guards import account
from webinar.web.numbers import shortened
from webinar.web.organiser.contacts import ask
from webinar.web.organiser.evening import HERE, back, refused
from webinar.web.organiser.freed import with_freed
from webinar.web.settings import terms

blueprint = Blueprint("admissions", __name__)


@blueprint.post("/link/<int:contact_id>")
def send_link(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Mail the personal link once more."""
    talk, contact, form = talks.find(talk_id), contacts.get(contact_id), SendForm()
    kept = {"q": shortened(form.q.data or "") or None, "_anchor": "anruf"}
    try:
        office_acts.send_link(talk, contact=contact, number=form.number.data or 1, by=account())
    except RuleError as error:
        return refused(talk, error, **kept)
    db.session.commit()
    flash(_("The link is on its way to %(address)s.", address=masked(contact.email)), "success")
    return back(talk, **kept)


@blueprint.post("/einlassen/<int:contact_id>")
def admit(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Let a contact of the address book in now."""
    talk, contact, form = talks.find(talk_id), contacts.get(contact_id), SendForm()
    kept = {"q": shortened(form.q.data or "") or None, "_anchor": "anruf"}
    try:
        admissions.admit(talk, contact=contact, terms=terms(), by=account())
    except RuleError as error:
        return refused(talk, error, **kept)
    db.session.commit()
    flash(_admitted(contact), "success")
    return back(talk, **kept)


@blueprint.route("/einlassen/neu", methods=["GET", "POST"])
def admit_new(talk_id: int) -> ResponseReturnValue:
    """Let somebody in who is not in the address book; the same name at the same address is the same
    person, another name there is a question."""
    talk, form = talks.find(talk_id), ContactFields()
    form.prepare()
    if form.accepted():
        try:
            return _admit_new(talk, form)
        except RuleError as error:
            ask(form, error)
    page = render_template(
        "organiser/evening/admit.html",
        here=HERE,
        talk=talk,
        form=form,
        taken=registrations.taken(talk, Mode.ONLINE),
        full=registrations.free(talk, Mode.ONLINE) == 0,
    )
    return page, 422 if form.sent() else 200


def _admit_new(talk: Talk, form: ContactFields) -> ResponseReturnValue:
    """Admit and commit. Whoever was succeeded by the new person holds no place any more."""
    decision, number = form.answer()
    other = contacts.get(number) if number is not None else None
    contact = office_acts.person_for(form.values(), by=account(), decision=decision, other=other)
    admissions.admit(talk, contact=contact, terms=terms(), by=account())
    freed = departures.free_places(by=account())
    db.session.commit()
    flash(with_freed(_admitted(contact), freed), "success")
    return back(talk)


@blueprint.route("/zutritt/<int:admission_id>", methods=["GET", "POST"])
def revoke(talk_id: int, admission_id: int) -> ResponseReturnValue:
    """What taking the entry back means, then doing it."""
    talk, form = talks.find(talk_id), SendForm()
    admission = admissions.find(talk, admission_id)
    contact = admission.registration.contact
    if admission.revoked_at is not None:
        return redirect(url_for("evening.show", talk_id=talk.id), 303)
    if form.accepted():
        admissions.revoke(admission, by=account())
        db.session.commit()
        flash(_("%(name)s no longer gets in.", name=full_name(contact)), "success")
        return back(talk)
    return render_template(
        "organiser/evening/revoke.html", here=HERE, talk=talk, form=form, name=full_name(contact)
    )


def _admitted(contact: Contact) -> str:
    return _(
        "%(name)s can enter. The link is on its way to %(address)s.",
        name=full_name(contact),
        address=masked(contact.email),
    )
