"""What tests of backups share: another place to restore into, and a picture of everything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from webinar import create_app, settings_of
from webinar.adapters.storage import storage_of
from webinar.extensions import db

KEY = "a key for backups that is long enough to pass\n"
Rows = dict[str, list[dict[str, object]]]


@contextmanager
def another(
    app: Flask, folder: Path, *, server: str = "", extra: dict[str, str] | None = None
) -> Iterator[Flask]:
    """An application with an empty database and an empty folder; the journal is the first one's.
    `extra` settings go before those of the first."""
    settings, name = settings_of(app), "webinar_test_restored"
    url = f"sqlite:///{folder}/restored.db"
    if server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        url = f"{server.rpartition('/')[0]}/{name}"
    other = create_app(
        {
            **app.extensions["environ"],
            "WEBINAR_DATABASE_URL": url,
            "WEBINAR_STORAGE_FOLDER": str(folder / "restored"),
            "WEBINAR_JOURNAL": str(settings.journal),
            **(extra or {}),
        }
    )
    with other.app_context():
        yield other
        db.session.remove()
        db.engine.dispose()
    if server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])  # type: ignore[arg-type]  # a command


def rows() -> Rows:
    """Every row of every table by the model, so that both databases give equal values."""
    with db.engine.connect() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in db.metadata.sorted_tables
        }


def files(app: Flask) -> dict[str, str]:
    """The digest of each file by its key."""
    storage = storage_of(settings_of(app))
    found = {}
    for key in list(storage.keys()):
        with storage.open(key) as file:
            found[key] = hashlib.sha256(file.read()).hexdigest()
    return found


def by_digest(found: Rows, kept: dict[str, str]) -> Rows:
    """The rows with the digest of a file in the place of its key, which a restore makes anew."""
    return {
        name: [{k: kept.get(str(v), v) for k, v in row.items()} for row in some]
        for name, some in found.items()
    }
