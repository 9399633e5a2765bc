"""`webinar journal`: doing again what was erased and revoked, after the database came back from a
backup by other means than `webinar restore`."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webinar import settings_of
from webinar.adapters import journal as file
from webinar.config import Settings
from webinar.domain import journals
from webinar.extensions import db


@click.group(cls=AppGroup)
def journal() -> None:
    """The journal of erasures and closed links (WEBINAR_JOURNAL)."""


@journal.command("apply")
def apply() -> None:
    """Erase and revoke again whatever the journal names and the database still has."""
    apply_again(settings_of(current_app._get_current_object()))  # type: ignore[attr-defined]  # its API


def apply_again(settings: Settings) -> None:
    """Do it, commit, and say how much it was."""
    done = journals.apply(file.read(settings.journal), keys=settings.link_keys)
    db.session.commit()
    click.echo(f"{done.erased} people erased again, {done.revoked} links closed again.")
    if done.foreign:
        click.echo(
            f"{done.foreign} entries fit no row by any of WEBINAR_LINK_KEYS: another row has the "
            "number now, or the key of that time is missing.",
            err=True,
        )
