"""The address book: list, export, one contact, its form, retiring, merging."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import (
    audiences,
    contact_addresses,
    contact_histories,
    contact_merges,
    contacts,
    departures,
    mail_acts,
    organisations,
    shares,
)
from webinar.domain.contact_histories import Evening
from webinar.domain.contacts import State
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import Audience, Contact, Organisation, Outcome, Talk
from webinar.web.filters import sorted_name
from webinar.web.forms.addresses import ContactAddressForm
from webinar.web.forms.contacts import (
    ContactFields,
    address_choices,
    name_choices,
    shared_choices,
)
from webinar.web.guards import account
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import contact_export, inbox_words, mail_words
from webinar.web.organiser.freed import with_freed
from webinar.web.organiser.mails import row_of
from webinar.web.paging import page_of
from webinar.web.sentences import sentence

blueprint = Blueprint("contacts", __name__)

HERE = "contacts"
CANDIDATES = 20


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All contacts, searched and narrowed."""
    chosen = _chosen()
    return render_template(
        "organiser/contacts/index.html",
        here=HERE,
        page=page_of(_found()),
        chosen=chosen,
        filtered=any(value for name, value in chosen.items() if name != "state")
        or chosen["state"] != State.ACTIVE,
        audience_choices=_choices(audiences.everything()),
        organisation_choices=_choices(organisations.all_in_use()),
    )


@blueprint.get("/liste.<any(csv, xlsx):kind>")
def export(kind: str) -> ResponseReturnValue:
    """The list as it is narrowed, for a spreadsheet; the import takes it back."""
    return contact_export.response(db.session.scalars(_found()).unique(), kind=kind)


@blueprint.get("/<int:contact_id>")
def show(contact_id: int) -> ResponseReturnValue:
    """One contact with its audiences and evenings, its last messages and its address."""
    contact = contacts.get(contact_id)
    return page_of_contact(contact, address_form(contact))


def address_form(contact: Contact) -> ContactAddressForm:
    """The form for the right address; offers what did not arrive and can be sent again."""
    form = ContactAddressForm()
    form.prepare(contact)
    form.offer((mail.id, mail_words.about(mail)) for mail in mail_acts.lost_mails(contact))
    return form


def page_of_contact(
    contact: Contact, form: ContactAddressForm, *, status: int = 200
) -> ResponseReturnValue:
    """The page of the contact; the address is corrected there once something came back."""
    successor = db.session.get(Contact, contact.successor_id) if contact.successor_id else None
    reports = contact_addresses.reports(contact)
    page = render_template(
        "organiser/contacts/show.html",
        here=HERE,
        contact=contact,
        successor=successor,
        predecessors=contact_histories.predecessors(contact),
        evenings=_seen(contact_histories.evenings(contact)),
        form=form,
        shared=contact_addresses.others_at(contact) if contact.active else [],
        mails=[
            row_of(mail)
            for mail in contact_addresses.mails(contact)
            if mail.talk is None or _may_see(mail.talk)
        ],
        reports=[(row, inbox_words.report(row)) for row in reports],
        bounce_cause=next(
            (inbox_words.why(row) for row in reports if row.outcome == Outcome.BOUNCED), ""
        ),
    )
    return page, status


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """A new contact; somebody else at the address is asked about."""
    form = ContactFields()
    form.prepare()
    if form.accepted():
        try:
            return _saved(_create(form), form, _("The contact was added."), keep=True)
        except RuleError as error:
            ask(form, error)
    status = 422 if form.sent() else 200
    return render_template("organiser/contacts/create.html", here=HERE, form=form), status


@blueprint.route("/<int:contact_id>/bearbeiten", methods=["GET", "POST"])
def edit(contact_id: int) -> ResponseReturnValue:
    """Change a contact; a new name is asked about."""
    contact = contacts.get(contact_id)
    form = ContactFields()
    form.prepare(contact)
    if form.accepted():
        try:
            current = contacts.edit(
                contact,
                form.values(),
                by=account(),
                decision=form.answer()[0],
                seen=form.seen.data or None,
            )
            return _saved(current, form, _("The contact was changed."))
        except RuleError as error:
            ask(form, error)
            contact = contacts.get(contact_id)
    status = 422 if form.sent() else 200
    page = "organiser/contacts/edit.html"
    return render_template(page, here=HERE, form=form, contact=contact), status


@blueprint.route("/<int:contact_id>/deaktivieren", methods=["GET", "POST"])
def retire(contact_id: int) -> ResponseReturnValue:
    """What deactivating means, then doing it."""
    contact = contacts.get(contact_id)
    if request.method != "POST":
        return render_template(
            "organiser/contacts/retire.html",
            here=HERE,
            contact=contact,
            evenings=_seen(contact_histories.coming(contact)),
        )
    contacts.retire(contact, by=account())
    freed = departures.free_places(by=account())
    db.session.commit()
    flash(with_freed(_("The contact was deactivated."), freed), "success")
    return redirect(url_for(".show", contact_id=contact.id), 303)


@blueprint.post("/<int:contact_id>/reaktivieren")
def reactivate(contact_id: int) -> ResponseReturnValue:
    """Take a deactivated contact back."""
    contact = contacts.get(contact_id)
    try:
        contacts.reactivate(contact, by=account())
        db.session.commit()
        flash(_("The contact is active again."), "success")
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "danger")
    return redirect(url_for(".show", contact_id=contact_id), 303)


@blueprint.route("/<int:contact_id>/zusammenfuehren", methods=["GET", "POST"])
def merge(contact_id: int) -> ResponseReturnValue:
    """Choose the second row of the same person, see what will happen, do it."""
    kept = contacts.get(contact_id)
    other_id = request.values.get("mit", type=row_number)
    if other_id is None:
        return _choose_other(kept)
    other = contacts.get(other_id)
    try:
        if request.method == "POST":
            contact_merges.merge(kept, other, by=account())
            db.session.commit()
            flash(_("The contacts were merged."), "success")
            return redirect(url_for(".show", contact_id=kept.id), 303)
        found = contact_merges.review(kept, other)
    except RuleError as error:
        db.session.rollback()
        return _choose_other(contacts.get(contact_id), problem=sentence(error))
    return render_template("organiser/contacts/merge_review.html", here=HERE, merge=found)


def _choose_other(kept: Contact, *, problem: str = "") -> ResponseReturnValue:
    """Who may be the same person: by default whoever shares the last name or the address."""
    if not kept.active:
        abort(404)
    text = searched(otherwise=kept.last_name)
    query = contacts.find(text).where(Contact.id != kept.id).limit(CANDIDATES)
    found = db.session.scalars(query).unique().all()
    page = render_template(
        "organiser/contacts/merge.html",
        here=HERE,
        contact=kept,
        text=text,
        found=found,
        problem=problem,
    )
    return page, 422 if problem else 200


def _choices(rows: Iterable[Audience | Organisation]) -> list[tuple[str, str]]:
    return [("", _("all")), *((str(row.id), row.name) for row in rows)]


def _chosen() -> dict[str, str]:
    names = ("q", "audience", "organisation", "state")
    chosen = {name: searched(name) for name in names}
    if chosen["state"] not in list(State):
        chosen["state"] = State.ACTIVE
    return chosen


def _found() -> contacts.Found:
    chosen = _chosen()
    return contacts.find(
        chosen["q"],
        state=State(chosen["state"]),
        audience_id=request.args.get("audience", type=row_number),
        organisation_id=request.args.get("organisation", type=row_number),
    )


def _create(form: ContactFields) -> Contact:
    decision, number = form.answer()
    other = contacts.get(number) if number is not None else None
    return contacts.create(form.values(), by=account(), decision=decision, other=other)


def _saved(
    contact: Contact, form: ContactFields, message: str, *, keep: bool = False
) -> ResponseReturnValue:
    """Commit and show; `keep` leaves the audiences that a fresh form did not know of. Whoever was
    succeeded holds no place any more."""
    chosen = set(form.audiences.data or ())
    if keep:
        chosen |= {audience.id for audience in contact.audiences}
    audiences.set_of(contact, audience_ids=chosen, by=account())
    freed = departures.free_places(by=account())
    db.session.commit()
    flash(with_freed(message, freed), "success")
    return redirect(url_for(".show", contact_id=contact.id), 303)


def ask(form: ContactFields, error: RuleError) -> None:
    """Show the error at its field; a question brings its choices along."""
    db.session.rollback()
    if error.code == "name_changed":
        form.decision.choices = name_choices()
    elif error.code == "address_shared":
        form.decision.choices = shared_choices()
    elif error.code == "address_known":
        known = contacts.at_address(str(error.values["address"]))
        form.decision.choices = address_choices([(row.id, sorted_name(row)) for row in known])
    if error.field is None or isinstance(error, Conflict):
        form.form_errors.append(sentence(error))
    else:
        form[error.field].errors = [*form[error.field].errors, sentence(error)]


def _seen(evenings: list[Evening]) -> list[Evening]:
    """Those of series that the account sees."""
    return [one for one in evenings if _may_see(one.talk)]


def _may_see(talk: Talk) -> bool:
    if "series_seen" not in g:
        g.series_seen = shares.visible_series(account())
    return g.series_seen is None or talk.series_id in g.series_seen
