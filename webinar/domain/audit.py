"""The audit log: one line for whatever an organiser does to other people's data (rule 12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, inspect

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
