"""The second factor of an account: a code generator, passkeys, and recovery codes for the day on
which both are lost.

Codes: `totp`; how a passkey proves itself: `webinar.adapters.passkeys`. Secrets are sealed
(`sealing`), codes kept as hashes. A change is told to the owner by mail.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, func, select

from webinar.clock import now
from webinar.domain import account_notices, audit, sealing, totp
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Passkey, RecoveryCode
from webinar.text import clean

CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without what looks alike; 12 signs of it are 59 bits."""
GROUPS = 3
PASSKEYS = 10
"""As many as an account may have."""


def has_any(account: Account) -> bool:
    """Whether the account has a code generator or a passkey."""
    return account.totp is not None or bool(passkeys(account))


def passkeys(account: Account) -> list[Passkey]:
    """The passkeys of the account, the first one first."""
    query = select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id)
    return list(db.session.scalars(query))


def codes_left(account: Account) -> int:
    """How many recovery codes were not used yet."""
    query = select(func.count()).where(RecoveryCode.account_id == account.id)
    return db.session.scalar(query) or 0


def set_up_totp(account: Account, *, secret: str, typed: str, keys: Sequence[str]) -> None:
    """Take the code generator with that secret; raises `RuleError` for a code that it does not
    show now."""
    step = totp.matching_step(secret, typed, at=now(), after=0)
    if step is None:
        raise RuleError("code_wrong", field="code")
    account.totp = sealing.seal(secret, keys=keys)
    account.totp_step = step
    _changed(account, "account.totp_added", by=account)


def remove_totp(account: Account) -> None:
    """Do without the code generator."""
    account.totp = None
    _changed(account, "account.totp_removed", by=account)
    _drop_codes_without_need(account)


def add_passkey(
    account: Account,
    *,
    credential_id: str,
    public_key: bytes,
    sign_count: int,
    transports: Sequence[str],
    name: str,
) -> Passkey:
    """Take a passkey that proved itself; raises `RuleError` when there are enough."""
    known = passkeys(account)
    if len(known) >= PASSKEYS:
        raise RuleError("passkeys_enough", count=PASSKEYS)
    passkey = Passkey(
        account=account,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        transports=list(transports),
        name=clean(name)[:80] or f"Passkey {len(known) + 1}",
    )
    db.session.add(passkey)
    _changed(account, "account.passkey_added", by=account)
    return passkey


def find_passkey(credential_id: str) -> Passkey | None:
    """The passkey, locked, so that its counter is compared once."""
    query = select(Passkey).where(Passkey.credential_id == credential_id)
    return db.session.scalar(query.with_for_update(of=Passkey))


def use_passkey(passkey: Passkey, *, sign_count: int) -> None:
    """Note that it proved itself."""
    passkey.sign_count = sign_count
    passkey.used_at = now()
    db.session.flush()


def remove_passkey(account: Account, *, passkey_id: int) -> None:
    """Do without a passkey; raises `NotThere` for anybody else's."""
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.account_id != account.id:
        raise NotThere("record_missing")
    db.session.delete(passkey)
    _changed(account, "account.passkey_removed", by=account)
    _drop_codes_without_need(account)


def take_code(account: Account, typed: str, *, keys: Sequence[str]) -> bool:
    """Whether it is a code of now from the code generator, or a recovery code; then it is used
    up."""
    query = select(Account).where(Account.id == account.id).with_for_update()
    locked = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if locked.totp is not None and (secret := sealing.unseal(locked.totp, keys=keys)) is not None:
        step = totp.matching_step(secret, typed, at=now(), after=locked.totp_step)
        if step is not None:
            locked.totp_step = step
            locked.totp = sealing.seal(secret, keys=keys)  # by the key of now, if it was an old one
            db.session.flush()
            return True
    return _take_recovery_code(locked, typed)


def _take_recovery_code(account: Account, typed: str) -> bool:
    used = delete(RecoveryCode).where(
        RecoveryCode.account_id == account.id, RecoveryCode.code_hash == _hash(typed)
    )
    found = db.session.execute(used.returning(RecoveryCode.id)).all()
    if found:
        _changed(account, "account.recovery_code_used", by=account)
    return bool(found)


def new_recovery_codes(account: Account, *, by: Account) -> list[str]:
    """Ten new codes; the old ones no longer work. They are shown once and never again."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [_new_code() for _number in range(CODES)]
    db.session.add_all(RecoveryCode(account_id=account.id, code_hash=_hash(one)) for one in codes)
    db.session.flush()
    audit.record("account.recovery_codes", account, by=by)
    return codes


def reset(account: Account, *, by: Account | None) -> None:
    """Take every second factor away, for somebody who has lost them all."""
    account.totp = None
    for table in (Passkey, RecoveryCode):
        db.session.execute(delete(table).where(table.account_id == account.id))
    _changed(account, "account.factors_reset", by=by)


def _drop_codes_without_need(account: Account) -> None:
    if not has_any(account):
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def _changed(account: Account, action: str, *, by: Account | None) -> None:
    db.session.flush()
    audit.record(action, account, by=by)
    account_notices.tell(account, action)


def _new_code() -> str:
    signs = [secrets.choice(ALPHABET) for _sign in range(4 * GROUPS)]
    return "-".join("".join(signs[4 * group : 4 * group + 4]) for group in range(GROUPS))


def _hash(typed: str) -> str:
    plain = "".join(char for char in typed.casefold() if char.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
