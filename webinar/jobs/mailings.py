"""Expanding a mailing: the job that writes one mail for each recipient, batch by batch."""

from __future__ import annotations

from webinar.domain import mailings
from webinar.extensions import db
from webinar.jobs.queue import Run
from webinar.models import Mailing


def expand_mailing(run: Run, *, mailing_id: int) -> None:
    """Write the mails of the mailing; each batch is one transaction and holds the lease."""
    mailing = db.session.get_one(Mailing, mailing_id)
    finished = advanced = False
    while not finished:
        run.keep(advanced=advanced)
        finished = mailings.expand(mailing, ask_calendars=run.settings.inbox.read)
        db.session.commit()
        advanced = True
