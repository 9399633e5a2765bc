"""The accounts of the office, for administrators: list, invite, change, end."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import (
    account_erasures,
    account_sessions,
    accounts,
    identities,
    second_factors,
)
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account
from webinar.web.forms.accounts import AccountForm
from webinar.web.guards import account
from webinar.web.organiser import personal_words
from webinar.web.paging import page_of
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import settings
from webinar.web.sign_in import sessions

blueprint = Blueprint("accounts", __name__)

HERE = "accounts"


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All accounts with role, second factor and last sign-in."""
    page = page_of(accounts.listed())
    return render_template(
        "organiser/accounts/index.html",
        here=HERE,
        page=page,
        second=accounts.with_second_factor(page.rows),
        connected=accounts.with_identity(page.rows),
    )


@blueprint.route("/neu", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """Invite a colleague: the mail carries a link to set the password."""
    form = AccountForm()
    if form.accepted():
        try:
            made = accounts.invite(form.values(), by=account())
            db.session.commit()
            flash(_("The invitation to %(email)s is on its way.", email=made.email), "success")
            return redirect(url_for(".edit", account_id=made.id), 303)
        except RuleError as error:
            refuse(form, error)
    page = render_template("organiser/accounts/create.html", here=HERE, form=form)
    return page, 422 if form.errors else 200


@blueprint.route("/<int:account_id>", methods=["GET", "POST"])
def edit(account_id: int) -> ResponseReturnValue:
    """One account: name, address, role; and what else can be done to it."""
    found = accounts.find(account_id)
    form = AccountForm()
    form.fill(found)
    if form.accepted():
        try:
            accounts.edit(found, form.values(), by=account())
            return _done(found, _("The account was saved."))
        except RuleError as error:
            refuse(form, error)
    page = render_template(
        "organiser/accounts/edit.html",
        here=HERE,
        form=form,
        shown=found,
        own=found.id == account().id,
        second=second_factors.has_any(found),
        connected=bool(identities.of_account(found)),
        places=len(account_sessions.listed(found, terms=sessions.terms())),
        label=settings().accounts.oidc.label,
    )
    return page, 422 if form.errors else 200


@blueprint.post("/<int:account_id>/einladen")
def invite(account_id: int) -> ResponseReturnValue:
    """Send the link once more; the earlier one no longer opens anything."""
    found = accounts.find(account_id)
    try:
        accounts.send_invitation(found, by=account())
    except RuleError as error:
        return _refused(found, error)
    return _done(found, _("The invitation to %(email)s is on its way.", email=found.email))


@blueprint.post("/<int:account_id>/deaktivieren")
def deactivate(account_id: int) -> ResponseReturnValue:
    """Nobody signs in with it any more."""
    found = accounts.find(account_id)
    try:
        accounts.deactivate(found, by=account())
    except RuleError as error:
        return _refused(found, error)
    return _done(found, _("%(name)s can no longer sign in.", name=found.name))


@blueprint.post("/<int:account_id>/aktivieren")
def reactivate(account_id: int) -> ResponseReturnValue:
    """Let it sign in again."""
    found = accounts.find(account_id)
    accounts.reactivate(found, by=account())
    return _done(found, _("%(name)s can sign in again.", name=found.name))


@blueprint.post("/<int:account_id>/zweiter-faktor")
def reset_factors(account_id: int) -> ResponseReturnValue:
    """Take the second factors away from somebody who has lost them."""
    found = accounts.find(account_id)
    second_factors.reset(found, by=account())
    return _done(found, _("%(name)s signs in without a second factor now.", name=found.name))


@blueprint.post("/<int:account_id>/abmelden")
def end_sessions(account_id: int) -> ResponseReturnValue:
    """Sign it out everywhere."""
    found = accounts.find(account_id)
    count = accounts.end_sessions(found, by=account())
    said = ngettext("Signed out in %(num)d browser.", "Signed out in %(num)d browsers.", count)
    return _done(found, said)


@blueprint.route("/<int:account_id>/loeschen", methods=["GET", "POST"])
def erase(account_id: int) -> ResponseReturnValue:
    """What erasing means, and doing it."""
    found = accounts.find(account_id)
    try:
        account_erasures.check(found, by=account())
        if request.method == "POST":
            account_erasures.erase(found, by=account())
            db.session.commit()
            flash(_("The account was erased."), "success")
            return redirect(url_for(".index"), 303)
    except RuleError as error:
        return _refused(found, error)
    review = account_erasures.review(found)
    return render_template(
        "organiser/accounts/erase.html",
        here=HERE,
        shown=found,
        review=review,
        places=[
            (personal_words.table_name(table), personal_words.column_name(column), count)
            for (table, column), count in review.places.items()
        ],
    )


def _done(found: Account, said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(said, "success")
    return redirect(url_for(".edit", account_id=found.id), 303)


def _refused(found: Account, error: RuleError) -> ResponseReturnValue:
    db.session.rollback()
    flash(sentence(error), "danger")
    return redirect(url_for(".edit", account_id=found.id), 303)
