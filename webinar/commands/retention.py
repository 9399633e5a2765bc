"""`webinar retention`: what goes on schedule, and doing it now. The worker does it every hour."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webinar import settings_of
from webinar.config import Settings
from webinar.domain import retention as rules
from webinar.domain.retention_terms import in_force
from webinar.extensions import db


@click.group(cls=AppGroup)
def retention() -> None:
    """Data that go when their term is over."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
def run(dry_run: bool) -> None:
    """Let go of everything whose term is over, batch by batch; Ctrl-C stops between two batches."""
    settings = settings_of(current_app._get_current_object())  # type: ignore[attr-defined]  # its API
    if dry_run:
        _foretell(settings)
        return
    round_ = rules.Round(in_force(settings))
    try:
        while round_.step():
            db.session.commit()
            click.echo(f"\r{sum(round_.counts.values())} records", nl=False, err=True)
    except KeyboardInterrupt:
        db.session.rollback()
        click.echo("\nStopped. What went stays gone; the next run goes on.", err=True)
    db.session.commit()
    click.echo("", err=True)
    for name, count in round_.counts.items():
        click.echo(f"{count:>8}  {name}")
    if not round_.counts:
        click.echo("Nothing is due.")


def _foretell(settings: Settings) -> None:
    click.echo(f"{'now':>8} {'30 days':>8}  {'term':>6}  kind")
    for line in rules.forecast(in_force(settings)):
        term = f"{line.days} d" if line.days else "own"
        click.echo(f"{line.due:>8} {line.soon:>8}  {term:>6}  {line.kind.name} ({line.kind.act})")
    db.session.rollback()
