"""Writing the journal: an erasure after its commit, closed links every few minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from webinar.adapters import journal
from webinar.domain import journals
from webinar.extensions import db, reading
from webinar.jobs.queue import Run

BACK = timedelta(minutes=30)
"""A transaction may be committed that much later than its rows were changed."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def journal_erasure(run: Run, *, table: str, row_id: int, made: str) -> None:
    """Note that a person was erased; noting it twice is no harm."""
    run.keep()
    entry = journals.erasure(table, row_id, made, keys=run.settings.link_keys)
    journal.append(run.settings.journal, [entry])


def journal_links(run: Run) -> None:
    """Note which links were closed or replaced since the journal last heard of any."""
    known = [e for e in journal.read(run.settings.journal) if e.get("what") == journals.REVOKED]
    heard = {_named(entry) for entry in known}
    since = datetime.fromisoformat(str(known[-1]["at"])) - BACK if known else BEGINNING
    with reading():
        found = list(journals.closed_links(since, keys=run.settings.link_keys))
        db.session.commit()
    journal.append(run.settings.journal, [one for one in found if _named(one) not in heard])


def _named(entry: journals.Entry) -> tuple[object, ...]:
    return entry.get("mark"), entry.get("version"), entry.get("closed")
