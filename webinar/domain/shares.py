"""Which series an account sees: the office's, its own, and those that were shared with it;
administrators see all. What it may do there, its role says.

One condition (`seen_by`) for every list, one question (`seen_talk`, `check_series`) for every
page; pages are asked by `webinar.web.guards`, so that no route can forget it.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select, true

from webinar.domain import audit
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Series, SeriesShare, Talk

EVERY: ColumnElement[bool] = true()
"""The condition of whoever sees everything."""


def seen_by(account: Account) -> ColumnElement[bool]:
    """The condition on `Series` that the account sees it."""
    if account.administers:
        return EVERY
    shared = exists().where(
        SeriesShare.series_id == Series.id, SeriesShare.account_id == account.id
    )
    return or_(Series.owner_id.is_(None), Series.owner_id == account.id, shared)


def talk_seen_by(account: Account) -> ColumnElement[bool]:
    """The condition on `Talk` that the account sees its series."""
    if account.administers:
        return EVERY
    return Talk.series_id.in_(select(Series.id).where(seen_by(account)))


def visible_series(account: Account) -> frozenset[int] | None:
    """The ids of the series that the account sees; None for all."""
    if account.administers:
        return None
    return frozenset(db.session.scalars(select(Series.id).where(seen_by(account))))


def check_series(series_id: int, *, by: Account) -> None:
    """Raise `NotThere` for a series that the account does not see: that it exists is not said."""
    if by.administers:
        return
    query = select(Series.id).where(Series.id == series_id, seen_by(by))
    if db.session.scalar(query) is None:
        raise NotThere("record_missing")


def seen_talk(talk_id: int, *, by: Account) -> Talk:
    """The talk; raises `NotThere` if there is none, or none that the account sees."""
    talk = db.session.scalar(select(Talk).where(Talk.id == talk_id, talk_seen_by(by)))
    if talk is None:
        raise NotThere("record_missing")
    return talk


def may_share(series: Series, *, by: Account) -> bool:
    """Whether the account decides who sees the series: its owner, and administrators."""
    return by.may_write and (by.administers or series.owner_id == by.id)


def share(
    series: Series, *, owner: Account | None, accounts: Collection[Account], by: Account
) -> None:
    """Who sees the series from now on: its owner and those `accounts`; without an owner the whole
    office. Raises `RuleError` for who may not decide that, and for an owner who cannot write."""
    if not may_share(series, by=by):
        raise RuleError("share_not_yours")
    if owner is not None and not (owner.active and owner.may_write):
        raise RuleError("owner_cannot_write", field="owner")
    wanted = {one.id for one in accounts if owner is not None and one.id != owner.id}
    before = sorted(share.account_id for share in series.shares)
    changes = {"owner_id": [series.owner_id, owner.id if owner is not None else None]}
    series.owner_id = owner.id if owner is not None else None
    kept = [share for share in series.shares if share.account_id in wanted]
    known = {share.account_id for share in kept}
    series.shares = [*kept, *(SeriesShare(account_id=one) for one in sorted(wanted - known))]
    db.session.flush()
    changes["shares"] = [len(before), len(wanted)]
    audit.record("series.shared", series, by=by, changes=changes)
