"""PostgreSQL: the audit log only grows, for whoever connects, and an application that does not own
its tables can do no more than read and add."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from tests import factories
from webinar.clock import now
from webinar.commands.database import database
from webinar.domain import audit
from webinar.extensions import db
from webinar.models import AuditEntry

pytestmark = pytest.mark.postgres
ROLE = "webinar_test_application"
CHANGES = (
    "UPDATE audit_entries SET action = 'talk.created'",
    "UPDATE audit_entries SET changes = '{\"title\": true}'",
    "UPDATE audit_entries SET changes = '{}', record_id = 5",
    "DELETE FROM audit_entries",
    "TRUNCATE audit_entries",
)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def lines(app: Flask) -> tuple[int, int]:
    """A young and an old line, by their numbers."""
    young, old = (
        AuditEntry(
            action="talk.edited",
            record_type="talks",
            record_id=1,
            at=now() - timedelta(days=age),
            changes={"title": ["a", "b"]},
        )
        for age in (3, 400)
    )
    factories.save(young)
    factories.save(old)
    return young.id, old.id


@pytest.fixture
def application(app: Flask, postgres_url: str) -> Iterator[Engine]:
    """A connection as the role that the application has in production."""
    with db.engine.begin() as owner:
        owner.execute(text(f"DROP ROLE IF EXISTS {ROLE}"))
        owner.execute(text(f"CREATE ROLE {ROLE} LOGIN"))
    result = CliRunner().invoke(database, ["grant", ROLE])
    assert result.exit_code == 0, result.output
    url = db.engine.url.set(username=ROLE)
    engine = create_engine(url)
    yield engine
    engine.dispose()
    with db.engine.begin() as owner:
        owner.execute(text(f"DROP OWNED BY {ROLE}"))
        owner.execute(text(f"DROP ROLE {ROLE}"))


@pytest.mark.parametrize("statement", CHANGES)
def test_nobody_changes_the_log(lines: tuple[int, int], statement: str) -> None:
    """Also the owner is refused, by the trigger."""
    del lines
    with pytest.raises(DBAPIError, match="only grows"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_application_may_only_read_and_add(application: Engine, lines: tuple[int, int]) -> None:
    young, old = lines
    for statement in CHANGES:
        with pytest.raises(DBAPIError, match="denied"), application.begin() as connection:
            connection.execute(text(statement))
    with application.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entries (at, action, record_type, record_id, changes)"
                " VALUES (now(), 'talk.edited', 'talks', 1, '{}')"
            )
        )
        forgotten = connection.scalar(
            text("SELECT audit_forget(ARRAY[:young, :old])"), {"young": young, "old": old}
        )
        connection.execute(text("SELECT audit_redact(ARRAY[:young])"), {"young": young})
    assert forgotten == 1
    db.session.expire_all()
    assert db.session.get(AuditEntry, old) is None
    assert db.session.get_one(AuditEntry, young).changes == {}


def test_domain_forgets_and_redacts(app: Flask, lines: tuple[int, int]) -> None:
    audit.redact([lines[0]])
    assert audit.forget(list(lines)) == 1
    db.session.commit()
