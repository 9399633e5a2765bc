"""Commands for operators: `webinar --help`. Long work shows its progress."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_security import hash_password

from webinar import create_app, settings_of
from webinar.adapters.jitsi_probe import UNSEEN
from webinar.commands.backup import backup, restore
from webinar.commands.database import database
from webinar.commands.journal import journal
from webinar.commands.retention import retention
from webinar.commands.search import search
from webinar.commands.storage import storage
from webinar.config import ConfigError, JitsiMode
from webinar.domain import accounts, second_factors
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import jitsi_check
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
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ORGANISER.value,
    show_default=True,
)
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


@account.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Take the second factors of EMAIL away, when no administrator can sign in to do it."""
    found = accounts.find_by_address(email)
    if found is None:
        raise click.ClickException(f"There is no account {email}.")
    second_factors.reset(found, by=None)
    count = accounts.end_sessions(found, by=None)
    db.session.commit()
    click.echo(f"{found.email} signs in without a second factor now; {count} sessions ended.")


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


@main.group()
def jitsi() -> None:
    """The video server that the office uses."""


@jitsi.command("check")
def check_jitsi() -> None:
    """Look at the running server from outside, and say what it lacks.

    Exit status 0: nothing that can be seen is missing; 1: something is; 2: no server is set.
    """
    settings = settings_of(current_app._get_current_object())  # type: ignore[attr-defined]  # its API
    found = settings.jitsi
    if found.mode is JitsiMode.NONE:
        raise click.UsageError("WEBINAR_JITSI_MODE names no server.")
    good = True
    for finding in jitsi_check.findings(found):
        good = good and finding.good
        click.echo(jitsi_check.line(finding))
    click.echo("\nNot to be seen from outside, so please look yourself (deploy/jitsi/README.md):")
    for line in UNSEEN:
        click.echo(f"  -  {line}")
    click.echo("\nTo try by hand in a browser, within ten minutes. You must read 'Diesen Raum gibt")
    click.echo("es nicht.': the room is no talk's, and our application refuses to create it.")
    click.echo(f"  {jitsi_check.test_link(found)}")
    sys.exit(0 if good else 1)


main.add_command(retention)
main.add_command(backup)
main.add_command(restore)
main.add_command(database)
main.add_command(journal)
main.add_command(search)
main.add_command(storage)


@main.command()
def worker() -> None:
    """Send mail and do background work until stopped."""
    from webinar.jobs.worker import run  # noqa: PLC0415  only the worker needs the loop

    run(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own API


if __name__ == "__main__":
    main()
