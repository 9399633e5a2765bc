"""Signing in at the desk, by Flask-Security, with our own page and our own words."""

from __future__ import annotations

from typing import cast

from flask import Flask
from flask.typing import RouteCallable
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_security import LoginForm, SQLAlchemyUserDatastore
from wtforms import PasswordField, ValidationError

from webinar.extensions import csrf, db, limiter, security
from webinar.models import Account
from webinar.models.accounts import StaffRole

ATTEMPTS = "10 per minute; 60 per hour"


LONGEST = 4096
"""Characters of a password that the hash takes (passlib); beyond it raises."""


class SignInForm(LoginForm):
    """The library's form, which also survives a password that no account can have."""

    def validate_password(self, field: PasswordField) -> None:
        if len(field.data or "") > LONGEST:
            raise ValidationError(gettext("E-mail address or password is wrong."))


def register(app: Flask) -> None:
    csrf.init_app(app)
    limiter.init_app(app)
    wrong = (_l("E-mail address or password is wrong."), "error")
    for name in ("GENERIC_AUTHN_FAILED", "INVALID_PASSWORD", "USER_DOES_NOT_EXIST"):
        app.config[f"SECURITY_MSG_{name}"] = wrong
    app.config["SECURITY_MSG_EMAIL_NOT_PROVIDED"] = (_l("Please enter your address."), "error")
    app.config["SECURITY_MSG_PASSWORD_NOT_PROVIDED"] = (_l("Please enter your password."), "error")
    # Else the library answers in JSON, on request with a token that outlives the session.
    security.want_json(lambda _request: False)
    security.init_app(app, SQLAlchemyUserDatastore(db, Account, StaffRole), login_form=SignInForm)
    # Nobody signs in by a token in a header, an address or a body.
    security.login_manager.request_loader(lambda _request: None)
    # The limit counts calls of the function that it returns, so that one has to stand there.
    limited = limiter.limit(ATTEMPTS, methods=["POST"])(app.view_functions["security.login"])
    app.view_functions["security.login"] = cast(RouteCallable, limited)
