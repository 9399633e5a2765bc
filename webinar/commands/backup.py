"""`webinar backup` and `webinar restore`: database and files in one file, and back.

A backup is taken while everything runs: the database as of one moment, then the files, of which
none that a row names can be missing but those deleted since. A restore reads the whole file before
it touches anything, wants an empty place, and ends with the journal: what was erased or revoked
after the backup is so again.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import flask_migrate
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from flask.cli import with_appcontext

from webinar import __version__, settings_of
from webinar.adapters import archive, backup_folders
from webinar.adapters.sealing import Damaged
from webinar.adapters.storage import Storage, storage_of
from webinar.clock import now
from webinar.commands.journal import apply_again
from webinar.config import SECRET_LENGTH, Settings
from webinar.domain import snapshots
from webinar.domain.snapshots import Restorer
from webinar.errors import NotThere
from webinar.extensions import db

TABLES, FILES = "tables/", "files/"
UNLIMITED = sys.maxsize
Key = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the key that seals and opens (32 bytes or more).",
)


class Progress:
    """One line on standard error that is written over."""

    def __init__(self, verb: str) -> None:
        self._verb, self._members, self._bytes = verb, 0, 0

    def __call__(self, _name: str, size: int) -> None:
        self._members += 1
        self._bytes += size
        line = f"\r{self._verb}: {self._members} parts, {self._bytes / 1_000_000:.1f} MB"
        click.echo(line, nl=False, err=True)

    def end(self) -> None:
        click.echo("", err=True)


@click.command("backup")
@with_appcontext
@click.argument("path", type=click.Path(path_type=Path))
@Key
@click.option(
    "--keep",
    type=click.IntRange(1),
    help="PATH is a folder: write a file named after the time, read it back, and let only this"
    " many of the newest stay.",
)
def backup(path: Path, key_file: Path | None, keep: int | None) -> None:
    """Write database and files to PATH, which must not exist."""
    key = _key(key_file)
    file = path if keep is None else backup_folders.next_file(path)
    _write(file, key=key)
    if keep is None:
        return
    try:
        archive.verify(file, key=key)
    except Damaged as problem:
        raise click.ClickException(f"{file}: {problem}. Older ones were left alone.") from problem
    for gone in backup_folders.tidy(path, keep=keep):
        click.echo(f"{gone} was removed.")


def _write(path: Path, *, key: str) -> None:
    progress = Progress("written")
    try:
        with archive.written(path, key=key) as writer:
            missing = save(writer, storage=storage_of(_settings()), progress=progress)
    except FileExistsError as problem:
        raise click.ClickException(f"{problem} exists already; nothing was written.") from problem
    except OSError as problem:
        raise click.ClickException(f"{path}: {problem.strerror}. Nothing was written.") from problem
    progress.end()
    for name in missing:
        click.echo(f"The file {name} was deleted meanwhile and is not in the backup.", err=True)
    click.echo(f"{path}: {path.stat().st_size / 1_000_000:.1f} MB")


@click.command("restore")
@with_appcontext
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@Key
@click.option("--check", is_flag=True, help="Verify the file and change nothing.")
def restore(path: Path, key_file: Path | None, check: bool) -> None:
    """Bring database and files back from PATH, into an empty place."""
    settings, key = _settings(), _key(key_file)
    progress = Progress("verified")
    try:
        said = archive.verify(path, key=key, progress=progress)
    except Damaged as problem:
        raise click.ClickException(f"{problem}. Nothing was touched.") from problem
    finally:
        progress.end()
    rows = sum(said["tables"].values())
    click.echo(f"Whole: {said['made_at']}, revision {said['revision']}, {rows} rows.")
    if check:
        return
    storage = storage_of(settings)
    _require_empty(storage, revision=str(said["revision"]))
    flask_migrate.upgrade(revision=str(said["revision"]))
    progress = Progress("restored")
    counts = bring_back(path, key=key, storage=storage, progress=progress)
    progress.end()
    if counts != said["tables"]:
        raise click.ClickException("The rows are not those that were written.")
    flask_migrate.upgrade()
    apply_again(settings)
    click.echo("Database and files are back. Start web server and worker.")


def save(
    writer: archive.Writer, *, storage: Storage, progress: Callable[[str, int], None]
) -> list[str]:
    """Write everything; returns the keys of files that went while it was written."""
    counts: dict[str, int] = {}
    with snapshots.moment() as connection:
        revision = snapshots.revision(connection)
        if revision != _newest():
            raise click.ClickException("The tables are of another version: webinar db upgrade.")
        for table in snapshots.tables():
            counts[table.name] = 0
            for number, (part, rows) in enumerate(snapshots.parts(connection, table)):
                writer.add_bytes(f"{TABLES}{table.name}/{number:06}.jsonl", part)
                counts[table.name] += rows
                progress(table.name, len(part))
    missing = []
    for key in sorted(storage.keys()):
        try:
            with storage.open(key) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                writer.add(f"{FILES}{key}", file, size=size)
        except NotThere:
            missing.append(key)
        else:
            progress(key, size)
    made = {"made_at": now().isoformat(timespec="seconds"), "version": __version__}
    rows_there = {name: count for name, count in counts.items() if count}
    writer.finish({**made, "revision": revision, "tables": rows_there})
    return missing


def bring_back(
    path: Path, *, key: str, storage: Storage, progress: Callable[[str, int], None]
) -> dict[str, int]:
    """Files first, since they get new keys; then the rows, in one transaction. What fails leaves no
    rows and no files. Returns how many rows each table got."""
    keys: dict[str, str] = {}
    try:
        with archive.members(path, key=key) as each:
            for name, content in each:
                if name.startswith(FILES):
                    stored = storage.put(content, limit=UNLIMITED)
                    keys[name.removeprefix(FILES)] = stored.key
                    progress(name, stored.size)
        with db.engine.begin() as connection:
            restorer = Restorer(connection, keys=keys)
            with archive.members(path, key=key) as each:
                for name, content in each:
                    if name.startswith(TABLES):
                        part = io.BytesIO(content.read())
                        restorer.add(name.split("/")[1], part.getvalue())
                        progress(name, len(part.getvalue()))
            restorer.finish()
    except BaseException:
        for stored_key in keys.values():
            storage.delete(stored_key)
        raise
    return restorer.counts


def _require_empty(storage: Storage, *, revision: str) -> None:
    with snapshots.moment() as connection:
        full, there = snapshots.emptiness(connection), snapshots.revision(connection)
    if full:
        raise click.ClickException(f"The database is not empty ({full[0]}). Nothing was touched.")
    if next(iter(storage.keys()), None) is not None:
        raise click.ClickException(
            "The bucket or folder of files is not empty. Nothing was touched."
        )
    if there not in ("", revision):
        raise click.ClickException(
            f"The database has tables of revision {there}; the backup is of {revision}. "
            "Please give an empty database. Nothing was touched."
        )
    try:
        ScriptDirectory(current_app.extensions["migrate"].directory).get_revision(revision)
    except CommandError as problem:
        raise click.ClickException(
            f"Revision {revision} is not known: the backup is of a newer version."
        ) from problem


def _newest() -> str:
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    return scripts.get_current_head() or ""


def _key(path: Path | None) -> str:
    if path is None:
        return ""
    key = path.read_text("utf-8").partition("\n")[0].strip()
    if len(key.encode()) < SECRET_LENGTH:
        raise click.ClickException(f"The key needs at least {SECRET_LENGTH} bytes.")
    return key


def _settings() -> Settings:
    return settings_of(current_app._get_current_object())  # type: ignore[attr-defined]  # its API
