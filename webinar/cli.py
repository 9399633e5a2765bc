"""Commands for operators: `webinar --help`. Long work shows its progress."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_security import hash_password

from webinar import create_app, settings_of
from webinar.config import ConfigError
from webinar.domain import accounts
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Role
from webinar.text import normalise_address


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


@main.group()
def mail() -> None:
    """The mail relay."""


@mail.command("test")
@click.argument("address")
def test_mail(address: str) -> None:
    """Send one real message to ADDRESS and say what the relay answered."""
    from webinar.jobs import mail_check  # noqa: PLC0415  as below
    from webinar.jobs.outbox import relay_of  # noqa: PLC0415

    settings = settings_of(current_app)
    mail = settings.mail
    try:
        recipient = normalise_address(address)
    except RuleError as problem:
        raise click.ClickException(problem.code) from problem
    click.echo(f"Relay {mail.host}:{mail.port} ({mail.security}), sender {mail.sender}")
    found = mail_check.check(settings, relay_of(settings), recipient=recipient)
    if not found.taken:
        raise click.ClickException(f"{found.meaning}\nThe relay said: {found.reply}")
    click.echo(f"The relay took the message to {recipient}, Message-ID {found.message_id}.")
    click.echo("Whether it arrives, and how it is judged, shows the source of what arrives.")


@main.command()
def worker() -> None:
    """Send mail and do background work until stopped."""
    # Only the worker needs the loop.
    from webinar.jobs.worker import run  # noqa: PLC0415

    run(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own API


if __name__ == "__main__":
    main()
