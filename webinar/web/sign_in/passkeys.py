"""Passkeys in a page: the options that it hands to the browser, and the answer that comes back.

A challenge stands in the session cookie until it is answered, and is answered once. The wire is
`webinar.adapters.passkeys`', the keys of accounts are `webinar.domain.second_factors`'.
"""

from __future__ import annotations

from flask import session

from webinar.adapters import passkeys as wire
from webinar.domain import second_factors
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account
from webinar.web.settings import settings

CHALLENGE = "challenge"


def site() -> wire.Site:
    """For whom the keys are."""
    found = settings()
    return wire.Site.of(found.base_url, name=found.office.name)


def to_prove(*, of: Account | None = None) -> str:
    """Options to prove a key of the account, or of whoever has one for this site."""
    known = second_factors.passkeys(of) if of is not None else []
    return wire.to_prove(site(), challenge=_challenge(), known=[one.credential_id for one in known])


def to_register(account: Account) -> str:
    """Options to make a key for the account, whose handle stands in the session until then."""
    known = second_factors.passkeys(account)
    handle = account.passkey_handle or session.setdefault("handle", wire.new_handle())
    return wire.to_register(
        site(),
        challenge=_challenge(),
        handle=handle,
        account=account.email,
        shown=account.name,
        known=[one.credential_id for one in known],
    )


def prove(answer: str, *, of: Account | None) -> Account:
    """The account whose key answered; raises `RuleError` if it does not hold, or is another's than
    `of`."""
    challenge = session.pop(CHALLENGE, "")
    try:
        passkey = second_factors.find_passkey(wire.key_of(answer))
        if passkey is None or not passkey.account.active:
            raise RuleError("passkey_wrong")
        if of is not None and passkey.account_id != of.id:
            raise RuleError("passkey_wrong")
        proof = wire.proven(
            site(),
            answer,
            challenge=challenge,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
        )
    except wire.Refused as problem:
        raise RuleError("passkey_wrong") from problem
    second_factors.use_passkey(passkey, sign_count=proof.sign_count)
    return passkey.account


def register(account: Account, answer: str, *, name: str) -> None:
    """Take the new key; raises `RuleError` if the answer does not hold."""
    challenge = session.pop(CHALLENGE, "")
    try:
        key = wire.registered(site(), answer, challenge=challenge)
    except wire.Refused as problem:
        raise RuleError("passkey_refused") from problem
    if second_factors.find_passkey(key.credential_id) is not None:
        raise RuleError("passkey_refused")
    if account.passkey_handle is None:
        account.passkey_handle = session.pop("handle", None) or wire.new_handle()
        db.session.flush()
    second_factors.add_passkey(
        account,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        transports=key.transports,
        name=name,
    )


def _challenge() -> str:
    made = wire.new_challenge()
    session[CHALLENGE] = made
    return made
