"""Commands for operators: `webinar --help`. Long work shows its progress."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_security import hash_password

from webinar import create_app, settings_of
from webinar.adapters.jitsi_probe import UNSEEN
from webinar.adapters.storage import storage_of
from webinar.config import ConfigError, JitsiMode, Settings, StorageMode
from webinar.domain import accounts
from webinar.domain.stored_files import Named, in_the_making
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


@main.group()
def storage() -> None:
    """Where the bytes of files lie."""


@storage.command("verify")
@click.option("--quick", is_flag=True, help="Compare sizes alone, read no bytes.")
def verify_storage(quick: bool) -> None:
    """Compare the store with the records: what is missing, has changed, or belongs to nobody.

    Exit status 0: nothing; 1: something.
    """
    from webinar.jobs import stored_files  # noqa: PLC0415  as for the worker

    store = storage_of(_settings())
    with click.progressbar(length=_bytes(stored_files.named()), label="Comparing") as bar:
        found = list(stored_files.verify(store, read=not quick, progress=bar.update))
    for finding in found:
        click.echo(f"{finding.what:8} {finding.key}  {finding.by}".rstrip())
    click.echo(f"{len(found)} of the files are not as they should be." if found else "All is well.")
    sys.exit(1 if found else 0)


@storage.command("move")
@click.option(
    "--to", "target", type=click.Choice([mode.value for mode in StorageMode]), required=True
)
@click.option("--clear", is_flag=True, help="Remove each file from where it was, once it is there.")
def move_storage(target: str, clear: bool) -> None:
    """Carry every file to the other store. May be interrupted, and goes on when asked again.

    The program goes on with the store of its settings: carry once while it runs, stop it, carry
    what came meanwhile, change WEBINAR_STORAGE, start it.
    """
    from webinar.jobs import stored_files  # noqa: PLC0415  as for the worker

    settings = _settings()
    if not (settings.storage.bucket and settings.storage.key_id and settings.storage.secret):
        raise click.UsageError("WEBINAR_S3_BUCKET, _KEY_ID and _SECRET must name the bucket.")
    to = StorageMode(target)
    other = StorageMode.FOLDER if to is StorageMode.S3 else StorageMode.S3
    stores = storage_of(settings, other), storage_of(settings, to)
    with click.progressbar(length=_bytes(stored_files.named()), label=f"To {to}") as bar:
        moved = stored_files.move(*stores, clear=clear, progress=bar.update)
    click.echo(f"{moved.carried} carried, {moved.there} were there already.")
    for one in moved.lost:
        click.echo(f"missing or changed: {one.key}  {one.by}", err=True)
    if waiting := in_the_making():
        click.echo(f"{waiting} uploads are not complete; they do not move and begin anew.")
    sys.exit(1 if moved.lost else 0)


def _bytes(files: list[Named]) -> int:
    return sum(one.size or 1 for one in files)


def _settings() -> Settings:
    return settings_of(current_app._get_current_object())  # type: ignore[attr-defined]  # its API


@main.command()
def worker() -> None:
    """Send mail and do background work until stopped."""
    from webinar.jobs.worker import run  # noqa: PLC0415  only the worker needs the loop

    run(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own API


if __name__ == "__main__":
    main()
