"""Mails that came back: the mail is `bounced`, and the address is marked beside the contact.

A report is believed where it returns our Message-ID, which nobody can guess. One that names only an
address waits for an organiser: anybody can write that a mayor's mailbox does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit, inbox
from webinar.domain import mail as mails
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    InboxMessage,
    InboxState,
    Mail,
    MailState,
    Outcome,
    Suggestion,
)
from webinar.text import normalise_address

RECENT = timedelta(days=14)
"""Servers give up after five days; gateways take their time."""
REPLY_LENGTH = 1000


def take(
    message: InboxMessage,
    *,
    public_ids: Sequence[str],
    recipients: Sequence[str],
    final: bool,
    status: str,
    diagnostic: str,
) -> None:
    """Mark what came back; a report of mere delay changes nothing."""
    proven = inbox.mail_of(public_ids)
    mail = proven or _sent_to(recipients)
    if mail is not None:
        message.mail, message.contact, message.talk = mail, mail.contact, mail.talk
    details = {"status": status, "diagnostic": diagnostic}
    if not final:
        inbox.settle(message, InboxState.ACTED, Outcome.DELAYED, details=details)
    elif proven is not None:
        mark(proven, status=status, diagnostic=diagnostic)
        inbox.settle(message, InboxState.ACTED, Outcome.BOUNCED, details=details)
    elif mail is not None:
        bounce = Suggestion.BOUNCE
        inbox.settle(
            message,
            InboxState.WAITING,
            Outcome.BOUNCE_NOT_PROVEN,
            suggestion=bounce,
            details=details,
        )
    else:
        inbox.settle(message, InboxState.ASIDE, Outcome.UNKNOWN_MAIL, details=details)


def mark(mail: Mail, *, status: str, diagnostic: str) -> None:
    """The mail did not arrive. Of one that was resent since, or given up, the state says more than
    the report; the address is marked all the same, unless it has been corrected."""
    if mail.state == MailState.SENT:
        mails.move(mail, MailState.BOUNCED)
        mail.reply = " ".join(filter(None, (status, diagnostic)))[:REPLY_LENGTH]
    if mail.contact is not None and mail.contact.email == mail.recipient:
        mail.contact.bounced_at = now()
    db.session.flush()


def confirm(message: InboxMessage, *, by: Account) -> None:
    """An organiser believes a report that proves nothing."""
    if message.suggestion != Suggestion.BOUNCE or message.mail is None:
        raise RuleError("inbox_without_mail")
    inbox.finish(message, by=by)
    details = message.details
    mark(
        message.mail,
        status=str(details.get("status", "")),
        diagnostic=str(details.get("diagnostic", "")),
    )
    audit.record("mail.bounced", message.mail, by=by)


def _sent_to(recipients: Sequence[str]) -> Mail | None:
    """What was sent last to one of the addresses that the report names."""
    for recipient in recipients:
        try:
            address = normalise_address(recipient)
        except RuleError:
            continue
        query = select(Mail).where(
            Mail.recipient == address,
            Mail.state == MailState.SENT,
            Mail.sent_at > now() - RECENT,
        )
        found = db.session.scalar(query.order_by(Mail.id.desc()).limit(1).with_for_update())
        if found is not None:
            return found
    return None
