"""The pages before the desk: password, second factor, passkey, signing out.

Answers to a known and to an unknown address are the same, take one hash either way, and are slowed
down by `webinar.domain.throttles`. A try is counted and committed before it is judged, so that
tries at the same moment count as many.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from webinar.domain import accounts, second_factors, throttles
from webinar.errors import RuleError, TooMany
from webinar.extensions import db
from webinar.models import Account, SignInMethod
from webinar.text import clean
from webinar.web.forms.accounts import CodeForm, PasskeyForm, SignInForm
from webinar.web.forms.base import DeskForm
from webinar.web.refusals import refuse
from webinar.web.settings import settings
from webinar.web.sign_in import hashing, passkeys, sessions

blueprint = Blueprint("sign_in", __name__)

FEW_CODES = 2
"""So few recovery codes that their owner should hear of it."""


@blueprint.route("/anmelden", methods=["GET", "POST"])
def show() -> ResponseReturnValue:
    """Address and password."""
    form = SignInForm()
    if form.accepted():
        try:
            return _by_password(form)
        except TooMany as error:
            return _page(form, error)
        except RuleError as error:
            refuse(form, error)
    return _page(form)


@blueprint.route("/anmelden/code", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """The second factor, by a code or a passkey."""
    try:
        account, way_on = sessions.pending()
    except RuleError:
        return redirect(url_for(".show"), 303)
    form = CodeForm()
    if form.accepted():
        try:
            return _by_code(account, form.code.data or "", way_on=way_on)
        except RuleError as error:
            refuse(form, error)
            return _code_page(form, account, error)
    return _code_page(form, account)


@blueprint.post("/anmelden/passkey")
def passkey() -> ResponseReturnValue:
    """A passkey: alone, or after the password."""
    form = PasskeyForm()
    way_on = sessions.way_on(request.args.get("next", ""))
    wanted: Account | None = None
    if sessions.PENDING in session:
        try:
            wanted, way_on = sessions.pending()
        except RuleError:
            return redirect(url_for(".show"), 303)
    tries = throttles.of_address(sessions.address_of_request(), secret=settings().secret_key)
    try:
        tries.begin()
        db.session.commit()
        account = passkeys.prove(form.credential.data or "", of=wanted)
        if not sessions.may_sign_in_here(account):
            raise RuleError("passkey_wrong")
        tries.succeed()
    except RuleError as error:
        db.session.rollback()
        return _page(SignInForm(), error)
    return _in(account, SignInMethod.PASSKEY, second_factor=True, way_on=way_on)


@blueprint.post("/abmelden")
def leave() -> ResponseReturnValue:
    """Sign out in this browser; who came by the office's sign-in may end that, too."""
    page = ".show"
    if current_user.is_authenticated:
        if sessions.current().method == SignInMethod.OIDC and settings().accounts.oidc.used:
            page = "provider.left"
        sessions.end()
        db.session.commit()
    return redirect(url_for(page), 303)


def _by_password(form: SignInForm) -> ResponseReturnValue:
    """Count the try, look, judge; the lock of the database is not held while hashing."""
    typed, password = clean(form.email.data or ""), form.password.data or ""
    way_on = sessions.way_on(request.args.get("next", ""))
    tries = throttles.of_sign_in(
        typed.casefold(), sessions.address_of_request(), secret=settings().secret_key
    )
    tries.begin()
    account = accounts.find_by_address(typed)
    db.session.commit()
    right = hashing.matches(account.password if account is not None else None, password)
    if account is None or not right or not account.active:
        raise RuleError("sign_in_wrong")
    if not sessions.may_sign_in_here(account):
        raise RuleError("sign_in_wrong")
    tries.succeed()
    if second_factors.has_any(account):
        sessions.note_pending(account, way_on=way_on)
        db.session.commit()
        return redirect(url_for(".code"), 303)
    return _in(account, SignInMethod.PASSWORD, second_factor=False, way_on=way_on)


def _by_code(account: Account, typed: str, *, way_on: str) -> ResponseReturnValue:
    tries = throttles.of_proof(account.id, secret=settings().secret_key)
    tries.begin()
    db.session.commit()
    if not second_factors.take_code(account, typed, keys=sessions.keys()):
        raise RuleError("code_wrong", field="code")
    tries.succeed()
    return _in(account, SignInMethod.PASSWORD, second_factor=True, way_on=way_on)


def _in(
    account: Account, method: SignInMethod, *, second_factor: bool, way_on: str
) -> ResponseReturnValue:
    sessions.begin(account, method=method, second_factor=second_factor)
    db.session.commit()
    if method is SignInMethod.PASSWORD and second_factor and account.totp is not None:
        left = second_factors.codes_left(account)
        if left <= FEW_CODES:
            flash(
                _("You have %(count)d recovery codes left. Make new ones.", count=left), "warning"
            )
    return redirect(way_on, 303)


def _page(form: SignInForm, error: RuleError | None = None) -> ResponseReturnValue:
    found = settings().accounts
    if error is not None:
        refuse(form, error)
    way_on = request.args.get("next", "")
    page = render_template(
        "sign_in/show.html",
        form=form,
        way_on=sessions.way_on(way_on) if way_on else None,
        label=found.oidc.label if found.oidc.used else "",
        local=found.local,
        options=passkeys.to_prove(),
    )
    return page, _status(form, error), _headers(error)


def _code_page(
    form: CodeForm, account: Account, error: RuleError | None = None
) -> ResponseReturnValue:
    keys = second_factors.passkeys(account)
    page = render_template(
        "sign_in/code.html",
        form=form,
        by_code=account.totp is not None,
        options=passkeys.to_prove(of=account) if keys else "",
    )
    return page, _status(form, error), _headers(error)


def _status(form: DeskForm, error: RuleError | None) -> int:
    if isinstance(error, TooMany):
        return 429
    return 422 if form.errors or form.form_errors else 200


def _headers(error: RuleError | None) -> dict[str, str]:
    if not isinstance(error, TooMany):
        return {}
    return {"Retry-After": str(cast("int", error.values["seconds"]))}
