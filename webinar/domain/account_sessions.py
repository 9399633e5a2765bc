"""Where accounts are signed in: begun, looked up at every request, listed, ended one by one.

The browser holds a random key in its signed cookie, the table its hash. A session ends when nobody
used it for a while, and in any case some hours after it began. How somebody proves who they are is
the neighbours': `passwords`, `second_factors`, `identities`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit
from webinar.errors import NotThere
from webinar.extensions import db, reading
from webinar.models import Account, AccountSession, SignInMethod

SEEN_EVERY = timedelta(minutes=1)
"""So often at most a session notes that it was used."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How long a session lives unused, how long at all, and how long a proof counts as fresh."""

    idle: timedelta
    whole: timedelta
    fresh: timedelta


def begin(
    account: Account, *, method: SignInMethod, second_factor: bool, browser: str
) -> tuple[AccountSession, str]:
    """Sign the account in; returns the session and the key for the browser."""
    key = secrets.token_urlsafe(32)
    session = AccountSession(
        account=account,
        key_hash=hashed(key),
        method=method,
        second_factor=second_factor,
        browser=browser[:80],
    )
    account.signed_in_at = now()
    db.session.add(session)
    db.session.flush()
    audit.record("account.signed_in", account, by=account, changes={"method": [None, method]})
    return session, key


def find(key: str, *, terms: Terms) -> AccountSession | None:
    """The session that the browser's key opens, with its account; None if it has ended or the
    account was deactivated."""
    session = db.session.scalar(
        select(AccountSession)
        .where(AccountSession.key_hash == hashed(key))
        .options(joinedload(AccountSession.account))
        .execution_options(populate_existing=True)
    )
    if session is None or not session.account.active or _over(session, terms):
        return None
    return session


def is_fresh(session: AccountSession, *, terms: Terms) -> bool:
    """Whether the person proved lately to be the one."""
    return now() - session.fresh_at < terms.fresh


def confirm(session: AccountSession) -> None:
    """The person has proven it anew."""
    session.fresh_at = now()
    db.session.flush()


def note_use(session: AccountSession, *, apart: bool) -> None:
    """Remember that it was used, once a minute; `apart` from a transaction that only reads."""
    moment = now()
    if moment - session.seen_at < SEEN_EVERY:
        return
    note = update(AccountSession).where(AccountSession.id == session.id).values(seen_at=moment)
    if apart:
        with reading(only=False), db.engine.begin() as connection:
            connection.execute(note)
    else:
        db.session.execute(note.execution_options(synchronize_session=False))


def listed(account: Account, *, terms: Terms) -> list[AccountSession]:
    """The sessions of the account that live, the one used last first."""
    query = (
        select(AccountSession)
        .where(
            AccountSession.account_id == account.id,
            AccountSession.seen_at > now() - terms.idle,
            AccountSession.created_at > now() - terms.whole,
        )
        .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
    )
    return list(db.session.scalars(query))


def end_own(account: Account, *, session_id: int) -> None:
    """End one session of the account; raises `NotThere` for anybody else's."""
    session = db.session.get(AccountSession, session_id)
    if session is None or session.account_id != account.id:
        raise NotThere("record_missing")
    db.session.delete(session)
    db.session.flush()
    audit.record("account.session_ended", account, by=account)


def end(session: AccountSession) -> None:
    """Sign out."""
    db.session.delete(session)
    db.session.flush()


def end_all(account: Account, *, but: AccountSession | None = None) -> int:
    """End every session of the account, but perhaps the one in use; returns how many."""
    query = delete(AccountSession).where(AccountSession.account_id == account.id)
    if but is not None:
        query = query.where(AccountSession.id != but.id)
    result = db.session.execute(query.returning(AccountSession.id))
    return len(result.all())


def forget(*, terms: Terms) -> int:
    """Drop the rows of sessions that are over; returns how many."""
    over = (AccountSession.seen_at < now() - terms.idle) | (
        AccountSession.created_at < now() - terms.whole
    )
    query = delete(AccountSession).where(over).returning(AccountSession.id)
    return len(db.session.execute(query).all())


def _over(session: AccountSession, terms: Terms) -> bool:
    moment: datetime = now()
    return moment - session.seen_at > terms.idle or moment - session.created_at > terms.whole


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()
