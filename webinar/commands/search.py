"""`webinar search`: the index of the archive, written anew from what is stored."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webinar.domain import search_index
from webinar.extensions import db


@click.group(cls=AppGroup)
def search() -> None:
    """The index of talks, slides and subtitles."""


@search.command("rebuild")
def rebuild() -> None:
    """Write the index anew from what is stored, while everything goes on."""
    talks = 0
    for step in search_index.rebuild():
        db.session.commit()
        talks = step.total
        click.echo(f"\r{step.done} of {step.total} talks", nl=False)
    click.echo(f"\rThe index holds {talks} talks and their materials.")
