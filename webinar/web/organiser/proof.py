"""Proving once more who one is, before what is dangerous: by password, passkey or the office's own
sign-in. Which pages ask for it: `webinar.web.fresh`.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webinar.domain import account_sessions, identities, second_factors, throttles
from webinar.errors import RuleError, TooMany
from webinar.extensions import db
from webinar.web.forms.accounts import PasskeyForm, ProofForm
from webinar.web.guards import account
from webinar.web.refusals import refuse
from webinar.web.settings import settings
from webinar.web.sign_in import hashing, passkeys, provider, sessions

blueprint = Blueprint("proof", __name__)

HERE = "own_account"


@blueprint.route("", methods=["GET", "POST"])
def show() -> ResponseReturnValue:
    """The password once more."""
    form = ProofForm()
    if form.accepted():
        try:
            _check(form.password.data or "")
            return _proven()
        except RuleError as error:
            return _page(form, error)
    return _page(form)


@blueprint.post("/passkey")
def passkey() -> ResponseReturnValue:
    """A passkey of the account."""
    try:
        passkeys.prove(PasskeyForm().credential.data or "", of=account())
    except RuleError as error:
        return _page(ProofForm(), error)
    return _proven()


@blueprint.get("/dienst")
def by_provider() -> ResponseReturnValue:
    """To the provider, who asks for the password anew."""
    return provider.to_provider("proof", way_on=request.args.get("next", ""))


def _check(password: str) -> None:
    tries = throttles.of_proof(account().id, secret=settings().secret_key)
    tries.begin()
    db.session.commit()
    if not hashing.matches(account().password, password):
        raise RuleError("password_wrong", field="password")
    tries.succeed()


def _proven() -> ResponseReturnValue:
    account_sessions.confirm(sessions.current())
    db.session.commit()
    return redirect(sessions.way_on(request.args.get("next", "")), 303)


def _page(form: ProofForm, error: RuleError | None = None) -> ResponseReturnValue:
    if error is not None:
        refuse(form, error)
    me, oidc = account(), settings().accounts.oidc
    keys = second_factors.passkeys(me)
    page = render_template(
        "organiser/own_account/proof.html",
        here=HERE,
        form=form,
        way_on=sessions.way_on(request.args.get("next", "")),
        by_password=me.password is not None and sessions.may_sign_in_here(me),
        options=passkeys.to_prove(of=me) if keys else "",
        label=oidc.label if oidc.used and identities.of_account(me) else "",
    )
    status = 429 if isinstance(error, TooMany) else 422 if error or form.errors else 200
    return page, status
