"""Reading the mailbox: what came in is understood, taken into the database, and put away.

One message at a time, each in a transaction of its own that is committed before the message is put
away. A message that cannot be dealt with is set aside, and the next one is read.
"""

from __future__ import annotations

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from webinar.adapters.inbox import (
    Answer,
    Automatic,
    Bounce,
    Reply,
    Understood,
    Unknown,
    understand,
)
from webinar.adapters.inbox.folder import FolderSource
from webinar.adapters.inbox.imap import Account, ImapSource
from webinar.adapters.inbox.source import Source, SourceTrouble
from webinar.config import InboxMode, InboxSettings, Settings
from webinar.domain import inbox, inbox_bounces, inbox_replies
from webinar.extensions import db
from webinar.jobs.queue import Run
from webinar.models import InboxKind, InboxMessage, InboxState, Outcome, Suggestion

BATCH = 200
KINDS: dict[type, InboxKind] = {
    Reply: InboxKind.REPLY,
    Bounce: InboxKind.BOUNCE,
    Automatic: InboxKind.AUTOMATIC,
    Answer: InboxKind.ANSWER,
    Unknown: InboxKind.UNKNOWN,
}

log = structlog.get_logger()


def read_inbox(run: Run) -> None:
    """Take in what waits; what is wrong with the mailbox is noted for the desk and the log."""
    source = source_of(run.settings.inbox)
    if source is None:
        return
    name = run.settings.inbox.mode.value
    try:
        for waiting in source.waiting(most=BATCH):
            run.keep()
            state = take(waiting.content, run.settings)
            source.put_away(waiting, aside=state == InboxState.ASIDE)
    except SourceTrouble as trouble:
        db.session.rollback()
        log.warning("mailbox not read", trouble=str(trouble))
        inbox.note_reading(name, trouble=str(trouble))
    else:
        inbox.note_reading(name)
    finally:
        source.close()
    db.session.commit()


def source_of(settings: InboxSettings) -> Source | None:
    """The place that the settings name, if any."""
    if settings.mode is InboxMode.FOLDER:
        return FolderSource(settings.folder)
    if settings.mode is InboxMode.NONE:
        return None
    return ImapSource(
        Account(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            security=settings.security.value,
            mailbox=settings.mailbox,
            done=settings.done,
            aside=settings.aside,
            timeout=float(settings.timeout),
            ca_file=settings.ca_file or None,
        )
    )


def take(content: bytes, settings: Settings) -> str:
    """Take one message in and commit; returns its state, also where it was known before."""
    read = understand(content, server=settings.inbox.server, own=settings.mail.sender)
    try:
        message = _noted(read)
        if message is not None:
            _act(message, read, settings)
        db.session.commit()
    except (OperationalError, InterfaceError):
        # The database's trouble, not the message's: it comes again.
        db.session.rollback()
        raise
    except Exception:
        db.session.rollback()
        log.exception("message not taken in", fingerprint=read.fingerprint)
        message = inbox.note(read.fingerprint, kind=InboxKind.UNKNOWN)
        if message is not None:
            inbox.set_aside(message, Outcome.FAILED)
        db.session.commit()
    known = message or inbox.known(read.fingerprint)
    return known.state if known is not None else InboxState.ASIDE


def _noted(read: Understood) -> InboxMessage | None:
    return inbox.note(
        read.fingerprint,
        kind=KINDS[type(read.content)],
        sender=read.sender,
        subject=read.subject,
        text=read.text,
    )


def _act(message: InboxMessage, read: Understood, settings: Settings) -> None:
    public_ids = _ours(read, settings)
    match read.content:
        case Reply() as reply:
            said = inbox_replies.Said(
                uid=reply.uid,
                attendee=reply.attendee,
                word=reply.said,
                sequence=reply.sequence,
                stamp=reply.stamp,
                comment=reply.comment,
                delegated_to=reply.delegated_to,
                machine=read.machine,
            )
            inbox_replies.take(message, said, proven=read.proven)
        case Bounce() as bounce:
            inbox_bounces.take(
                message,
                public_ids=public_ids,
                recipients=bounce.recipients,
                final=bounce.final,
                status=bounce.status,
                diagnostic=bounce.diagnostic,
            )
        case Automatic():
            inbox.take_automatic(message, public_ids=public_ids)
        case Answer() as answer:
            inbox.take_answer(
                message,
                public_ids=public_ids,
                suggestion=Suggestion(answer.meant),
                counter=answer.counter,
            )
        case Unknown() as unknown:
            inbox.set_aside(message, Outcome(unknown.trouble))


def _ours(read: Understood, settings: Settings) -> list[str]:
    """The left sides of those Message-IDs that are ours."""
    pairs = (identity.rpartition("@") for identity in read.refers_to)
    return [left for left, _, right in pairs if right.lower() == settings.mail_domain.lower()]
