"""The outbox: mails are written here, in the transaction that causes them (rule 8).

`webinar.jobs.outbox` renders and sends them afterwards. The key names the cause; a second mail for
the same cause is the first one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from webinar.clock import now
from webinar.domain.rows import here, written_once
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, Mail, Mailing, MailState, Role, Speaker, Talk

MOVES: dict[MailState, frozenset[MailState]] = {
    MailState.QUEUED: frozenset({MailState.SENDING, MailState.ABORTED, MailState.OBSOLETE}),
    MailState.SENDING: frozenset(
        {
            MailState.SENT,
            MailState.RETRY,
            MailState.FAILED,
            MailState.QUEUED,
            MailState.OBSOLETE,
        }
    ),
    MailState.RETRY: frozenset(
        {MailState.SENDING, MailState.QUEUED, MailState.ABORTED, MailState.OBSOLETE}
    ),
    MailState.SENT: frozenset({MailState.BOUNCED}),
    MailState.FAILED: frozenset({MailState.QUEUED}),
    MailState.ABORTED: frozenset(),
    MailState.OBSOLETE: frozenset(),
    MailState.BOUNCED: frozenset({MailState.QUEUED}),
}
_KEPT = select(Mail).where(Mail.key == bindparam("key"))
_MAILS = Mail.metadata.tables["mails"]
_WRITTEN = written_once(
    _MAILS, lambda insert: insert.on_conflict_do_nothing().returning(_MAILS.c.id)
)


@dataclass(frozen=True)
class CalendarPart:
    """What the mail tells the calendar: `method` REQUEST or CANCEL, and the sequence."""

    method: str
    sequence: int


def move(mail: Mail, state: MailState) -> None:
    """Change the state by the table; a move that is not in it is a defect or a rival's doing."""
    if state not in MOVES[MailState(mail.state)]:
        raise RuleError("mail_move_forbidden", before=mail.state, after=state)
    mail.state = state


def to_contact(
    template: str,
    contact: Contact,
    *,
    key: str,
    talk: Talk | None = None,
    mailing: Mailing | None = None,
    calendar: CalendarPart | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    params: dict[str, Any] | None = None,
) -> bool:
    """Write a mail to the contact; False where the cause has one already, and to somebody who was
    erased: they get none at all."""
    if contact.erased_at is not None:
        return False
    return _write(
        template=template,
        key=key,
        recipient=contact.email,
        contact_id=contact.id,
        talk_id=talk.id if talk is not None else None,
        mailing_id=mailing.id if mailing is not None else None,
        calendar_method=calendar.method if calendar is not None else None,
        calendar_sequence=calendar.sequence if calendar is not None else None,
        next_try_at=not_before or now(),
        not_after=not_after,
        params=params or {},
    )


def to_contacts(
    template: str,
    contacts: Sequence[Contact],
    *,
    key: str,
    talk: Talk,
    not_after: datetime | None = None,
    params: dict[str, Any] | None = None,
) -> None:
    """Write a mail to each contact, none of whom was erased, in few statements: for what everybody
    has to hear at once. `key` and the number of the contact are the cause; the caller holds the
    lock on the talk and knows that nothing was written for it yet."""
    db.session.add_all(
        Mail(
            template=template,
            key=f"{key}:{contact.id}",
            recipient=contact.email,
            contact_id=contact.id,
            talk_id=talk.id,
            not_after=not_after,
            params=dict(params or {}),
        )
        for contact in contacts
    )
    db.session.flush()


def to_speaker(
    template: str,
    speaker: Speaker,
    *,
    key: str,
    talk: Talk,
    not_after: datetime | None = None,
    params: dict[str, Any] | None = None,
) -> bool:
    """Write a mail to the speaker of a talk; False where the cause has one already, and to who has
    no address any more (`domain.retention`)."""
    if not speaker.email:
        return False
    return _write(
        template=template,
        key=key,
        recipient=speaker.email,
        speaker_id=speaker.id,
        talk_id=talk.id,
        not_after=not_after,
        params=params or {},
    )


def to_account(
    template: str,
    account: Account,
    *,
    key: str,
    talk: Talk | None = None,
    mailing: Mailing | None = None,
    params: dict[str, Any] | None = None,
) -> bool:
    """Write a mail to a member of staff, such as the test of a mailing; False where the cause has
    one already."""
    return _write(
        template=template,
        key=key,
        recipient=account.email,
        account_id=account.id,
        talk_id=talk.id if talk is not None else None,
        mailing_id=mailing.id if mailing is not None else None,
        params=params or {},
    )


def to_office(
    template: str, *, key: str, talk: Talk | None = None, params: dict[str, Any] | None = None
) -> None:
    """Write a mail to everybody at the desk who can do something about it."""
    writers = select(Account).where(
        Account.active.is_(True), Account.role.in_((Role.ADMIN, Role.ORGANISER))
    )
    for account in db.session.scalars(writers.order_by(Account.id)).all():
        to_account(template, account, key=f"{key}:{account.id}", talk=talk, params=params)


def written(key: str) -> bool:
    """Whether a mail for that cause exists."""
    return find(key) is not None


def find(key: str) -> Mail | None:
    """The mail for that cause."""
    return db.session.scalar(_KEPT, {"key": key})


def _write(**values: object) -> bool:
    return db.session.execute(here(_WRITTEN), values).first() is not None


def abort(mailing: Mailing) -> int:
    """Stop what of the mailing has not gone out; returns how many mails."""
    waiting = db.session.scalars(
        select(Mail).where(
            Mail.mailing_id == mailing.id, Mail.state.in_((MailState.QUEUED, MailState.RETRY))
        )
    ).all()
    for mail in waiting:
        move(mail, MailState.ABORTED)
    return len(waiting)
