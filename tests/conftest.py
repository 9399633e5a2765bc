"""A fresh application and database for each test, on SQLite and on PostgreSQL.

Every test that takes `app` (directly or through another fixture) runs twice. PostgreSQL comes from
TEST_DATABASE_URL or from 127.0.0.1:5432; where there is none those runs are skipped, and with
WEBINAR_REQUIRE_POSTGRES=1 they fail instead.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import psycopg
import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright
from psycopg import sql
from sqlalchemy import Engine, event

from tests import factories, readings, weed
from tests.quick import share_compiled, shared_app
from webinar import create_app
from webinar.domain import account_sessions
from webinar.extensions import db, limiter
from webinar.models import Account, AccountSession, Role, SignInMethod
from webinar.models.base import public_id

ENVIRON = {
    "WEBINAR_ENV": "test",
    "WEBINAR_SECRET_KEY": "a test secret of more than thirty-two bytes",
    "WEBINAR_LINK_KEYS": "a link key for tests that is long enough to pass",
    "WEBINAR_BASE_URL": "http://localhost",
    "WEBINAR_OFFICE_NAME": "Landratsamt Würzburg",
    "WEBINAR_OFFICE_UNIT": "Büro des Landrats",
    "WEBINAR_OFFICE_ADDRESS": "Zeppelinstraße 15, 97074 Würzburg",
    "WEBINAR_OFFICE_EMAIL": "after-work-wissen@lra.example",
    "WEBINAR_OFFICE_PHONE": "0931 0000-1234",
    "WEBINAR_MAIL_SECURITY": "none",
}
PASSWORD = "ein langes Kennwort"
FAR = datetime(2990, 1, 1, tzinfo=UTC)

share_compiled()

# How long a test waits for what does come must not depend on how busy the machine is.
os.environ.setdefault("AIOSMTPD_CONTROLLER_TIMEOUT", "60")
expect.set_options(timeout=30_000)  # as playwright waits elsewhere
busy = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **busy)
settings.register_profile("new", **busy)
# The same examples in every run: what fails, fails by a change. New ones: --hypothesis-profile=new.
settings.load_profile("same")


@event.listens_for(Engine, "connect")
def _never_wait_for_the_disk(connection: object, _record: object) -> None:
    """What a crash of the machine would lose is of no interest here."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `once` runs on SQLite alone; and in which order the rest runs.

    In one process the fast tests come first: whoever breaks something hears of it soon. Of several
    processes the first begins with the slow ones, which then share one browser and one set-up, the
    others begin with fast ones, and whoever is done takes over from the fast ones that are left.
    """
    twice = [item for item in items if marked(item, "once") and marked(item, "postgres")]
    config.hook.pytest_deselected(items=twice)
    first = ("browser", "kill", "race", "soak")
    order = -1 if hasattr(config, "workerinput") else 1
    items[:] = sorted(
        (item for item in items if item not in set(twice)),
        key=lambda item: order * any(marked(item, name) for name in first),
    )


def marked(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None


def _server() -> str:
    return os.environ.get("TEST_DATABASE_URL") or "postgresql://root@127.0.0.1:5432/postgres"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this test process on the server, empty and migrated; dropped at the end."""
    server = _server()
    name = f"webinar_test_{os.getpid()}"
    try:
        with psycopg.connect(server, autocommit=True, connect_timeout=3) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
            # What a crash would lose is of no interest here, and waiting for the disk is slow.
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    except psycopg.OperationalError as problem:
        if os.environ.get("WEBINAR_REQUIRE_POSTGRES"):
            raise
        pytest.skip(f"no PostgreSQL: {problem}")
    url = server.rpartition("/")[0] + f"/{name}"
    _migrate(url)
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    app = create_app({**ENVIRON, "WEBINAR_DATABASE_URL": url})
    with app.app_context():
        flask_migrate.upgrade()
        if url.startswith("sqlite"):
            # The copy must not depend on the write-ahead log beside the file.
            with db.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this process keeps the database of each test: one address, so that one engine serves
    all tests and compiles each statement once (`tests.quick`)."""
    return tmp_path_factory.mktemp("sqlite") / "test.db"


def fresh_sqlite(path: Path, *, template: Path) -> str:
    """The address of a new file with all tables; what an earlier test left there is gone."""
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()
    shutil.copy(template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database with all tables."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        return fresh_sqlite(request.getfixturevalue("sqlite_path"), template=template)
    request.getfixturevalue("wipe_postgres")()
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def wipe_postgres(postgres_url: str) -> Iterator[Callable[[], object]]:
    """Empties all tables. Most are empty after most tests: asking each in one call to the server is
    far quicker than deleting from it, and that quicker than truncating its files."""
    one = "IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;"
    # Young lines of the audit log cannot be deleted, whoever asks: that is what is tested.
    log = (
        "IF EXISTS (SELECT FROM {table}) THEN"
        " ALTER TABLE {table} DISABLE TRIGGER audit_entries_only_grows; DELETE FROM {table};"
        " ALTER TABLE {table} ENABLE TRIGGER audit_entries_only_grows; END IF;"
    )
    body = sql.SQL(" ").join(
        sql.SQL(log if table.name == "audit_entries" else one).format(
            table=sql.Identifier(table.name)
        )
        for table in reversed(db.metadata.sorted_tables)
    )
    function = "CREATE FUNCTION pg_temp.wipe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL(function).format(body))
        yield lambda: connection.execute("SELECT pg_temp.wipe()")


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of the application under test; a test may add to them before it asks for app."""
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
    }


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of a running S3 server."""
    with weed.running(tmp_path_factory.mktemp("weed")) as settings:
        yield settings


@pytest.fixture
def s3(s3_server: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The settings of a part of the bucket that is this test's alone."""
    return s3_server | {"WEBINAR_S3_PREFIX": secrets.token_hex(8)}


@pytest.fixture
def app(environ: dict[str, str]) -> Iterator[Flask]:
    """The application, inside its context."""
    app = shared_app(environ, prepare=part_requests)
    limiter.enabled = False  # its own test turns it on
    with app.app_context():
        yield app
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()  # the next test has another file; a line to a server can stay


def part_requests(app: Flask) -> None:
    """Let requests inside one application context have as little in common as outside tests."""
    app.before_request_funcs.setdefault(None, []).insert(0, forget)
    app.teardown_request(end_reading)


def forget() -> None:
    """Each request begins with an empty `g`, as it does outside tests: here all requests share the
    test's application context, and would inherit each other's user, link, language and policy."""
    for name in list(g):
        g.pop(name)


def end_reading(_problem: BaseException | None) -> None:
    """The database session ends with the request outside tests. Here it goes on, and what a page
    began as mere reading (`extensions.reading`) would be written in afterwards."""
    if request.method in ("GET", "HEAD"):
        db.session.rollback()


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decks and films that an earlier test has read are not read again."""
    readings.share(monkeypatch)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def organiser(app: Flask) -> Account:
    """An account of the office that may write."""
    return factories.account(role=Role.ORGANISER)


@pytest.fixture
def administrator(app: Flask) -> Account:
    """Staff who see everything."""
    return factories.account(role=Role.ADMIN, name="Miriam Hartmann")


@pytest.fixture
def desk(app: Flask, organiser: Account) -> FlaskClient:
    """A browser in which the organiser is signed in. CSRF is off; its own test turns it on."""
    return signed_in(app, organiser)


def signed_in(app: Flask, account: Account) -> FlaskClient:
    """A browser in which the account is signed in, by the session that signing in would leave."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    client = app.test_client()
    key = public_id()
    row = AccountSession(
        account_id=account.id, key_hash=account_sessions.hashed(key), method=SignInMethod.PASSWORD
    )
    # Tests move the clock; this session lives, and counts as fresh, on every day of theirs.
    row.created_at = row.seen_at = row.fresh_at = FAR
    db.session.add(row)
    db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = key
    return client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium; as root: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        yield started
        started.close()
