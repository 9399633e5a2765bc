"""`webinar database`: the rights of an application that does not own its tables (PostgreSQL)."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import text

from webinar.extensions import db

RIGHTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    "GRANT EXECUTE ON FUNCTION audit_forget(integer[]), audit_redact(integer[]) TO {role}",
)
"""What the application needs: reading and writing, but of the audit log only adding to it. The two
functions run with the owner's rights."""


@click.group(cls=AppGroup)
def database() -> None:
    """Rights in the database."""


@database.command("grant")
@click.argument("role")
def grant(role: str) -> None:
    """Give ROLE what the application needs, and take from it what would change the audit log.

    To be run as the owner of the tables, after every upgrade.
    """
    if db.engine.dialect.name != "postgresql":
        raise click.ClickException("SQLite knows no roles: whoever reads the file owns it.")
    quoted = db.engine.dialect.identifier_preparer.quote(role)
    with db.engine.begin() as connection:
        if connection.scalar(text("SELECT current_user")) == role:
            raise click.ClickException(f"{role} owns the tables: run this as another role's owner.")
        for statement in RIGHTS:
            connection.execute(text(statement.format(role=quoted)))
    click.echo(f"{role} may read and write, and only add to the audit log.")
