"""Setting a password by a link from a mail: asked for, opened, used.

Asking is answered in the same way for every address. Opening a link changes nothing.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import account_links, accounts, passwords, second_factors, throttles
from webinar.domain.account_links import Why
from webinar.errors import NotThere, RuleError, TooMany
from webinar.extensions import db
from webinar.models import Account, SignInMethod
from webinar.text import clean
from webinar.web.forms.accounts import AskForm, NewPasswordForm
from webinar.web.refusals import refuse
from webinar.web.settings import settings
from webinar.web.sign_in import hashing, provider, sessions

blueprint = Blueprint("password_links", __name__)


@blueprint.route("/kennwort", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Have a link sent to the address, if there is an account with it."""
    form = AskForm()
    if form.accepted():
        try:
            _ask(clean(form.email.data or ""))
        except TooMany as error:
            refuse(form, error)
            return render_template("sign_in/ask.html", form=form), 429
        return redirect(url_for(".asked"), 303)
    page = render_template("sign_in/ask.html", form=form)
    return page, 422 if form.errors else 200


@blueprint.get("/kennwort/verschickt")
def asked() -> ResponseReturnValue:
    """What happens now; says nothing about whether there is an account."""
    return render_template("sign_in/asked.html")


@blueprint.route("/kennwort/<token>", methods=["GET", "POST"])
def use(token: str) -> ResponseReturnValue:
    """Set the password; whoever was invited and uses the office's own sign-in connects it."""
    account, why = account_links.open_token(token, keys=settings().link_keys)
    form = NewPasswordForm()
    local = sessions.may_sign_in_here(account)
    if local and form.accepted():
        try:
            return _set(account, form.password.data or "")
        except RuleError as error:
            refuse(form, error)
    oidc = settings().accounts.oidc
    page = render_template(
        "sign_in/password.html",
        form=form,
        account=account,
        invited=why is Why.INVITATION,
        local=local,
        label=oidc.label if oidc.used and why is Why.INVITATION else "",
        token=token,
    )
    return page, 422 if form.errors else 200


@blueprint.get("/kennwort/<token>/dienst")
def connect(token: str) -> ResponseReturnValue:
    """To the provider, in order to connect the account of the invitation."""
    _account, why = account_links.open_token(token, keys=settings().link_keys)
    if why is not Why.INVITATION:
        raise NotThere("link_not_valid")
    return provider.to_provider("link", token=token)


def _ask(typed: str) -> None:
    """The same work for every address: the mail itself is a job's."""
    secret = settings().secret_key
    throttles.of_address(sessions.address_of_request(), secret=secret).begin()
    account = accounts.find_by_address(typed)
    try:
        throttles.of_reset(typed.casefold(), secret=secret).begin()
    except TooMany:
        # Saying so would be fair, but the owner's mailbox counts: the last mail is still there.
        db.session.commit()
        return
    account_links.ask_for_reset(account)
    db.session.commit()


def _set(account: Account, password: str) -> ResponseReturnValue:
    """The new password, and sign in, unless a second factor has to be proven first."""
    passwords.check(password, own=(account.name, account.email))
    db.session.commit()
    hashed = hashing.hash_of(password)
    accounts.set_password(account, hashed, password=password)
    if second_factors.has_any(account):
        db.session.commit()
        flash(_("The password was set."), "success")
        return redirect(url_for("sign_in.show"), 303)
    sessions.begin(account, method=SignInMethod.PASSWORD, second_factor=False)
    db.session.commit()
    flash(_("The password was set. You are signed in."), "success")
    return redirect(url_for("desk.overview"), 303)
