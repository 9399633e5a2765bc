"""Sending what the outbox holds: claim, freeze, commit; then hand over one by one, each committed.

The commits are the point. A mail's bytes are kept before the relay sees them, so every try sends
the same; its end is kept (`webinar.jobs.ledger`) before the next one leaves, so a crash doubles at
most the mail that was on its way, under the same Message-ID. Bytes come from
`webinar.jobs.batches`, the wire is `webinar.adapters.smtp`, the states are
`webinar.domain.delivery`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from webinar.adapters.smtp import FinalRefusal, OutOfReach, Refusal, Relay
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery, pace, quiet_hours
from webinar.extensions import db
from webinar.jobs.batches import Batch, Parcel
from webinar.jobs.ledger import Ledger
from webinar.jobs.prepared_letters import Press
from webinar.models import Mail, MailState

BATCH = 200
LEASE = timedelta(minutes=1)
"""Renewed by `webinar.jobs.heart` while the worker lives."""
HOLD = timedelta(minutes=10)
"""How long it is renewed at most."""
STRETCH = timedelta(minutes=1)
"""How long a batch may go on: what it has not sent by then goes back, to be checked anew."""
USUAL_TIMEOUT = 30
"""The relay's time limit, in seconds, that HOLD and STRETCH are made for. They grow and shrink with
it: the hold has to outlast the batch and its last delivery, of a dozen replies at most."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""Before the second try, the third, and so on; then the mail has failed."""
REPLY_LENGTH = 1000

log = structlog.get_logger()


def relay_of(settings: Settings) -> Relay:
    """The relay of the settings; connects at the first delivery."""
    mail = settings.mail
    return Relay(
        host=mail.host,
        port=mail.port,
        user=mail.user,
        password=mail.password,
        security=mail.security.value,
        timeout=float(mail.timeout),
        ca_file=mail.ca_file or None,
        hello=settings.mail_domain,
    )


@dataclass
class Kept:
    """What a worker keeps from one batch to the next."""

    press: Press
    ledger: Ledger


def work(
    settings: Settings,
    relay: Relay,
    *,
    count: int = BATCH,
    stopped: Callable[[], bool] = lambda: False,
    token: str | None = None,
    kept: Kept | None = None,
) -> int:
    """Send up to `count` due mails; returns how many were claimed. `stopped` is asked between two
    mails: what is left goes back to the queue.

    A worker names itself by one `token` for all its calls, so that it can hand back what it held
    when it lost the database. Raises `OutOfReach`, with everything put down, where the relay cannot
    be reached.
    """
    if kept is None:
        with Ledger() as ledger:
            found = Kept(Press(settings), ledger)
            return work(settings, relay, count=count, stopped=stopped, token=token, kept=found)
    token, mails = _claimed(settings, count=count, token=token)
    if not mails:
        return 0
    batch = Batch(
        mails,
        token=token,
        settings=settings,
        press=kept.press,
        unwritten=lambda mail, reply: _again(mail, token, reply),
    )
    db.session.commit()
    try:
        _send(
            batch,
            token=token,
            settings=settings,
            relay=relay,
            ledger=kept.ledger,
            stopped=stopped,
        )
    except OutOfReach as trouble:
        _put_down(token)
        log.warning("relay out of reach", code=trouble.code, reply=trouble.reply)
        raise
    _put_down(token)
    return len(mails)


def _claimed(settings: Settings, *, count: int, token: str | None) -> tuple[str, list[Mail]]:
    """What may go out now, taken in hand and committed."""
    delivery.hand_back_expired()
    token, mails = delivery.claim(
        count=pace.allowed(settings.mail.per_minute, most=count),
        until=now() + LEASE,
        token=token,
        only=quiet_hours.may_go(settings.mail.quiet_hours),
        first=quiet_hours.waited_for() if settings.mail.per_minute else None,
    )
    db.session.commit()
    return token, mails


def longest(settings: Settings) -> timedelta:
    """How long a worker may hold a mail that it has claimed or written."""
    return _scaled(HOLD, settings)


def _scaled(span: timedelta, settings: Settings) -> timedelta:
    return span * (settings.mail.timeout / USUAL_TIMEOUT)


def _put_down(token: str) -> None:
    """Hand back what the batch did not come to."""
    if delivery.hand_back(token):
        log.info("mails handed back")
    db.session.commit()


def _until(
    ends: datetime, stopped: Callable[[], bool], parcels: Iterator[Parcel]
) -> Iterator[Parcel]:
    while not stopped() and now() < ends:
        parcel = next(parcels, None)
        if parcel is None:
            return
        yield parcel


def _send(
    batch: Batch,
    *,
    token: str,
    settings: Settings,
    relay: Relay,
    ledger: Ledger,
    stopped: Callable[[], bool],
) -> None:
    """Hand over one by one: none before the end of the one before is kept."""

    def wait() -> None:
        batch.kept(ledger.wait())

    def before() -> None:
        batch.write_one()
        wait()

    parcels = _until(now() + _scaled(STRETCH, settings), stopped, batch.parcels(wait))
    sender = settings.mail.sender
    with closing(relay.deliver_each(parcels, sender=sender, before=before)) as stream:
        for parcel, refusal in stream:
            if refusal is None:
                ledger.begin(parcel.mail, token=token, later=batch.later())
                continue
            wait()
            _refused(parcel.mail, token, refusal)
            db.session.commit()
            if isinstance(refusal, OutOfReach):
                raise refusal
    ledger.wait()


def _refused(mail: Mail, token: str, refusal: Refusal) -> None:
    reply = _reply(refusal.code, refusal.reply)
    if isinstance(refusal, FinalRefusal):
        _settle(mail, token, MailState.FAILED, reply=reply)
    else:
        _again(mail, token, reply, for_ever=isinstance(refusal, OutOfReach))


def _again(mail: Mail, token: str, reply: str, *, for_ever: bool = False) -> None:
    """Try later, or give up after the last pause. `for_ever`: never give up, since no mail is at
    fault where the relay cannot be reached or does not know our password."""
    if for_ever or mail.attempts < len(PAUSES):
        pause = PAUSES[min(mail.attempts, len(PAUSES) - 1)]
        _settle(mail, token, MailState.RETRY, reply=reply, next_try_at=now() + pause)
    else:
        _settle(mail, token, MailState.FAILED, reply=reply)


def _settle(mail: Mail, token: str, state: MailState, **values: object) -> None:
    values = {"attempts": mail.attempts + 1, **values}
    if not delivery.settle(mail, token=token, state=state, **values):
        log.warning("lease lost", mail_id=mail.id, state=state)


def _reply(code: int, reply: str) -> str:
    return f"{code} {reply}".strip()[:REPLY_LENGTH]
