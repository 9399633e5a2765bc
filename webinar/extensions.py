"""The Flask extensions, made once and bound in `create_app`; and how a database session begins.

SQLite takes the write lock when a transaction begins (`BEGIN IMMEDIATE`), so that two writers
queue instead of one failing at its first write. What only reads begins deferred: `reading` says so.

On PostgreSQL what only reads is no transaction at all: at READ COMMITTED each statement sees the
state of its own moment, with a transaction as well as without, and two round trips are saved.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask_babel import Babel
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_security.core import Security
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The parent of every table; constraint names are fixed so that migrations can find them."""

    metadata = MetaData(naming_convention=NAMES)


class OneDatabase(Session):
    """Goes to the one database without looking up, for every statement, whose table it is."""

    def get_bind(self, *_asked: object, **_more: object) -> Engine:
        return self._db.engine


class Limits(Limiter):
    """Counts at the views that say so.

    The library also looks, before every request, for limits on all of them; there are none.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


def client_address() -> str:
    """The network address that limits count by; proxies were resolved by `ProxyFix` before."""
    from flask import request  # noqa: PLC0415  the domain imports this module without a request

    return request.remote_addr or "unknown"


db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False, "class_": OneDatabase},
    # What a failing statement was given are names and addresses; its message stands in the log.
    engine_options={"hide_parameters": True},
)
migrate = Migrate()
babel = Babel()
csrf = CSRFProtect()
security = Security()
limiter = Limits(key_func=client_address)

_reads_only: ContextVar[bool] = ContextVar("reads_only", default=False)


@contextmanager
def reading(only: bool = True) -> Iterator[None]:
    """What begins inside the block only reads, and ends inside it: it does not take SQLite's write
    lock, and on PostgreSQL it is no transaction."""
    token = _reads_only.set(only)
    try:
        yield
    finally:
        _reads_only.reset(token)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # Python's own transaction handling would begin deferred and upgrade in the middle.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "synchronous=NORMAL",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if _reads_only.get() else "BEGIN IMMEDIATE")


@event.listens_for(Engine, "engine_connect")
def _begin_postgres(connection: Connection) -> None:
    if connection.dialect.name == "postgresql" and _reads_only.get():
        connection.execution_options(isolation_level="AUTOCOMMIT")


@event.listens_for(OneDatabase, "before_flush")
def _refuse_to_write(session: Session, _flushing: object, _instances: object) -> None:
    # On PostgreSQL it would stay written, whatever becomes of the request.
    if _reads_only.get() and (session.new or session.deleted or _changed(session)):
        raise RuntimeError("what only reads tried to write")


def _changed(session: Session) -> bool:
    return any(session.is_modified(row) for row in session.dirty)
