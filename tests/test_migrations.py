"""Every migration with rows in every table: what a step back and forward keeps, what the way from
each revision to the newest keeps, and that one that fails changes nothing.

SQLite changes a table by copying it; a cascade or a forgotten default would show here as rows that
are gone or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from types import ModuleType
from typing import Any, TypeVar

import flask_migrate
import pytest
from alembic import op, util
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Connection, MetaData, event, select, text

from tests.lengths import length
from tests.web import everything
from webinar.extensions import db
from webinar.models import Account
from webinar.models.search import is_mapped

T = TypeVar("T")
Row = Mapping[str, Any]
OPTIONS = {"compare_type": True, "include_name": is_mapped}
MIDDLE = 2
"""The statement at which a migration fails in the middle."""
MOVED = {("talk_speakers", "recording_consent_at")}
"""Columns that a later revision keeps in another table; the way back has to bring their values."""


@pytest.fixture
def filled(app: Flask, organiser: Account) -> Iterator[None]:
    """A database with a row in every table, left at the newest revision."""
    everything.fill(app, organiser)
    db.session.remove()
    yield
    flask_migrate.upgrade()


def tables() -> dict[str, list[Row]]:
    """Every row of every table as the database has it now, by id."""
    metadata = MetaData()
    with db.engine.connect() as connection:
        metadata.reflect(connection, only=lambda name, _: is_mapped(name, "table", None))
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }


def revisions() -> list[str]:
    """Newest first."""
    found = ScriptDirectory(current_app.extensions["migrate"].directory).walk_revisions()
    return [script.revision for script in found]


def some(found: list[T]) -> list[T]:
    """All of them in the long run; in the short one the newest, the oldest and a few between."""
    return length([*found[:-1:6], found[-1]], soak=found)


@pytest.mark.usefixtures("filled")
def test_every_migration_keeps_the_rows_of_every_table() -> None:
    assert [name for name, rows in tables().items() if not rows] == []
    for revision in revisions()[1:]:
        flask_migrate.downgrade(revision=revision)
        before = tables()
        flask_migrate.upgrade(revision="+1")
        after = tables()
        flask_migrate.downgrade(revision=revision)
        for name, rows in before.items():
            kept = [key for key in (rows[0] if rows else ()) if (name, key) not in MOVED]
            shared, stood = (
                [{k: row[k] for k in kept} for row in some] for some in (after[name], rows)
            )
            assert shared == stood, f"{name} lost rows or values on the way up from {revision}"
        assert tables() == before, f"not the same after going up from {revision} and back"


@pytest.mark.deep
@pytest.mark.usefixtures("filled")
def test_upgrade_from_every_revision_to_the_newest_keeps_its_rows() -> None:
    for revision in some(revisions()[1:]):
        flask_migrate.downgrade(revision=revision)
        before = tables()
        flask_migrate.upgrade()
        after = tables()
        for name, rows in before.items():
            kept = [key for key in (rows[0] if rows else ()) if (name, key) not in MOVED]
            assert [{k: row[k] for k in kept} for row in after[name]] == [
                {k: row[k] for k in kept} for row in rows
            ], f"{name} lost rows or values on the way up from {revision}"
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=OPTIONS)
            assert compare_metadata(context, db.metadata) == [], revision


class Broke(Exception):
    """What the last migration ends with."""


def state() -> tuple[object, ...]:
    """Tables, columns, keys, indexes, triggers and functions as the database itself describes them;
    every row; and the revision."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            schema = connection.exec_driver_sql(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
            ).all()
        else:
            schema = [row for query in CATALOGUE for row in connection.execute(text(query))]
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    return schema, tables(), revision


CATALOGUE = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    """SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND prokind = 'f' ORDER BY 1""",
)


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, revision: str, *, after: bool) -> Iterator[None]:
    """Let that migration fail: `after` all that it does, else in the middle of it."""
    load = util.load_python_file

    def loaded(folder: str, name: str) -> ModuleType:
        module = load(folder, name)
        if getattr(module, "revision", None) == revision:
            broken(module)
        return module

    def broken(module: ModuleType) -> None:
        whole = module.upgrade

        def upgrade() -> None:
            bind = op.get_bind()
            if after:
                whole()
                raise Broke
            fail_in_the_middle(bind, whole)

        module.upgrade = upgrade

    with monkeypatch.context() as patch:
        patch.setattr(util, "load_python_file", loaded)
        yield


def fail_in_the_middle(bind: Connection, whole: Callable[[], None]) -> None:
    """Run it until its second statement that changes anything has been carried out, or to its end
    where it has fewer: some have nothing to change on SQLite."""
    count = 0

    def stop(_bind: object, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal count
        count += not statement.lstrip().upper().startswith(("SELECT", "PRAGMA"))
        if count == MIDDLE:
            raise Broke

    event.listen(bind, "after_cursor_execute", stop)
    try:
        whole()
    finally:
        event.remove(bind, "after_cursor_execute", stop)
    raise Broke


@pytest.mark.deep
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("after", [False, True], ids=["in the middle", "at the end"])
def test_migration_that_fails_leaves_tables_rows_and_revision(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Each alone, from the revision before it."""
    for revision, previous in some(list(pairwise(revisions()))):
        flask_migrate.downgrade(revision=previous)
        before = state()
        with breaking(monkeypatch, revision, after=after), pytest.raises(Broke):
            flask_migrate.upgrade(revision="+1")
        assert state() == before, f"{revision} left something behind"


@pytest.mark.usefixtures("filled")
def test_upgrade_that_fails_at_its_last_migration_leaves_the_revision_it_began_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The version that ran before has to be able to go on: no revision in between."""
    newest, *earlier = revisions()
    for revision in (earlier[0], earlier[len(earlier) // 2], earlier[-1]):
        flask_migrate.downgrade(revision=revision)
        before = state()
        with breaking(monkeypatch, newest, after=True), pytest.raises(Broke):
            flask_migrate.upgrade()
        assert state() == before, f"not as it was at {revision}"
