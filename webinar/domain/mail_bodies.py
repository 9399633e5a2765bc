"""Letting go of what a mail said, once its term is over; that it was sent, to whom, about what and
how it went, stays until the registrations' own term.

What still waits keeps its bytes: each try has to send the same (`domain.delivery`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from webinar.extensions import db
from webinar.models import Mail, MailState

SETTLED = tuple(set(MailState) - {MailState.QUEUED, MailState.SENDING, MailState.RETRY})
BATCH = 500


def drop_next(*, before: datetime, after_id: int = 0, batch: int = BATCH) -> int | None:
    """Drop the bodies of the next mails, by their ids, that were settled before the moment; returns
    the last id, where to go on, or None where there are no more."""
    found = db.session.scalars(
        select(Mail.id)
        .where(
            Mail.id > after_id,
            Mail.state.in_(SETTLED),
            Mail.changed_at < before,
            Mail.content.is_not(None),
        )
        .order_by(Mail.id)
        .limit(batch)
    ).all()
    if not found:
        return None
    db.session.execute(
        update(Mail)
        .where(Mail.id.in_(found), Mail.state.in_(SETTLED))
        # The last change of a mail is the last thing that happened to it.
        .values(content=None, changed_at=Mail.changed_at)
        .execution_options(synchronize_session=False)
    )
    return found[-1]
