"""Counting the statements that a block sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from webinar.extensions import db


class Statements(list[str]):
    """The SELECT, INSERT, UPDATE and DELETE statements of the block, in order."""


@contextmanager
def counted() -> Iterator[Statements]:
    """Yield the list that fills while the block runs; BEGIN and PRAGMA do not count."""
    found = Statements()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
