"""Rows of which there may be only one: found, or added in a way that survives a rival.

What every answer writes goes past the session's own bookkeeping: one statement where the session
would ask first and then write, at a fifth of the cost. `written_once` makes such statements. The
session does not learn of them, so rows that are written so are read with `populate_existing`.

Building a statement costs several times what the database needs to answer it. What every personal
page and every answer asks is therefore a constant of its module, with `bindparam`s that `given`
fills.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from sqlalchemy import Executable, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from webinar.extensions import db
from webinar.models.base import Model

Row = TypeVar("Row", bound=Model)
Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def find_or_add(
    query: Select[Row],
    make: Callable[[], Row],
    *,
    given: Mapping[str, object] | None = None,
    alone: bool = False,
) -> Row:
    """The row of `query` with the values `given`, or a new flushed one.

    On PostgreSQL another transaction can add the same row in between; the savepoint keeps that
    from spoiling ours. On SQLite the write lock rules it out, and so does, for who says `alone`,
    the lock on the talk.
    """
    found = db.session.scalar(query, given)
    if found is not None:
        return found
    if alone or db.session.get_bind().dialect.name == "sqlite":
        return _add(make())
    try:
        with db.session.begin_nested():
            return _add(make())
    except IntegrityError:
        return db.session.scalars(query, given).one()


def _add(row: Row) -> Row:
    db.session.add(row)
    db.session.flush()
    return row


def written_once(table: Table, otherwise: Callable[[Insert], Executable]) -> dict[str, Executable]:
    """The INSERT for each of the two databases; `otherwise` says what becomes of it where a unique
    column holds the value already (ON CONFLICT)."""
    return {
        "postgresql": otherwise(postgresql.insert(table).inline()),
        "sqlite": otherwise(sqlite.insert(table).inline()),
    }


def here(statements: Mapping[str, Executable]) -> Executable:
    """The one for the database in use."""
    return statements[db.session.get_bind().dialect.name]
