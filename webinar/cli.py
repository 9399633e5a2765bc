"""Commands for operators: `webinar --help`. Long work shows its progress."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import FlaskGroup
from flask_security import hash_password

from webinar import create_app
from webinar.config import ConfigError
from webinar.domain import accounts
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Role


def _application() -> Flask:
    try:
        return create_app()
    except ConfigError as problem:
        for line in problem.problems:
            click.echo(line, err=True)
        sys.exit(78)  # EX_CONFIG of sysexits.h


@click.group(cls=FlaskGroup, create_app=_application, add_version_option=False)
def main() -> None:
    """Evening talks of a county office: web server, worker and their database."""


@main.group()
def account() -> None:
    """Accounts of the office's staff."""


@account.command("create")
@click.option("--email", prompt="E-Mail")
@click.option("--name", prompt="Name")
@click.option("--role", type=click.Choice(list(Role)), default=Role.ORGANISER, show_default=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def create_account(email: str, name: str, role: str, password: str) -> None:
    """Create an account that may sign in at once."""
    try:
        created = accounts.create(
            email=email,
            name=name,
            role=Role(role),
            password=password,
            hashed=str(hash_password(password)),
        )
    except RuleError as problem:
        raise click.ClickException(f"{problem.code} {problem.values or ''}".strip()) from problem
    db.session.commit()
    click.echo(f"{created.email} may sign in as {created.role}.")


@main.command()
def worker() -> None:
    """Send mail and do background work until stopped."""
    from flask import current_app  # noqa: PLC0415  only the worker needs the loop

    from webinar.jobs.worker import run  # noqa: PLC0415

    run(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own API


if __name__ == "__main__":
    main()
