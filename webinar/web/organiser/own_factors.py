"""The second factors of the own account: code generator, passkeys, recovery codes.

Whoever has the first one gets recovery codes at once; they are shown this one time.
"""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import sealing, second_factors, throttles, totp
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web.forms.accounts import CodeForm, NewPasskeyForm
from webinar.web.guards import account
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import settings
from webinar.web.sign_in import passkeys, sessions

blueprint = Blueprint("own_factors", __name__)

HERE = "own_account"
NEW = "totp"
"""Where the secret stands, sealed, until its first code proves that it was taken over."""


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What there is, and why it is asked for where the role needs one."""
    me = account()
    return render_template(
        "organiser/own_account/factors.html",
        here=HERE,
        me=me,
        passkeys=second_factors.passkeys(me),
        codes=second_factors.codes_left(me),
        needed=me.role in settings().accounts.second_factor_roles,
    )


@blueprint.route("/app", methods=["GET", "POST"])
def add_totp() -> ResponseReturnValue:
    """Take over a code generator: scan, then type the code that it shows."""
    form, secret = CodeForm(), _secret()
    if form.accepted():
        try:
            tries = throttles.of_proof(account().id, secret=settings().secret_key)
            tries.begin()
            db.session.commit()
            second_factors.set_up_totp(
                account(), secret=secret, typed=form.code.data or "", keys=sessions.keys()
            )
            tries.succeed()
            session.pop(NEW, None)
            return _with_codes(_("The app is set up. From now on signing in asks for its code."))
        except RuleError as error:
            refuse(form, error)
    page = render_template(
        "organiser/own_account/totp.html",
        here=HERE,
        form=form,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=_picture(secret),
    )
    return page, 422 if form.errors else 200


@blueprint.post("/app/entfernen")
def remove_totp() -> ResponseReturnValue:
    """Do without the code generator."""
    second_factors.remove_totp(account())
    return _done(_("The app is no longer asked for."))


@blueprint.route("/passkey", methods=["GET", "POST"])
def add_passkey() -> ResponseReturnValue:
    """Make a passkey; needs a script, since browsers offer no other way."""
    form = NewPasskeyForm()
    if form.accepted():
        try:
            passkeys.register(account(), form.credential.data or "", name=form.name.data or "")
            return _with_codes(_("The passkey was added."))
        except RuleError as error:
            refuse(form, error)
    page = render_template(
        "organiser/own_account/passkey.html",
        here=HERE,
        form=form,
        options=passkeys.to_register(account()),
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.post("/passkey/<int:passkey_id>/entfernen")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Do without a passkey."""
    second_factors.remove_passkey(account(), passkey_id=passkey_id)
    return _done(_("The passkey was removed."))


@blueprint.post("/codes")
def new_codes() -> ResponseReturnValue:
    """New recovery codes in the place of the old ones."""
    me = account()
    if not second_factors.has_any(me):
        flash(sentence(RuleError("codes_without_factor")), "danger")
        return redirect(url_for(".index"), 303)
    return _codes(second_factors.new_recovery_codes(me, by=me))


def _with_codes(said: str) -> ResponseReturnValue:
    """Show recovery codes if there are none yet."""
    me = account()
    if second_factors.codes_left(me):
        return _done(said)
    codes = second_factors.new_recovery_codes(me, by=me)
    flash(said, "success")
    return _codes(codes)


def _codes(codes: list[str]) -> ResponseReturnValue:
    """The one page that shows them: the answer to the POST, since they are kept nowhere."""
    db.session.commit()
    return render_template("organiser/own_account/codes.html", here=HERE, codes=codes)


def _done(said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(said, "success")
    return redirect(url_for(".index"), 303)


def _secret() -> str:
    """The secret on its way to the code generator: the same until it is taken over."""
    held = session.get(NEW)
    found = sealing.unseal(held, keys=sessions.keys()) if isinstance(held, str) else None
    if found is None:
        found = totp.new_secret()
        session[NEW] = sealing.seal(found, keys=sessions.keys())
    return found


def _picture(secret: str) -> str:
    """The QR code as an address that an `img` shows without a request."""
    said = totp.address(secret, account=account().email, issuer=settings().office.name)
    return str(segno.make(said, error="m", micro=False).png_data_uri(scale=6, border=4))
