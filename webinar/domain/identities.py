"""Whom the office's own sign-in (OpenID Connect) means: an account, by issuer and subject.

Never by the address: addresses are given to successors, and some providers let people type them.
An account that exists already is connected by its owner, who proves to be the one here first.
Talking to the provider is `webinar.adapters.oidc`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webinar.domain import account_notices, accounts, audit
from webinar.errors import NotAllowed, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Identity, Role


@dataclass(frozen=True, kw_only=True)
class Person:
    """What the provider said of whoever signed in; `role` None where nothing gives one."""

    issuer: str
    subject: str
    email: str
    name: str
    role: Role | None


def role_from(
    claims: Mapping[str, object], *, path: str, roles: Mapping[str, str], default: str
) -> Role | None:
    """The greatest role among the values of the claim at `path`, such as `realm_access.roles`;
    else the default, if there is one."""
    found: object = claims.get(path)  # a claim's name may itself hold dots, as a URL does
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    values = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
    given = {roles[value] for value in values if isinstance(value, str) and value in roles}
    for role in Role:  # from much to little
        if role in given:
            return role
    return Role(default) if default else None


def of_account(account: Account) -> list[Identity]:
    """The identities that the account is connected to."""
    query = select(Identity).where(Identity.account_id == account.id).order_by(Identity.id)
    return list(db.session.scalars(query))


def sign_in(person: Person, *, by_claim: bool) -> Account:
    """The account of the person, made if there is none and a role is given; `by_claim`: the
    provider says which role it has, each time anew.

    Raises `NotAllowed` for whom nothing gives a role, whose account is deactivated, or whose
    address belongs to an account that is not connected.
    """
    identity = _find(person)
    if person.role is None and (identity is None or by_claim):
        raise NotAllowed("identity_without_role")
    if identity is None:
        return _new_account(person)
    if not identity.account.active:
        raise NotAllowed("account_inactive")
    if by_claim and person.role is not None:
        accounts.set_role(identity.account, person.role, by=None)
    return identity.account


def connect(account: Account, person: Person) -> None:
    """From now on the person signs in to this account; raises `RuleError` if it is another's."""
    identity = _find(person)
    if identity is not None:
        if identity.account_id != account.id:
            raise RuleError("identity_taken")
        return
    _add(account, person)
    account_notices.tell(account, "account.identity_added")


def disconnect(account: Account, *, identity_id: int) -> None:
    """Undo the connection; raises `RuleError` where no other way to sign in would stay."""
    identity = db.session.get(Identity, identity_id)
    if identity is None or identity.account_id != account.id:
        raise NotThere("record_missing")
    if account.password is None and len(of_account(account)) == 1:
        raise RuleError("identity_needed")
    db.session.delete(identity)
    db.session.flush()
    audit.record("account.identity_removed", account, by=account)
    account_notices.tell(account, "account.identity_removed")


def _find(person: Person) -> Identity | None:
    return db.session.scalar(
        select(Identity).where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )


def _new_account(person: Person) -> Account:
    if not person.email or person.role is None:
        raise NotAllowed("identity_without_address")
    if accounts.find_by_address(person.email) is not None:
        raise NotAllowed("identity_not_connected")
    account = accounts.create(
        email=person.email,
        name=person.name or person.email,
        role=person.role,
        password=None,
        hashed=None,
    )
    _add(account, person)
    return account


def _add(account: Account, person: Person) -> None:
    db.session.add(Identity(account=account, issuer=person.issuer, subject=person.subject))
    db.session.flush()
    audit.record("account.identity_added", account, by=account)
