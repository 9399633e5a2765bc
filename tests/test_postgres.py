"""Lines to PostgreSQL that were cut, and writing in what only reads."""

from __future__ import annotations

import pytest
from flask import Flask
from psycopg import Connection
from sqlalchemy import text

from tests import factories
from webinar.extensions import db, reading

ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@ON_POSTGRES
def test_line_that_the_server_ended_is_replaced_before_it_is_used(app: Flask) -> None:
    with db.engine.connect() as kept, db.engine.connect() as other:
        process = kept.scalar(text("SELECT pg_backend_pid()"))
        kept.close()
        other.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
        with db.engine.connect() as next_one:
            assert next_one.scalar(text("SELECT pg_backend_pid()")) != process


@ON_POSTGRES
def test_what_only_reads_is_no_transaction(app: Flask) -> None:
    found = []
    for only in (True, False):
        with reading(only):
            line = db.session.connection().connection.driver_connection
            assert isinstance(line, Connection)
            found.append(line.autocommit)
            db.session.rollback()
    assert found == [True, False]


def test_what_only_reads_cannot_write(app: Flask) -> None:
    contact = factories.contact()
    with reading():
        contact.last_name = "Anders"
        with pytest.raises(RuntimeError, match="only reads"):
            db.session.flush()
        db.session.rollback()
    assert contact.last_name != "Anders"
