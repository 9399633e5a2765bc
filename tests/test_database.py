"""The database as every process finds it: migrations, constraints, and how transactions begin."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from tests import factories
from webinar import create_app
from webinar.clock import now
from webinar.extensions import db, reading
from webinar.models import Answer, Contact, Invitation, Mode, Registration, RegistrationState, Talk
from webinar.models.search import is_mapped

OPTIONS = {"compare_type": True, "include_name": is_mapped}


def test_migrations_and_models_describe_the_same_tables(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, db.metadata) == []


def test_migrations_go_back_and_forth(environ: dict[str, str]) -> None:
    app = create_app(environ)
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        flask_migrate.upgrade()
        assert set(db.metadata.tables) <= set(inspect(db.engine).get_table_names())
        db.engine.dispose()


def test_talk_cannot_end_before_it_starts(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="ends_after_start"):
        factories.talk(minutes=-1)


def test_unknown_state_is_refused_by_the_database(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="state_known"):
        factories.talk(state="postponed")


def test_one_contact_has_one_invitation_to_a_talk(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    factories.invitation(talk, contact)
    with pytest.raises(IntegrityError):
        factories.invitation(talk, contact, answer=Answer.DECLINED)


def test_one_registration_of_a_contact_is_active_and_many_may_have_ended(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()

    def register(state: RegistrationState) -> None:
        factories.save(
            Registration(talk_id=talk.id, contact_id=contact.id, state=state, mode=Mode.ONLINE)
        )

    register(RegistrationState.CANCELLED)
    register(RegistrationState.CANCELLED)
    register(RegistrationState.WAITING)
    with pytest.raises(IntegrityError):
        register(RegistrationState.CONFIRMED)


def test_address_and_name_identify_an_active_contact_and_retired_ones_do_not_count(
    app: Flask,
) -> None:
    values = {"first_name": "Eva", "last_name": "Weiß", "email": "weiss@lra.example"}
    factories.contact(**values, retired_at=now())
    factories.contact(**values)
    factories.contact(**{**values, "first_name": "Karl"})
    with pytest.raises(IntegrityError):
        factories.contact(**values)


def test_rows_that_are_needed_cannot_be_deleted(app: Flask) -> None:
    talk = factories.talk()
    factories.invitation(talk, factories.contact())
    with pytest.raises(IntegrityError):
        db.session.execute(Talk.__table__.delete())


def test_moments_come_back_aware_and_naive_ones_are_refused(app: Flask) -> None:
    start = factories.at("2027-01-14T17:00")
    talk = factories.talk(starts_at=start)
    db.session.expire_all()
    found = db.session.scalars(select(Talk)).one()
    assert found.starts_at == start
    assert found.starts_at.utcoffset() == timedelta(0)
    assert found.local_start == datetime(2027, 1, 14, 18, 0)  # noqa: DTZ001  a wall clock
    talk.starts_at = datetime(2027, 1, 14, 18, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a zone"):
        db.session.flush()


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@only_sqlite
def test_sqlite_is_prepared_for_several_processes(app: Flask) -> None:
    with db.engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000}


def rival(app: Flask) -> sqlite3.Connection:
    path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    return sqlite3.connect(path, timeout=0.1, isolation_level=None)


@only_sqlite
def test_sqlite_writer_holds_the_lock_from_the_beginning(app: Flask) -> None:
    other = rival(app)
    db.session.execute(select(Contact.id))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    db.session.rollback()
    other.execute("BEGIN IMMEDIATE")
    other.close()


@only_sqlite
def test_sqlite_reader_lets_writers_pass(app: Flask) -> None:
    other = rival(app)
    with reading():
        db.session.execute(select(Contact.id))
        other.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")
    db.session.rollback()
    other.close()


@only_sqlite
def test_request_that_only_reads_takes_no_write_lock(app: Flask) -> None:
    talk = factories.talk()
    db.session.remove()
    other = rival(app)
    other.execute("BEGIN IMMEDIATE")
    assert app.test_client().get(f"/veranstaltungen/{talk.slug}").status_code == 200
    other.execute("ROLLBACK")
    other.close()


@only_postgres
def test_postgres_waits_at_a_locked_talk(app: Flask) -> None:
    """The lock that places are given under is a real one: a rival does not get past it."""
    talk = factories.talk()
    with db.engine.connect() as connection:
        connection.execute(select(Talk.id).where(Talk.id == talk.id).with_for_update())
        db.session.execute(db.text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            db.session.execute(select(Talk.id).where(Talk.id == talk.id).with_for_update())


def test_invitation_belongs_to_talk_and_contact(app: Flask) -> None:
    invitation = factories.invitation(factories.talk(), factories.contact())
    db.session.expire_all()
    found = db.session.get(Invitation, invitation.id)
    assert found is not None
    assert found.answer == Answer.NONE
