"""Runs the migrations on the application's own engine, on SQLite and PostgreSQL alike.

SQLite changes a table by copying it (batch mode). With foreign keys on, dropping the old parent
would empty its cascading children, and inside a transaction the switch has no effect: so it is
thrown before BEGIN, and `foreign_key_check` must find nothing before COMMIT.

An upgrade over many revisions is one transaction on either: what fails on the way leaves tables,
rows and revision as they were, so that the version that ran before can go on.
"""

from alembic import context
from sqlalchemy import Connection

from webinar.extensions import db
from webinar.models.base import Utc, WallClock
from webinar.models.search import is_mapped


def plain_types(kind: str, value: object, _context: object) -> str | bool:
    """Write our own column types as SQLAlchemy's: a migration must not change with the code."""
    if kind == "type" and isinstance(value, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, WallClock):
        return "sa.DateTime()"
    return False


def compare(connection: Connection) -> None:
    """Hand the connection to Alembic and run what was asked for."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_types,
        include_name=is_mapped,
        # Alembic does not trust SQLite with it; our connections begin by themselves (extensions).
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"foreign keys broken by the migration: {broken}")


def switch_foreign_keys(connection: Connection, *, on: bool) -> None:
    """Past SQLAlchemy, which would begin a transaction first."""
    raw = connection.connection.dbapi_connection
    if raw is not None:
        raw.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def run() -> None:
    """One connection for the whole upgrade."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            switch_foreign_keys(connection, on=False)
        try:
            compare(connection)
        finally:
            if connection.dialect.name == "sqlite":
                switch_foreign_keys(connection, on=True)


run()
