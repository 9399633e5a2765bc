"""Staff accounts: creating them by rule. Signing in is Flask-Security's."""

from __future__ import annotations

from sqlalchemy import select

from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Role
from webinar.models.base import public_id
from webinar.text import clean, normalise_address

PASSWORD_LENGTH = 12


def create(*, email: str, name: str, role: Role, password: str, hashed: str) -> Account:
    """A new active account; `hashed` is the password's hash, `password` is only measured.

    Raises `RuleError` for a bad or known address, an empty name or a short password.
    """
    address = normalise_address(email)
    if not clean(name):
        raise RuleError("name_missing", field="name")
    if len(password) < PASSWORD_LENGTH:
        raise RuleError("password_short", field="password", length=PASSWORD_LENGTH)
    if db.session.scalar(select(Account.id).where(Account.email == address)) is not None:
        raise RuleError("account_known", field="email")
    account = Account(
        email=address, name=clean(name), role=role, password=hashed, fs_uniquifier=public_id()
    )
    db.session.add(account)
    db.session.flush()
    return account
