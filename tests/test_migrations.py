"""Every migration with rows in every table: what a step back and forward keeps.

SQLite changes a table by copying it; a cascade or a forgotten default would show here as rows that
are gone or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import MetaData, select

from tests.web import everything
from webinar.extensions import db
from webinar.models import Account
from webinar.models.search import is_mapped

Row = Mapping[str, Any]
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
