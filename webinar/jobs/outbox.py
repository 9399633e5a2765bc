"""Sending what the outbox holds: claim, freeze, commit; then hand over one by one, each committed.

The commits are the point. A mail's bytes are kept before the relay sees them, so every try sends
the same; its end is kept (`webinar.jobs.ledger`) before the next one leaves, so a crash doubles at
most the mail that was on its way, under the same Message-ID. Bytes come from
`webinar.jobs.batches`, the wire is `webinar.adapters.smtp`, the states are
`webinar.domain.delivery`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import structlog

from webinar.adapters.smtp import FinalRefusal, Relay
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery
from webinar.extensions import db
from webinar.jobs.batches import Batch, Parcel
from webinar.jobs.ledger import Ledger
from webinar.jobs.prepared_letters import Press
from webinar.models import Mail, MailState

BATCH = 200
LEASE = timedelta(minutes=10)
STRETCH = timedelta(minutes=1)
"""How long a batch may go on: what it has not sent by then goes back, to be checked anew."""
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
    kept: Kept | None = None,
) -> int:
    """Send up to `count` due mails; returns how many were claimed. `stopped` is asked between two
    mails: what is left goes back to the queue."""
    if kept is None:
        with Ledger() as ledger:
            found = Kept(Press(settings), ledger)
            return work(settings, relay, count=count, stopped=stopped, kept=found)
    delivery.hand_back_expired()
    token, mails = delivery.claim(count=count, until=now() + LEASE)
    db.session.commit()
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
    _send(
        batch,
        token=token,
        sender=settings.mail.sender,
        relay=relay,
        ledger=kept.ledger,
        stopped=stopped,
    )
    if delivery.hand_back(token):
        log.info("mails handed back")
    db.session.commit()
    return len(mails)


def _until(stopped: Callable[[], bool], parcels: Iterator[Parcel]) -> Iterator[Parcel]:
    ends = now() + STRETCH
    while not stopped() and now() < ends:
        parcel = next(parcels, None)
        if parcel is None:
            return
        yield parcel


def _send(
    batch: Batch,
    *,
    token: str,
    sender: str,
    relay: Relay,
    ledger: Ledger,
    stopped: Callable[[], bool],
) -> None:
    """Hand over one by one: none before the end of the one before is kept."""

    def before() -> None:
        batch.write_one()
        ledger.wait()

    parcels = _until(stopped, batch.parcels())
    for parcel, refusal in relay.deliver_each(parcels, sender=sender, before=before):
        if refusal is None:
            ledger.begin(parcel.mail, token=token)
            continue
        ledger.wait()
        reply = _reply(refusal.code, refusal.reply)
        if isinstance(refusal, FinalRefusal):
            _settle(parcel.mail, token, MailState.FAILED, reply=reply)
        else:
            _again(parcel.mail, token, reply)
        db.session.commit()
    ledger.wait()


def _again(mail: Mail, token: str, reply: str) -> None:
    """Try later, or give up after the last pause."""
    if mail.attempts < len(PAUSES):
        pause = PAUSES[mail.attempts]
        _settle(mail, token, MailState.RETRY, reply=reply, next_try_at=now() + pause)
    else:
        _settle(mail, token, MailState.FAILED, reply=reply)


def _settle(mail: Mail, token: str, state: MailState, **values: object) -> None:
    values = {"attempts": mail.attempts + 1, **values}
    if not delivery.settle(mail, token=token, state=state, **values):
        log.warning("lease lost", mail_id=mail.id, state=state)


def _reply(code: int, reply: str) -> str:
    return f"{code} {reply}".strip()[:REPLY_LENGTH]
