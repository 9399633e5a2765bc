"""Staff accounts: made, changed, deactivated, by rule. One administrator always stays.

What somebody signs in with is the neighbours': `passwords`, `second_factors`, `identities`; where
they are signed in `account_sessions`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, exists, func, or_, select

from webinar.domain import account_notices, account_sessions, audit, mail, passwords
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, AccountSession, Identity, Passkey, Role
from webinar.models.base import public_id
from webinar.text import clean, normalise_address

LANGUAGES = ("de", "en")


@dataclass(frozen=True, kw_only=True)
class AccountValues:
    """What a form holds of an account."""

    name: str
    email: str
    role: Role


def find(account_id: int) -> Account:
    """The account; raises `NotThere`, also for one that was erased."""
    account = db.session.get(Account, account_id)
    if account is None or account.erased_at is not None:
        raise NotThere("record_missing")
    return account


def find_by_address(typed: str) -> Account | None:
    """The account with that address; None also for what is no address."""
    try:
        address = normalise_address(typed)
    except RuleError:
        address = ""
    return db.session.scalar(select(Account).where(Account.email == address))


def listed() -> Select[Account]:
    """All accounts but those erased, the active ones first, by name."""
    query = select(Account).where(Account.erased_at.is_(None))
    return query.order_by(Account.active.desc(), func.lower(Account.name), Account.id)


def everybody() -> list[Account]:
    """The active accounts, to choose from."""
    return list(db.session.scalars(listed().where(Account.active)))


def with_second_factor(accounts: list[Account]) -> set[int]:
    """The ids of those that have a code generator or a passkey."""
    ids = [account.id for account in accounts]
    query = select(Passkey.account_id).where(Passkey.account_id.in_(ids))
    return {account.id for account in accounts if account.totp} | set(db.session.scalars(query))


def with_identity(accounts: list[Account]) -> set[int]:
    """The ids of those that are connected to the office's own sign-in."""
    ids = [account.id for account in accounts]
    return set(db.session.scalars(select(Identity.account_id).where(Identity.account_id.in_(ids))))


def create(
    *,
    email: str,
    name: str,
    role: Role,
    password: str | None,
    hashed: str | None,
    by: Account | None = None,
) -> Account:
    """A new active account; `hashed` is the password's hash, `password` is only looked at. Without
    a password it is one that nobody can sign in with yet.

    Raises `RuleError` for a bad or known address, an empty name or a password that will not do.
    """
    address = normalise_address(email)
    if not clean(name):
        raise RuleError("name_missing", field="name")
    if password is not None:
        passwords.check(password, own=(name, address))
    _check_unknown(address)
    account = Account(
        email=address, name=clean(name), role=role, password=hashed, fs_uniquifier=public_id()
    )
    db.session.add(account)
    db.session.flush()
    audit.record("account.created", account, by=by, changes={"role": [None, str(role)]})
    return account


def invite(values: AccountValues, *, by: Account) -> Account:
    """A new account whose owner sets the password by a link; raises `RuleError` as `create`."""
    account = create(
        email=values.email, name=values.name, role=values.role, password=None, hashed=None, by=by
    )
    send_invitation(account, by=by)
    return account


def send_invitation(account: Account, *, by: Account) -> None:
    """Send the link; one that was sent before no longer opens anything."""
    if not account.active or account.password is not None:
        raise RuleError("account_not_waiting")
    account.fs_uniquifier = public_id()
    mail.to_account(
        "account_invitation", account, key=f"account_invitation:{account.id}:{public_id()}"
    )
    db.session.flush()
    audit.record("account.invited", account, by=by)


def edit(account: Account, values: AccountValues, *, by: Account) -> None:
    """Change name, address or role; raises `RuleError` for the last administrator's role, and for
    one's own."""
    if values.role != account.role:
        _check_may_lose_role(account, by=by)
    address = normalise_address(values.email)
    if not clean(values.name):
        raise RuleError("name_missing", field="name")
    if address != account.email:
        _check_unknown(address)
        account.email = address
        account.fs_uniquifier = public_id()  # links went to the old address
    account.name = clean(values.name)
    account.role = values.role
    _record_edit(account, by=by)


def edit_own(account: Account, *, name: str, language: str) -> None:
    """What everybody may change of the own account."""
    if not clean(name):
        raise RuleError("name_missing", field="name")
    if language not in LANGUAGES:
        raise RuleError("language_not_offered", field="language")
    account.name = clean(name)
    account.language = language
    _record_edit(account, by=account)


def set_role(account: Account, role: Role, *, by: Account | None) -> None:
    """The role as the office's own sign-in names it; raises `RuleError` for the last
    administrator."""
    if role != account.role:
        _check_not_last(account)
        account.role = role
        _record_edit(account, by=by)


def deactivate(account: Account, *, by: Account) -> None:
    """Nobody signs in with it any more; what it did stays in the audit log."""
    _check_may_lose_role(account, by=by)
    account.active = False
    account.fs_uniquifier = public_id()
    account_sessions.end_all(account)
    db.session.flush()
    audit.record("account.deactivated", account, by=by)


def reactivate(account: Account, *, by: Account) -> None:
    """Let it sign in again, with what it signed in with before; raises `NotThere` where it was
    erased in the meantime."""
    db.session.refresh(account, with_for_update=True)
    if account.erased_at is not None:
        raise NotThere("record_missing")
    account.active = True
    db.session.flush()
    audit.record("account.reactivated", account, by=by)


def set_password(
    account: Account, hashed: str, *, password: str, keep: AccountSession | None = None
) -> None:
    """A new password, which ends every other session; raises `RuleError` if it will not do."""
    passwords.check(password, own=(account.name, account.email))
    account.password = hashed
    account.fs_uniquifier = public_id()
    account_sessions.end_all(account, but=keep)
    db.session.flush()
    audit.record("account.password_set", account, by=account)
    account_notices.tell(account, "account.password_set")


def end_sessions(account: Account, *, by: Account | None) -> int:
    """Sign the account out everywhere; returns of how many browsers."""
    count = account_sessions.end_all(account)
    audit.record("account.sessions_ended", account, by=by)
    return count


def _record_edit(account: Account, *, by: Account | None) -> None:
    changes = audit.changes_of(account)
    changes.pop("fs_uniquifier", None)
    db.session.flush()
    if changes:
        audit.record("account.edited", account, by=by, changes=changes)


def _check_unknown(address: str) -> None:
    if db.session.scalar(select(Account.id).where(Account.email == address)) is not None:
        raise RuleError("account_known", field="email")


def _check_may_lose_role(account: Account, *, by: Account) -> None:
    if account.id == by.id:
        raise RuleError("account_own", field="role")
    _check_not_last(account)


def _check_not_last(account: Account) -> None:
    """Two administrators must not demote each other at the same moment, so all are locked."""
    if account.role != Role.ADMIN or not account.active:
        return
    can_sign_in = or_(
        Account.password.is_not(None), exists().where(Identity.account_id == Account.id)
    )
    query = (
        select(Account.id)
        .where(Account.role == Role.ADMIN, Account.active, can_sign_in)
        .order_by(Account.id)
        .with_for_update()
    )
    if not set(db.session.scalars(query)) - {account.id}:
        raise RuleError("last_administrator", field="role")
