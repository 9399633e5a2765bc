"""The audit log: one line for whatever an organiser does to other people's data (rule 12).

Lines are written in the transaction that they tell of and never changed, but for erasing a person
(`redact`) and the end of their term (`forget`). What they are about is
looked up when they are read, so that no line keeps a name: `domain.audit_subjects`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, inspect, select, update
from sqlalchemy.orm import joinedload

from webinar.clock import BERLIN
from webinar.extensions import db
from webinar.models import Account, AuditEntry
from webinar.models.base import Model, Privacy


def record(
    action: str, subject: Model, *, by: Account | None, changes: dict[str, Any] | None = None
) -> None:
    """Write that `by` did `action` (such as `contact.edited`) to the flushed `subject`."""
    db.session.add(
        AuditEntry(
            action=action,
            record_type=subject.__tablename__,
            record_id=_id_of(subject),
            account_id=by.id if by is not None else None,
            changes=changes or {},
        )
    )


def record_many(action: str, table: type[Model], ids: Iterable[int], *, by: Account | None) -> None:
    """The same line for each of many rows, written in one go."""
    rows = [
        {
            "action": action,
            "record_type": table.__tablename__,
            "record_id": row_id,
            "account_id": by.id if by is not None else None,
        }
        for row_id in ids
    ]
    if rows:
        db.session.execute(insert(AuditEntry), rows)


def forget(ids: Sequence[int]) -> int:
    """Delete lines whose term is over; returns how many. PostgreSQL refuses it for younger lines
    than `domain.retention` knows, whoever asks (migration 0017)."""
    if db.session.get_bind().dialect.name == "postgresql":
        return db.session.scalar(select(func.audit_forget(list(ids)))) or 0
    db.session.execute(delete(AuditEntry).where(AuditEntry.id.in_(ids)))
    return len(ids)


def redact(ids: Sequence[int]) -> None:
    """Empty what the lines say beside who did what to which record and when."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.audit_redact(list(ids))))
    else:
        db.session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(changes={}))


def _id_of(subject: Model) -> int:
    identity = inspect(subject).identity
    if identity is None:
        raise ValueError("only a flushed record can be audited")
    return int(identity[0])


def changes_of(subject: Model) -> dict[str, Any]:
    """The unflushed changes by column: `[before, after]`, of personal columns only `True`."""
    state = inspect(subject)
    found: dict[str, Any] = {}
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if not history.has_changes() or column.key in ("changed_at", "sort_key", "search_key"):
            continue
        privacy = state.mapper.columns[column.key].info.get("privacy", Privacy.NONE)
        if privacy is Privacy.NONE:
            before, after = list(history.deleted or ()), list(history.added or ())
            found[column.key] = [_plain(*before[:1]), _plain(*after[:1])]
        else:
            found[column.key] = True
    return found


def _plain(value: object = None) -> object:
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)


def entries(
    *,
    account: int | None = None,
    record_type: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Select[AuditEntry]:
    """The lines, the newest first: of that account, about that kind of record, within those days
    of Berlin's calendar, both included."""
    query = select(AuditEntry).options(joinedload(AuditEntry.account))
    if account is not None:
        query = query.where(AuditEntry.account_id == account)
    if record_type is not None:
        query = query.where(AuditEntry.record_type == record_type)
    if since is not None:
        query = query.where(AuditEntry.at >= _begins(since))
    if until is not None:
        query = query.where(AuditEntry.at < _begins(until + timedelta(days=1)))
    return query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())


def actors() -> Sequence[Account]:
    """The accounts that the log knows, by name."""
    known = select(AuditEntry.account_id).where(AuditEntry.account_id.is_not(None))
    query = select(Account).where(Account.id.in_(known)).order_by(Account.name, Account.id)
    return db.session.scalars(query).all()


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN)
