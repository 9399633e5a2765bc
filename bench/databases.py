"""A database for one run: made, migrated, and gone afterwards, on PostgreSQL or SQLite."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import psycopg

from webinar import create_app
from webinar.extensions import db

KINDS = ("postgresql", "sqlite")
SERVER = os.environ.get("TEST_DATABASE_URL") or "postgresql://root@127.0.0.1:5432/postgres"


def settings(database_url: str, folder: Path) -> dict[str, str]:
    """The environment of the application under measurement."""
    return {
        "WEBINAR_ENV": "development",
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(folder / "files"),
        "WEBINAR_SECRET_KEY": secrets.token_urlsafe(48),
        "WEBINAR_LINK_KEYS": secrets.token_urlsafe(48),
        "WEBINAR_BASE_URL": "http://127.0.0.1",
        "WEBINAR_OFFICE_NAME": "Landratsamt Würzburg",
        "WEBINAR_OFFICE_UNIT": "Büro des Landrats",
        "WEBINAR_OFFICE_ADDRESS": "Zeppelinstraße 15, 97074 Würzburg",
        "WEBINAR_OFFICE_EMAIL": "after-work-wissen@lra.example",
        "WEBINAR_OFFICE_PHONE": "0931 0000-123",
    }


def version(kind: str) -> str:
    """The server's version; raises psycopg.OperationalError where there is no PostgreSQL."""
    if kind == "sqlite":
        import sqlite3  # noqa: PLC0415  only its version

        return sqlite3.sqlite_version
    with psycopg.connect(SERVER, connect_timeout=3) as connection:
        return str(connection.info.server_version // 10000)


def available() -> list[str]:
    """PostgreSQL where a server is there, and always SQLite."""
    try:
        version("postgresql")
    except psycopg.OperationalError:
        return ["sqlite"]
    return list(KINDS)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database with all tables, as the drivers read it."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'bench.db'}"
        _migrate(url, folder)
        yield url
        return
    name = f"webinar_bench_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        url = SERVER.rpartition("/")[0] + f"/{name}"
        _migrate(url, folder)
        yield url
    finally:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _migrate(url: str, folder: Path) -> None:
    app = create_app(settings(url, folder))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
