"""The office's own sign-in: to the provider and back.

The way there changes nothing. On the way back somebody is signed in, or, when it was about
connecting an account, asked to confirm it. What the way back is checked against stands in the
session cookie. The provider is `webinar.adapters.oidc`'s, the account `webinar.domain.identities`'.
"""

from __future__ import annotations

import time
from typing import Literal

import structlog
from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from webinar.adapters.oidc import Begun, Failed, Provider
from webinar.domain import account_links, account_sessions, identities
from webinar.domain.account_links import Why
from webinar.domain.identities import Person
from webinar.errors import NotThere, RuleError
from webinar.extensions import db, reading
from webinar.models import Account, Role, SignInMethod
from webinar.text import clean
from webinar.web.forms.base import DeskForm
from webinar.web.sentences import sentence
from webinar.web.settings import settings
from webinar.web.sign_in import sessions

blueprint = Blueprint("provider", __name__)
log = structlog.get_logger()

BEGUN = "oidc"
MET = "oidc_person"
SIGN_IN = "/anmelden"
"""Where the provider sends back to after signing out there; registered with it."""
SECONDS = 600
"""So long somebody may take at the provider, and to confirm."""
Purpose = Literal["sign_in", "connect", "proof", "link"]


@blueprint.get("/anmelden/dienst")
def begin() -> ResponseReturnValue:
    """To the provider, in order to sign in."""
    return to_provider("sign_in", way_on=request.args.get("next", ""))


@blueprint.get("/anmelden/dienst/zurueck")
def back() -> ResponseReturnValue:
    """Back from the provider."""
    note = session.pop(BEGUN, None)
    if not isinstance(note, dict) or time.time() - note["at"] > SECONDS:
        return _failed(_("That took too long. Please begin again."))
    begun = Begun(address="", **note["begun"])
    try:
        claims = provider().finish(begun, callback=_callback(), given=request.args.to_dict())
    except Failed as problem:
        log.warning("sign-in at the provider failed", problem=str(problem))
        return _failed(_("The sign-in with %(label)s did not work.", label=_label()))
    person = _person(claims)
    # The page was asked for by GET, but who comes back signs in: what was only read so far ends.
    db.session.rollback()
    with reading(only=False):
        try:
            return _met(person, purpose=note["for"], way_on=note["next"])
        except RuleError as error:
            db.session.rollback()
            return _failed(sentence(error))
        finally:
            db.session.rollback()


@blueprint.route("/anmelden/dienst/verbinden", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Whether the account and the person at the provider are the same one."""
    account, person, by_link = _to_connect()
    form = DeskForm()
    if form.accepted():
        identities.connect(account, person)
        session.pop(MET)
        if by_link:
            sessions.begin(account, method=SignInMethod.OIDC, second_factor=True)
        db.session.commit()
        flash(_("Your account is connected with %(label)s.", label=_label()), "success")
        return redirect(url_for("desk.overview" if by_link else "own_account.show"), 303)
    return render_template(
        "sign_in/connect.html", account=account, person=person, label=_label(), form=form
    )


@blueprint.get("/anmelden/dienst/abgemeldet")
def left() -> ResponseReturnValue:
    """Signed out here, and still signed in at the provider: a way to end that, where it announces
    one. A link, since our policy lets no form end at another host, and since other programs of the
    office hang on the same sign-in."""
    try:
        address = provider().sign_out_address(back=settings().base_url + SIGN_IN)
    except Failed as problem:
        log.warning("the provider is away", problem=str(problem))
        address = ""
    if not address:
        return redirect(url_for("sign_in.show"))
    return render_template("sign_in/left.html", address=address, label=_label())


def to_provider(purpose: Purpose, *, way_on: str = "", token: str = "") -> ResponseReturnValue:
    """To the provider; a page that says so where it is away."""
    try:
        begun = provider().begin(callback=_callback(), anew=purpose == "proof")
    except Failed as problem:
        log.warning("the provider is away", problem=str(problem))
        return _failed(_("%(label)s cannot be reached at the moment.", label=_label()))
    session[BEGUN] = {
        "begun": {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier},
        "for": purpose,
        "next": token or sessions.way_on(way_on),
        "at": int(time.time()),
    }
    return redirect(begun.address)


def provider() -> Provider:
    """The one provider of this application; raises `NotThere` where none is used."""
    if not settings().accounts.oidc.used:
        raise NotThere("record_missing")
    known = current_app.extensions
    if "oidc" not in known:
        known["oidc"] = Provider(settings().accounts.oidc)
    found: Provider = known["oidc"]
    return found


def _met(person: Person, *, purpose: str, way_on: str) -> ResponseReturnValue:
    """Go on with somebody who came back."""
    if purpose == "proof":
        return _proven(person, way_on=way_on)
    if purpose in ("connect", "link"):
        session[MET] = {
            "person": [person.issuer, person.subject, person.email, person.name],
            "token": way_on if purpose == "link" else "",
            "at": int(time.time()),
        }
        return redirect(url_for("provider.confirm"), 303)
    account = identities.sign_in(person, by_claim=bool(settings().accounts.oidc.role_claim))
    sessions.begin(account, method=SignInMethod.OIDC, second_factor=True)
    db.session.commit()
    return redirect(way_on, 303)


def _proven(person: Person, *, way_on: str) -> ResponseReturnValue:
    """Somebody who is signed in has proven it anew."""
    if not current_user.is_authenticated:
        raise RuleError("sign_in_anew")
    found = sessions.current()
    mine = {(one.issuer, one.subject) for one in identities.of_account(found.account)}
    if (person.issuer, person.subject) not in mine:
        raise RuleError("identity_taken")
    account_sessions.confirm(found)
    db.session.commit()
    return redirect(way_on, 303)


def _to_connect() -> tuple[Account, Person, bool]:
    """The account and whom to connect it with; raises `RuleError` when it took too long."""
    note = session.get(MET)
    if not isinstance(note, dict) or time.time() - note["at"] > SECONDS:
        raise RuleError("sign_in_anew")
    issuer, subject, email, name = note["person"]
    person = Person(issuer=issuer, subject=subject, email=email, name=name, role=None)
    if note["token"]:
        account, why = account_links.open_token(note["token"], keys=settings().link_keys)
        if why is not Why.INVITATION:
            raise RuleError("sign_in_anew")
        return account, person, True
    if not current_user.is_authenticated:
        raise RuleError("sign_in_anew")
    return sessions.current().account, person, False


def _person(claims: dict[str, object]) -> Person:
    """What of the claims we use; the address only ever names a new account."""
    oidc = settings().accounts.oidc
    role: Role | None = identities.role_from(
        claims, path=oidc.role_claim, roles=oidc.roles, default=oidc.default_role
    )
    email = claims.get("email") or claims.get("preferred_username") or ""
    name = claims.get("name")
    return Person(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(email)[:254],
        name=clean(name)[:200] if isinstance(name, str) else "",
        role=role,
    )


def _failed(said: str) -> ResponseReturnValue:
    return render_template("sign_in/failed.html", said=said, label=_label()), 403


def _callback() -> str:
    return settings().base_url + url_for("provider.back", lang=None)


def _label() -> str:
    return settings().accounts.oidc.label
