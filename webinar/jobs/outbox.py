"""Sending what the outbox holds: claim, freeze, commit; then hand over one by one, each committed.

The commits are the point. A mail's bytes are kept before the relay sees them, so every try sends
the same; its end is kept before the next one leaves, so a crash doubles at most the mail that was
on its way, under the same Message-ID. Words come from `webinar.jobs.letters`, the wire is
`webinar.adapters.smtp`, the states are `webinar.domain.delivery`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from webinar.adapters.mime import message_bytes
from webinar.adapters.smtp import FinalRefusal, Relay, TemporaryRefusal
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery
from webinar.extensions import db
from webinar.jobs.letters import letter_of
from webinar.models import Mail, MailState

BATCH = 50
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


def work(
    settings: Settings,
    relay: Relay,
    *,
    count: int = BATCH,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Send up to `count` due mails; returns how many were claimed. `stopped` is asked between two
    mails: what is left goes back to the queue."""
    delivery.hand_back_expired()
    token, mails = delivery.claim(count=count, until=now() + LEASE)
    db.session.commit()
    if not mails:
        return 0
    ready = [mail for mail in mails if _ready(mail, token, settings)]
    db.session.commit()
    ends = now() + STRETCH
    for mail in ready:
        if stopped() or now() >= ends:
            break
        _send(mail, token, settings, relay)
        db.session.commit()
    if delivery.hand_back(token):
        log.info("mails handed back")
    db.session.commit()
    return len(mails)


def _ready(mail: Mail, token: str, settings: Settings) -> bool:
    """Check the cause and freeze the bytes; False where the mail needs no sending any more."""
    if not delivery.still_wanted(mail):
        delivery.settle(mail, token=token, state=MailState.OBSOLETE)
        return False
    if mail.content is not None:
        return True
    try:
        with db.session.begin_nested():
            content = message_bytes(letter_of(mail, settings))
            return delivery.freeze(mail, token=token, content=content)
    except Exception as problem:
        # One mail that cannot be written must not hold up the others of its batch for ever.
        log.exception("mail not rendered", mail_id=mail.id, template=mail.template)
        _again(mail, token, f"{type(problem).__name__}: {problem}")
        return False


def _send(mail: Mail, token: str, settings: Settings, relay: Relay) -> None:
    content = mail.content or b""
    try:
        relay.deliver(sender=settings.mail.sender, recipient=mail.recipient, content=content)
    except FinalRefusal as refusal:
        _settle(mail, token, MailState.FAILED, reply=_reply(refusal.code, refusal.reply))
    except TemporaryRefusal as refusal:
        _again(mail, token, _reply(refusal.code, refusal.reply))
    else:
        _settle(mail, token, MailState.SENT, sent_at=now(), reply="")


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
