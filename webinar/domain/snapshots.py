"""The database as lines of JSON, and back: the same for SQLite and PostgreSQL, also from one to the
other.

A snapshot is read in one transaction, so that it is the state of one moment while everybody goes on
working. It is written into an empty database at the revision that it was taken at; migrating
further is the caller's. Reads tables by the model when saving, by reflection when restoring: the
model may be newer than the backup by then.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    func,
    inspect,
    select,
    text,
    update,
)

from webinar.extensions import db, reading
from webinar.models.search import is_mapped

PART = 4 * 1024 * 1024
"""About as many bytes of lines are in memory at once."""
VERSIONS = "alembic_version"
Line = list[object]


@contextmanager
def moment() -> Iterator[Connection]:
    """A connection that sees one state of the database throughout, and changes nothing."""
    if db.engine.dialect.name == "sqlite":
        with reading(), db.engine.connect() as connection, connection.begin():
            yield connection
        return
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def revision(connection: Connection) -> str:
    """The revision of the database; empty for one without tables."""
    if not inspect(connection).has_table(VERSIONS):
        return ""
    return connection.scalar(text(f"SELECT version_num FROM {VERSIONS}")) or ""  # noqa: S608  a constant


def tables() -> Sequence[Table]:
    """Every table, those that others point at first."""
    return db.metadata.sorted_tables


def parts(connection: Connection, table: Table) -> Iterator[tuple[bytes, int]]:
    """The rows as lines, in parts of about `PART` bytes, each with the number of its rows. The
    first line of a part names the columns."""
    head = json.dumps([column.name for column in table.columns])
    lines, size = [head], len(head)
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(query.execution_options(yield_per=500)):
        line = json.dumps([_plain(value) for value in row], ensure_ascii=False)
        lines.append(line)
        size += len(line)
        if size >= PART:
            yield _joined(lines), len(lines) - 1
            lines, size = [head], len(head)
    if len(lines) > 1:
        yield _joined(lines), len(lines) - 1


def _joined(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    return value


def emptiness(connection: Connection) -> list[str]:
    """The tables in which there are rows: a restore needs a place that is empty."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [
        table.name
        for table in metadata.sorted_tables
        if table.name != VERSIONS
        and is_mapped(table.name, "table", None)  # SQLite's search keeps rows of its own in tables
        and connection.scalar(select(func.count()).select_from(table))
    ]


class Restorer:
    """Writes lines into the tables of the database as it is now, in one transaction that the caller
    begins and commits. `keys` gives files their new keys by their old ones."""

    def __init__(self, connection: Connection, *, keys: Mapping[str, str]) -> None:
        self._connection, self._keys = connection, keys
        self._metadata = MetaData()
        self._metadata.reflect(connection)
        self._later: list[tuple[Table, str, int, int]] = []
        self.counts: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        """The rows of one part. Raises `KeyError` for a table or column that is not there."""
        table = self._metadata.tables[name]
        head, *lines = content.decode().splitlines()
        columns = [table.c[column] for column in json.loads(head)]
        rows = [self._row(table, columns, json.loads(line)) for line in lines]
        self._connection.execute(table.insert(), rows)
        self.counts[name] = self.counts.get(name, 0) + len(rows)

    def finish(self) -> None:
        """Rows that point at rows of their own table do so now; numbers go on after the last."""
        for table, column, row_id, value in self._later:
            self._connection.execute(
                update(table).where(table.c.id == row_id).values({column: value})
            )
        if self._connection.dialect.name == "postgresql":
            for table in self._metadata.sorted_tables:
                self._go_on(table)

    def _row(self, table: Table, columns: list[Column[Any]], line: Line) -> dict[str, object]:
        row: dict[str, object] = {}
        for column, value in zip(columns, line, strict=True):
            row[column.name] = self._value(column, value)
            own = any(key.column.table is table for key in column.foreign_keys)
            if own and isinstance(value, int):
                self._later.append((table, column.name, int(str(line[0])), value))
                row[column.name] = None
        return row

    def _value(self, column: Column[Any], value: object) -> object:
        if value is None or isinstance(column.type, JSON):
            return self._renamed(value)
        if isinstance(column.type, LargeBinary) and isinstance(value, dict):
            return base64.b64decode(str(value["base64"]))
        if isinstance(column.type, DateTime):
            return self._moment(str(value))
        if isinstance(column.type, Date):
            return date.fromisoformat(str(value))
        return self._renamed(value)

    def _moment(self, value: str) -> datetime:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None and self._connection.dialect.name == "sqlite":
            return found.astimezone(UTC).replace(tzinfo=None)
        return found

    def _renamed(self, value: object) -> object:
        """The value with the new keys of files; JSON may hold some, too."""
        if isinstance(value, str):
            return self._keys.get(value, value)
        if isinstance(value, list):
            return [self._renamed(inner) for inner in value]
        if isinstance(value, dict):
            return {name: self._renamed(inner) for name, inner in value.items()}
        return value

    def _go_on(self, table: Table) -> None:
        if "id" in table.c:
            sequence = func.pg_get_serial_sequence(table.name, "id")
            last = self._connection.scalar(select(func.max(table.c.id)))
            if last is not None and self._connection.scalar(select(sequence)) is not None:
                self._connection.execute(select(func.setval(sequence, last)))
