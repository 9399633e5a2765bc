"""The address of a contact where something came back: corrected, or trusted all the same.

The page is `webinar.web.organiser.contacts`', the rules are `webinar.domain.mail_acts`' and
`webinar.domain.contact_addresses`'.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import contact_addresses, contacts, mail_acts
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web.guards import account
from webinar.web.organiser.contacts import address_form, page_of_contact
from webinar.web.organiser.mail_acts import ask

blueprint = Blueprint("contact_addresses", __name__)


@blueprint.post("/<int:contact_id>/adresse")
def correct(contact_id: int) -> ResponseReturnValue:
    """Save the right address and send again what was chosen of what did not arrive."""
    contact = contacts.get(contact_id)
    form = address_form(contact)
    if not form.accepted():
        return page_of_contact(contact, form, status=422)
    try:
        sent = mail_acts.correct_contact(
            contact,
            email=form.email.data or "",
            mail_ids=form.mails.data or (),
            by=account(),
            decision=form.decision.data or "",
            seen=form.seen.data or None,
        )
    except RuleError as error:
        ask(form, error)
        return page_of_contact(contacts.get(contact_id), form, status=422)
    db.session.commit()
    words = _("The address was changed.")
    if sent:
        again = ngettext(
            "%(num)d message is on its way again.",
            "%(num)d messages are on their way again.",
            len(sent),
        )
        words = f"{words} {again}"
    flash(words, "success")
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)


@blueprint.post("/<int:contact_id>/adresse/stimmt")
def trust(contact_id: int) -> ResponseReturnValue:
    """The address is right: the mark goes."""
    contact_addresses.trust(contacts.get(contact_id), by=account())
    db.session.commit()
    flash(_("The address is no longer marked as undeliverable."), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)
