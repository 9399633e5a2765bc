"""`webinar storage`: compare the store with the records, and carry all files to another store."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from webinar import settings_of
from webinar.adapters.storage import storage_of
from webinar.config import Settings, StorageMode
from webinar.domain.stored_files import Named, in_the_making


@click.group(cls=AppGroup)
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
