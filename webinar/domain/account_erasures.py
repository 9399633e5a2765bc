"""Erasing an account whose owner has left: what names the person and what opens the desk goes, the
row stays under a pseudonym, since the audit log and the records of the office lead to it.

Only what was deactivated is erased. After a restore it is done again from the journal
(`domain.journals`). People who were invited or spoke are `domain.erasures`'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select, update

from webinar.clock import now
from webinar.domain import accounts, erasures, forgetting, traces
from webinar.domain.traces import ERASED, Trace
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    AccountSession,
    Contact,
    Identity,
    Mail,
    Passkey,
    RecoveryCode,
    Series,
    SeriesShare,
    Speaker,
)
from webinar.models.base import public_id

KEYS = (AccountSession, Identity, Passkey, RecoveryCode, SeriesShare)
"""What lets the person in, and to what."""
NOWHERE = "erased.invalid"
"""No address ever ends like this (RFC 2606, 2)."""


@dataclass(frozen=True)
class Review:
    """What erasing would do. `same_address`: a contact or speaker has the address too, so that it
    stays where it is not clearly the account's."""

    mails: int
    series: list[Series] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    same_address: bool = False

    @property
    def places(self) -> dict[tuple[str, str], int]:
        """How many traces by table and column."""
        return traces.by_place(self.traces)


def review(account: Account) -> Review:
    """What `erase` would do."""
    mails = _mails(account)
    named = traces.find(wanted_of(account))
    own = {(Mail.__tablename__, number) for number in mails}
    return Review(
        mails=len(mails),
        series=list(db.session.scalars(select(Series).where(Series.owner_id == account.id))),
        traces=[one for one in named if (one.table, one.row_id) not in own],
        same_address=_shared(account),
    )


def check(account: Account, *, by: Account) -> None:
    """Whether `by` may erase the account; raises `RuleError`: nobody erases the own account or one
    that can still sign in, and so never the last administrator's."""
    if account.id == by.id:
        raise RuleError("account_own")
    if account.active:
        raise RuleError("account_still_active")


def erase(account: Account, *, by: Account) -> None:
    """Erase it; raises `RuleError` as `check`."""
    db.session.refresh(account, with_for_update=True)
    check(account, by=by)
    take_out(account, by=by)


def take_out(account: Account, *, by: Account | None) -> None:
    """Erase it, whatever it is: also what a restore brought back as active."""
    wanted, mails = wanted_of(account), _mails(account)
    erasures.abort(Mail.account_id == account.id)
    for table in KEYS:
        db.session.execute(delete(table).where(table.account_id == account.id))
    erasures.redact(Account.__tablename__, [account.id])
    erasures.journal("account.erased", account, by=by)
    _empty(account)
    forgetting.blank_mails(mails)
    erasures.finish(wanted)


def wanted_of(account: Account) -> re.Pattern[str] | None:
    """What the person is looked for by, in what others wrote. A name of one word is too common."""
    *first, last = [one for one in account.name.split() if not one.endswith(".")] or [""]
    address = "" if _shared(account) else account.email
    return traces.pattern_of(" ".join(first), last, address=address)


def _empty(account: Account) -> None:
    """The numbers of the row keep the pseudonym apart from others; they say nothing."""
    db.session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(
            name=f"Konto {account.id} {ERASED}",
            email=f"{account.id}@{NOWHERE}",
            password=None,
            totp=None,
            totp_step=0,
            passkey_handle=None,
            fs_uniquifier=public_id(),
            language=accounts.LANGUAGES[0],
            active=False,
            signed_in_at=None,
            erased_at=now(),
        )
    )
    db.session.expire(account)


def _mails(account: Account) -> list[int]:
    """Those to the account."""
    return list(db.session.scalars(select(Mail.id).where(Mail.account_id == account.id)))


def _shared(account: Account) -> bool:
    """Whether the address is a contact's or a speaker's, too: their messages are their own."""
    address = account.email.lower()
    found = [
        db.session.scalar(select(table.id).where(func.lower(table.email) == address).limit(1))
        for table in (Contact, Speaker)
    ]
    return any(one is not None for one in found)
