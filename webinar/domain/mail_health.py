"""How the sending of mail stands, in a few numbers: what waits, since when, when the last one left,
and whether the relay takes anything at all. For the office; what operators watch is
`domain.health`'s.

Reads only, a few queries whatever the number of mails. A relay that refuses everybody is one
thing to say, not three hundred failures of three hundred people; it is told by what it answered
since it last took a mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain.health import last_beat
from webinar.extensions import db
from webinar.models import Mail, MailState

S = MailState
PATIENCE = timedelta(minutes=10)
"""How long due mail may wait before somebody should look whether the worker runs."""
RECENT = timedelta(days=1)
LATEST = 20
"""How many of the last refusals are looked at."""
HOUSES = 3
"""From as many recipients' domains on, a refusal that none of them escapes is the relay's own."""
OF_THE_RELAY = re.compile(r"(?:0|421|454|530|534|535|538)\b")
"""Codes that speak of the connection, of TLS or of our sign-in (RFC 3207, 4954), never of a
recipient; 0 where there was no answer."""
OF_THE_MAILBOX = re.compile(r"\d{3} [245]\.[12]\.|55[023]$")
"""Causes that accuse one address (RFC 3463, 3.2 and 3.3): several wrong ones in a row are no
trouble of the relay."""
_CAUSE = re.compile(r"([245]\d\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3}))?")


@dataclass(frozen=True)
class Trouble:
    """The relay takes nothing: what it answered last, since when, and to how many tries."""

    reply: str
    since: datetime
    count: int


@dataclass(frozen=True)
class Health:
    """Numbers of mails; `waiting_since` is the moment of the oldest that should have gone out."""

    sent: int
    waiting: int
    retrying: int
    undelivered: int
    waiting_since: datetime | None
    last_sent_at: datetime | None
    trouble: Trouble | None
    stalled: bool
    """Mail is due, nothing leaves and no worker gives a sign of life."""

    @property
    def under_way(self) -> int:
        return self.waiting + self.retrying


def health() -> Health:
    """How it stands over all talks."""
    rows = db.session.execute(
        select(Mail.state, func.count(), func.min(Mail.next_try_at)).group_by(Mail.state)
    ).all()
    counts = {S(row[0]): int(row[1]) for row in rows}
    due = [row[2] for row in rows if row[0] in (S.QUEUED, S.SENDING) and row[2] <= now()]
    since = min(due, default=None)
    last = db.session.scalar(
        select(func.max(Mail.sent_at)).where(Mail.state.in_((S.SENT, S.BOUNCED)))
    )
    return Health(
        sent=counts.get(S.SENT, 0),
        waiting=counts.get(S.QUEUED, 0) + counts.get(S.SENDING, 0),
        retrying=counts.get(S.RETRY, 0),
        undelivered=_undelivered() if counts.get(S.FAILED) or counts.get(S.BOUNCED) else 0,
        waiting_since=since,
        last_sent_at=last,
        trouble=_trouble(last) if counts.get(S.RETRY) or counts.get(S.FAILED) else None,
        stalled=since is not None and _stands_still(since, last),
    )


def _stands_still(waiting_since: datetime, last_sent_at: datetime | None) -> bool:
    """Mail can wait for a reason, such as a limit of the relay; without a worker it has none."""
    late = now() - PATIENCE
    if waiting_since >= late or (last_sent_at is not None and last_sent_at > late):
        return False
    beat = last_beat()
    return beat is None or beat < late


def _undelivered() -> int:
    """What did not arrive and was not sent again."""
    query = select(func.count()).where(
        Mail.state.in_((S.FAILED, S.BOUNCED)), Mail.resent_as_id.is_(None)
    )
    return db.session.scalar(query) or 0


def _trouble(last_sent_at: datetime | None) -> Trouble | None:
    query = select(Mail.reply, Mail.changed_at, Mail.recipient).where(
        Mail.state.in_((S.RETRY, S.FAILED)),
        Mail.resent_as_id.is_(None),
        Mail.reply != "",
        Mail.next_try_at > now() - RECENT,
    )
    if last_sent_at is not None:
        query = query.where(Mail.changed_at > last_sent_at)
    rows = db.session.execute(query.order_by(Mail.changed_at.desc()).limit(LATEST)).all()
    found = [(row[0], row[1], row[2]) for row in rows]
    return None if not found else _judged(found)


def _judged(refusals: Sequence[tuple[str, datetime, str]]) -> Trouble | None:
    """Whether the refusals, the newest first, speak of the relay. The newest counts: whatever was
    wrong before it is over."""
    newest = refusals[0][0]
    same = [one for one in refusals if _cause(one[0]) == _cause(newest)]
    if OF_THE_RELAY.match(newest) is not None:
        return Trouble(newest, min(at for _reply, at, _to in same), len(same))
    houses = {recipient.rpartition("@")[2] for _reply, _at, recipient in same}
    accused = _CAUSE.match(newest) is None or OF_THE_MAILBOX.match(_cause(newest)) is not None
    if accused or len(houses) < HOUSES or len(same) < len(refusals):
        return None
    return Trouble(newest, min(at for _reply, at, _to in same), len(same))


def _cause(reply: str) -> str:
    """The codes of a refusal; of the sentences beside them each names another recipient."""
    if OF_THE_RELAY.match(reply) is not None:
        return "relay"
    found = _CAUSE.match(reply)
    return "" if found is None else " ".join(filter(None, found.groups()))
