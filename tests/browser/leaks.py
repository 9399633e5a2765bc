"""What must stand in no log: links, keys, passwords, addresses and names of the running set-up."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import select

from webinar import create_app
from webinar.demo import environment
from webinar.domain import links
from webinar.extensions import db, reading
from webinar.models import Account, Contact, Link, Speaker

PROGRAMS = ("web", "worker")
"""Those of the product; the local mailbox beside them shows mails, that is its purpose."""


def secrets(folder: Path) -> set[str]:
    """Everything secret or personal that the set-up in the folder knows, as it would be written."""
    setup = environment.prepare({"WEBINAR_VAR": str(folder)})
    app = create_app(setup.environ({}))
    settings = app.extensions["settings"]
    found = {setup.password, settings.secret_key, *settings.link_keys}
    with app.app_context(), reading():
        for link in db.session.scalars(select(Link)):
            found.add(links.token(link, keys=settings.link_keys))
        for model in (Contact, Speaker):
            for person in db.session.scalars(select(model)):
                found.add(f"{person.first_name} {person.last_name}".strip())
                found.add(f"{person.last_name}, {person.first_name}")
        for owner in (Contact, Account):
            found |= set(db.session.scalars(select(owner.email)))
        found |= set(db.session.scalars(select(Account.name)))
        db.session.remove()
        db.engine.dispose()
    return {one for one in found if one and len(one) > 5}


def in_logs(folder: Path, known: set[str]) -> list[str]:
    """What of it stands in a log, with the program's name; letters' case plays no part."""
    pattern = re.compile("|".join(re.escape(one) for one in sorted(known)), re.IGNORECASE)
    return [
        f"{name}: {found}"
        for name in PROGRAMS
        for found in sorted(set(pattern.findall((folder / "log" / f"{name}.log").read_text())))
    ]
