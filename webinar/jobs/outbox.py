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
from sqlalchemy.exc import InterfaceError, OperationalError

from webinar.adapters.mime import message_bytes
from webinar.adapters.smtp import FinalRefusal, OutOfReach, Relay, TemporaryRefusal
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery, pace, quiet_hours
from webinar.extensions import db
from webinar.jobs.letters import letter_of
from webinar.models import Mail, MailState

BATCH = 50
LEASE = timedelta(minutes=10)
STRETCH = timedelta(minutes=1)
"""How long a batch may go on: what it has not sent by then goes back, to be checked anew."""
USUAL_TIMEOUT = 30
"""The relay's time limit, in seconds, that LEASE and STRETCH are made for. They grow and shrink
with it: the lease has to outlast the batch and its last delivery, of a dozen replies at most."""
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
    token: str | None = None,
) -> int:
    """Send up to `count` due mails; returns how many were claimed. `stopped` is asked between two
    mails: what is left goes back to the queue.

    A worker names itself by one `token` for all its calls, so that it can hand back what it held
    when it lost the database. Raises `OutOfReach`, with everything put down, where the relay cannot
    be reached.
    """
    delivery.hand_back_expired()
    token, mails = delivery.claim(
        count=pace.allowed(settings.mail.per_minute, most=count),
        until=now() + _scaled(LEASE, settings),
        token=token,
        only=quiet_hours.may_go(settings.mail.quiet_hours),
        first=quiet_hours.waited_for() if settings.mail.per_minute else None,
    )
    db.session.commit()
    if not mails:
        return 0
    ready = [mail for mail in mails if _ready(mail, token, settings)]
    db.session.commit()
    ends = now() + _scaled(STRETCH, settings)
    try:
        for mail in ready:
            if stopped() or now() >= ends:
                break
            _send(mail, token, settings, relay)
            db.session.commit()
    except OutOfReach as trouble:
        _put_down(token)
        log.warning("relay out of reach", code=trouble.code, reply=trouble.reply)
        raise
    _put_down(token)
    return len(mails)


def _scaled(span: timedelta, settings: Settings) -> timedelta:
    return span * (settings.mail.timeout / USUAL_TIMEOUT)


def _put_down(token: str) -> None:
    """Hand back what the batch did not come to."""
    if delivery.hand_back(token):
        log.info("mails handed back")
    db.session.commit()


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
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the mail's
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
    except OutOfReach as trouble:
        _again(mail, token, _reply(trouble.code, trouble.reply), for_ever=True)
        raise
    except TemporaryRefusal as refusal:
        _again(mail, token, _reply(refusal.code, refusal.reply))
    else:
        _settle(mail, token, MailState.SENT, sent_at=now(), reply="")


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
