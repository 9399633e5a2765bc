"""The own account: name, language, password, where one is signed in, the office's own sign-in.

Second factors: `own_factors`.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webinar.domain import (
    account_sessions,
    accounts,
    identities,
    passwords,
    second_factors,
    throttles,
)
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web.forms.accounts import ChangePasswordForm, OwnForm
from webinar.web.guards import account
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import settings
from webinar.web.sign_in import hashing, provider, sessions

blueprint = Blueprint("own_account", __name__)

HERE = "own_account"


@blueprint.route("", methods=["GET", "POST"])
def show() -> ResponseReturnValue:
    """Everything about the own account; the form is name and language."""
    form = OwnForm()
    form.fill(account())
    if form.accepted():
        try:
            accounts.edit_own(
                account(), name=form.name.data or "", language=form.language.data or ""
            )
            return _done(_("Your account was saved."))
        except RuleError as error:
            refuse(form, error)
    return _page(form, ChangePasswordForm())


@blueprint.post("/kennwort")
def password() -> ResponseReturnValue:
    """Change the password, by the current one."""
    form = ChangePasswordForm()
    if form.accepted():
        try:
            return _change(form)
        except RuleError as error:
            refuse(form, error)
    own = OwnForm()
    own.name.data, own.language.data = account().name, account().language
    return _page(own, form)


@blueprint.post("/sitzungen/<int:session_id>/beenden")
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign out in another browser."""
    account_sessions.end_own(account(), session_id=session_id)
    return _done(_("Signed out there."))


@blueprint.post("/sitzungen/beenden")
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    count = account_sessions.end_all(account(), but=sessions.current())
    return _done(
        ngettext("Signed out in %(num)d browser.", "Signed out in %(num)d browsers.", count)
    )


@blueprint.get("/verbinden")
def connect() -> ResponseReturnValue:
    """To the provider, to say who one is there."""
    return provider.to_provider("connect")


@blueprint.post("/verbindungen/<int:identity_id>/loesen")
def disconnect(identity_id: int) -> ResponseReturnValue:
    """Undo the connection."""
    try:
        identities.disconnect(account(), identity_id=identity_id)
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "danger")
        return redirect(url_for(".show"), 303)
    return _done(_("The connection was undone."))


def _change(form: ChangePasswordForm) -> ResponseReturnValue:
    """Count the try, look at both passwords, change; the lock is not held while hashing."""
    own, new = account(), form.password.data or ""
    tries = throttles.of_proof(own.id, secret=settings().secret_key)
    tries.begin()
    db.session.commit()
    if not hashing.matches(own.password, form.current.data or ""):
        raise RuleError("password_wrong", field="current")
    passwords.check(new, own=(own.name, own.email))
    hashed = hashing.hash_of(new)
    tries.succeed()
    accounts.set_password(own, hashed, password=new, keep=sessions.current())
    return _done(_("The password was changed. You are signed out everywhere else."))


def _page(own: OwnForm, form: ChangePasswordForm) -> ResponseReturnValue:
    found = settings().accounts
    me = account()
    page = render_template(
        "organiser/own_account/show.html",
        here=HERE,
        own=own,
        form=form,
        me=me,
        local=sessions.may_sign_in_here(me),
        places=account_sessions.listed(me, terms=sessions.terms()),
        this=sessions.current().id,
        passkeys=second_factors.passkeys(me),
        codes=second_factors.codes_left(me),
        label=found.oidc.label if found.oidc.used else "",
        identities=identities.of_account(me),
    )
    wrong = own.errors or form.errors
    return page, 422 if wrong else 200


def _done(said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(said, "success")
    return redirect(url_for(".show"), 303)
