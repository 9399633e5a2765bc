"""Signing in at the desk: by password and second factor, by passkey, by the office's own sign-in.

The pages are our own, since those of Flask-Security write on GET, know no list of sessions and
speak little German; hashes and the current user are its. The decision:
docs/decisions/0008-signing-in.md. `sessions` knows who is signed in, `hashing` the passwords;
`pages`, `provider` and `links` are what people see before they are.
"""

from __future__ import annotations

from flask import Flask
from flask_security import SQLAlchemyUserDatastore

from webinar.extensions import csrf, db, limiter, security
from webinar.models import Account
from webinar.models.accounts import StaffRole
from webinar.web.sign_in import sessions


def register(app: Flask) -> None:
    csrf.init_app(app)
    limiter.init_app(app)
    security.init_app(
        app, SQLAlchemyUserDatastore(db, Account, StaffRole), register_blueprint=False
    )
    # They would ask before every request who is there, for decorators that nobody uses here: the
    # guards ask, where it matters.
    security.principal.identity_loaders.clear()
    sessions.register()
