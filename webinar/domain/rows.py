"""Rows of which there may be only one: found, or added in a way that survives a rival.

What every answer writes goes past the session's own bookkeeping: one statement where the session
would ask first and then write, at a fifth of the cost. `written_once` makes such statements. The
session does not learn of them, so rows that are written so are read with `populate_existing`.

Building a statement costs several times what the database needs to answer it. What every personal
page and every answer asks is therefore a constant of its module, with `bindparam`s that `given`
fills; and what is asked for many people in turn is read ahead for all of them (`ahead`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import Executable, Insert, Select, Table, Update, bindparam, insert, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from webinar.extensions import db
from webinar.models.base import Model

Row = TypeVar("Row", bound=Model)
Upsert: TypeAlias = postgresql.Insert | sqlite.Insert
Given = Mapping[str, object]


class Ahead:
    """Rows of many people, known before they are asked for; that there is none is known too.

    `pairs` are the ids of talk and contact; the talk is None for what belongs to the person alone.
    """

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self.pairs: set[tuple[object, object]] = set(pairs)
        self.talks = {talk for talk, _contact in self.pairs}
        self.contacts = {contact for _talk, contact in self.pairs}
        self.pairs |= {(None, contact) for contact in self.contacts}
        self._rows: dict[object, Model] = {}
        self._queries: set[object] = set()

    def keep(self, query: Select[Row], found: Iterable[Row], *names: str) -> None:
        """All rows that the constant `query` could find for the pairs; `names` are what it is given
        of them."""
        self._queries.add(query)
        for row in found:
            self.note(query, {name: getattr(row, name) for name in names}, row)

    def note(self, query: Select[Row], given: Given, row: Row) -> None:
        """One row more."""
        self._rows[_key(query, given)] = row

    def knows(self, query: Select[Row], given: Given) -> bool:
        pair = given.get("talk_id"), given.get("contact_id")
        return query in self._queries and pair in self.pairs

    def answer(self, query: Select[Row], given: Given) -> Row | None:
        return cast("Row | None", self._rows.get(_key(query, given)))


def _key(query: Select[Row], given: Given) -> object:
    return query, given.get("purpose"), given.get("talk_id"), given.get("contact_id")


_ahead: ContextVar[Ahead | None] = ContextVar("rows_ahead", default=None)


@contextmanager
def ahead(pairs: Iterable[tuple[int, int]]) -> Iterator[Ahead]:
    """Inside the block `find` answers from what was kept there. The block must not outlive its
    transaction: what others commit meanwhile stays unseen."""
    made = Ahead(pairs)
    token = _ahead.set(made)
    try:
        yield made
    finally:
        _ahead.reset(token)


def find(query: Select[Row], given: Given) -> Row | None:
    """The one row of the constant `query` with the values `given`."""
    known = _ahead.get()
    if known is not None and known.knows(query, given):
        return known.answer(query, given)
    return db.session.scalar(query, given)


def find_or_add(
    query: Select[Row],
    make: Callable[[], Row],
    *,
    given: Given | None = None,
    alone: bool = False,
) -> Row:
    """The row of `query` with the values `given`, or a new flushed one.

    On PostgreSQL another transaction can add the same row in between; the savepoint keeps that
    from spoiling ours. On SQLite the write lock rules it out, and so does, for who says `alone`,
    the lock on the talk.
    """
    given = given or {}
    found = find(query, given)
    if found is None:
        found = _added(query, make, given=given, alone=alone)
        if (known := _ahead.get()) is not None:
            known.note(query, given, found)
    return found


def _added(query: Select[Row], make: Callable[[], Row], *, given: Given, alone: bool) -> Row:
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


def write_new(row: Row, **loaded: Model) -> Row:
    """Insert the row now, by one statement; `loaded` are the rows that its relationships lead to.

    A flush costs three times as much. What the table fills in by itself is read when it is asked
    for.
    """
    values = {name: value for name, value in vars(row).items() if name in _columns(type(row))}
    set_committed_value(row, "id", db.session.execute(_inserted(type(row)), values).scalar_one())
    for name, other in loaded.items():
        set_committed_value(row, name, other)
    make_transient_to_detached(row)
    db.session.add(row)
    return row


def write_change(row: Model, **values: Any) -> None:
    """Set the columns now, by one statement, in the database and in the row."""
    (row_id,) = inspect(row).identity or ()
    db.session.execute(_updated(type(row)), {"of_id": row_id, **values})
    for name, value in values.items():
        set_committed_value(row, name, value)


@lru_cache(maxsize=8)
def _columns(kind: type[Model]) -> frozenset[str]:
    return frozenset(kind.metadata.tables[kind.__tablename__].columns.keys())


@lru_cache(maxsize=8)
def _inserted(kind: type[Model]) -> Insert:
    table = kind.metadata.tables[kind.__tablename__]
    return insert(table).returning(table.c.id)


@lru_cache(maxsize=8)
def _updated(kind: type[Model]) -> Update:
    table = kind.metadata.tables[kind.__tablename__]
    return update(table).where(table.c.id == bindparam("of_id"))


def written_once(table: Table, otherwise: Callable[[Upsert], Executable]) -> dict[str, Executable]:
    """The INSERT for each of the two databases; `otherwise` says what becomes of it where a unique
    column holds the value already (ON CONFLICT)."""
    return {
        "postgresql": otherwise(postgresql.insert(table).inline()),
        "sqlite": otherwise(sqlite.insert(table).inline()),
    }


def here(statements: Mapping[str, Executable]) -> Executable:
    """The one for the database in use."""
    return statements[db.session.get_bind().dialect.name]
