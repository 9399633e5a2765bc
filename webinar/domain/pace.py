"""How many mails may leave per minute, for relays that want a limit.

Counted in the database, so that it holds for all workers together and through every restart: what
was sent, refused or taken in hand in the last minute. Claiming is `domain.delivery`'s; hours at
which mails rest are `domain.quiet_hours`'.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, func, or_, select, text

from webinar.clock import now
from webinar.extensions import db
from webinar.models import Mail, MailState

MINUTE = timedelta(minutes=1)
PARTS = 20
"""A minute's mails go out in at least so many portions: a relay that counts by the second must not
see a minute's worth in one."""
TRIED = (MailState.SENDING, MailState.RETRY, MailState.FAILED)
"""Their last change was a try, or is one that is still going on."""


def allowed(per_minute: int, *, most: int) -> int:
    """How many mails, up to `most`, may be claimed now; 0 per minute is no limit.

    No other transaction counts until this one ends, so the caller claims in it and commits soon.
    On SQLite the one write lock does it.
    """
    if per_minute == 0:
        return most
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('mail pace'))"))
    portion, stretch = portion_of(per_minute)
    free = min(per_minute - _tried(MINUTE), portion - _tried(stretch))
    return max(0, min(most, free))


def portion_of(per_minute: int) -> tuple[int, timedelta]:
    """The largest number of mails that leaves at once, and the stretch of time that it is for."""
    portion = -(-per_minute // PARTS)
    return portion, MINUTE * portion / per_minute


def _tried(within: timedelta) -> int:
    since = now() - within
    tried = or_(Mail.sent_at > since, and_(Mail.state.in_(TRIED), Mail.changed_at > since))
    return db.session.scalar(select(func.count(Mail.id)).where(tried)) or 0
