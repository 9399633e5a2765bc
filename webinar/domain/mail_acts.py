"""What an organiser does with mails of the outbox: try again at once, stop, send again.

Trying again sends the frozen bytes under the same Message-ID. Sending again is a new mail with a
number of its own in the key, addressed and rendered anew; the old row stays as what happened, and
names the new one. It keeps the sequence of the calendar entry: a calendar that has not seen the
entry takes it as it comes, and one that has (the new address is another name of the same mailbox)
takes it as news of the same entry for its later DTSTAMP (RFC 5546, 2.1.5). The old address gets no
CANCEL: what is corrected here is an address where nothing arrived.

States move by the table of `domain.mail`; whether a cause still holds says `domain.delivery`. What
the worker holds at this moment (`sending`) nobody else touches.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import defer, joinedload

from webinar.clock import now
from webinar.domain import audit, contact_addresses, delivery
from webinar.domain import mail as mails
from webinar.domain.outbox import Narrowing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, Mail, MailState, TalkState
from webinar.text import normalise_address

S = MailState
WAITING = (S.QUEUED, S.RETRY)
"""What can still be stopped."""
LOST = (S.FAILED, S.BOUNCED)
CORRECTABLE = (*WAITING, *LOST, S.ABORTED)
"""What did not arrive. Whoever got a mail at a wrong address holds the links in it: there the link
has to be replaced, which brings a mail of its own (`office_acts.reissue_link`)."""


class Unwanted(StrEnum):
    """Why a mail is not sent any more; the codes of its errors."""

    LATE = "mail_late"
    LEFT = "mail_person_left"
    CANCELLED = "mail_talk_cancelled"
    OVERTAKEN = "mail_overtaken"


def why_unwanted(mail: Mail) -> Unwanted | None:
    """Why the worker would pass the mail over at this moment; None where it would send it."""
    if delivery.still_wanted(mail):
        return None
    if mail.not_after is not None and now() > mail.not_after:
        return Unwanted.LATE
    if mail.contact is not None and not mail.contact.active:
        return Unwanted.LEFT
    if mail.talk is not None and mail.talk.state == TalkState.CANCELLED:
        return Unwanted.CANCELLED
    return Unwanted.OVERTAKEN


def try_again(mail: Mail, *, by: Account) -> None:
    """Put the mail into the queue at once, as it is, with as many tries as a new one has.

    Raises `RuleError` where the worker holds it, where it has gone out or was sent again, where its
    cause is gone, or where the person has another address now. Repeating it changes nothing.
    """
    _lock(mail)
    if mail.state == S.QUEUED:
        return
    _check_in_hand(mail)
    if mail.contact is not None and mail.contact.email != mail.recipient:
        raise RuleError("mail_address_changed")
    _check_wanted(mail)
    mails.move(mail, S.QUEUED)
    mail.next_try_at, mail.attempts, mail.sent_at = now(), 0, None
    _record("mail.retried", mail, by=by)


def stop(mail: Mail, *, by: Account) -> None:
    """Let the mail not go out. Raises `RuleError` where the worker holds it or it has gone out."""
    _lock(mail)
    if mail.state == S.ABORTED:
        return
    _check_in_hand(mail)
    mails.move(mail, S.ABORTED)
    _record("mail.stopped", mail, by=by)


def resend(mail: Mail, *, by: Account) -> Mail:
    """Write the mail anew, to the address that the person has now; returns the new one.

    What still waits is stopped for it. Pressing twice finds the same new mail. Raises `RuleError`
    where the worker holds the old one or its cause is gone.
    """
    _lock(mail)
    if mail.resent_as_id is not None:
        return db.session.get_one(Mail, mail.resent_as_id)
    if mail.state == S.SENDING:
        raise RuleError("mail_being_sent")
    fresh = _written_anew(mail)
    _check_wanted(fresh)
    if mail.state in WAITING:
        mails.move(mail, S.ABORTED)
    mail.resent_as_id = fresh.id
    db.session.flush()
    audit.record("mail.resent", fresh, by=by, changes={"instead_of": mail.id})
    return fresh


def correct(
    mail: Mail, *, email: str, by: Account, decision: str = "", seen: str | None = None
) -> Mail:
    """Correct the person's address and send the mail again, in one step; returns the new mail.

    `decision` and `seen` are those of `contacts.edit`, whose errors it raises, beside those of
    `resend` and `RuleError("address_unchanged", field="email")`.
    """
    _lock(mail)
    contact = mail.contact
    if contact is None or mail.state not in (*CORRECTABLE, S.SENDING):
        raise RuleError("mail_not_correctable")
    _set_address(contact, email, but=mail.recipient, by=by, decision=decision, seen=seen)
    return resend(mail, by=by)


def correct_contact(
    contact: Contact,
    *,
    email: str,
    mail_ids: Collection[int],
    by: Account,
    decision: str = "",
    seen: str | None = None,
) -> list[Mail]:
    """Correct the address and send those of the lost mails again; raises as `correct` does."""
    lost = [mail for mail in lost_mails(contact) if mail.id in mail_ids]
    _set_address(contact, email, but=contact.email, by=by, decision=decision, seen=seen)
    return [resend(mail, by=by) for mail in lost]


def lost_mails(contact: Contact) -> Sequence[Mail]:
    """What did not reach the contact, was not sent again and is still of use, oldest first."""
    query = (
        select(Mail)
        .where(Mail.contact_id == contact.id, Mail.state.in_(LOST), Mail.resent_as_id.is_(None))
        .options(defer(Mail.content), joinedload(Mail.talk))
        .order_by(Mail.id)
    )
    return [mail for mail in db.session.scalars(query) if why_not_resent(mail) is None]


def why_not_resent(mail: Mail) -> Unwanted | None:
    """Why a new mail of the same cause would not go out; None where it would."""
    with db.session.no_autoflush:
        return why_unwanted(_copy(mail))


def stop_all(narrowing: Narrowing, *, newest: int, by: Account) -> int:
    """Stop what of the list waits, up to the mail that stood first when the organiser looked;
    returns how many."""
    return _move_all(narrowing, WAITING, newest, "mail.stopped", by=by, state=S.ABORTED)


def try_all_again(narrowing: Narrowing, *, newest: int, by: Account) -> int:
    """Put what of the list was refused into the queue, as `try_again` does; returns how many.

    Mails that came back are left out: a mailbox that does not exist stays so. What lost its cause
    is passed over by the worker.
    """
    return _move_all(
        narrowing,
        TRIED,
        newest,
        "mail.retried",
        by=by,
        state=S.QUEUED,
        next_try_at=now(),
        attempts=0,
    )


TRIED = (S.RETRY, S.FAILED)


def _move_all(
    narrowing: Narrowing,
    states: Collection[MailState],
    newest: int,
    action: str,
    *,
    by: Account,
    **values: object,
) -> int:
    """One statement, so that a mail that the worker claims in the meantime is left to it: the
    states are checked again on the row as it is then."""
    chosen = select(Mail.id).where(
        *narrowing.conditions(), Mail.id <= newest, Mail.resent_as_id.is_(None)
    )
    moved = db.session.scalars(
        update(Mail)
        .where(Mail.id.in_(chosen), Mail.state.in_(states))
        .values(**values)
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    ).all()
    audit.record_many(action, Mail, moved, by=by)
    return len(moved)


def _lock(mail: Mail) -> None:
    db.session.execute(
        select(Mail)
        .where(Mail.id == mail.id)
        .with_for_update(of=Mail)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _check_in_hand(mail: Mail) -> None:
    if mail.state == S.SENDING:
        raise RuleError("mail_being_sent")
    if mail.resent_as_id is not None:
        raise RuleError("mail_resent_already")
    if mail.state == S.SENT:
        raise RuleError("mail_sent_already")


def _check_wanted(mail: Mail) -> None:
    reason = why_unwanted(mail)
    if reason is not None:
        raise RuleError(reason.value)


def _record(action: str, mail: Mail, *, by: Account) -> None:
    changes = audit.changes_of(mail)
    db.session.flush()
    audit.record(action, mail, by=by, changes={"state": changes.get("state", [])})


def _set_address(
    contact: Contact, email: str, *, but: str, by: Account, decision: str, seen: str | None
) -> None:
    address = normalise_address(email)
    if address == but:
        raise RuleError("address_unchanged", field="email")
    if address != contact.email:
        contact_addresses.change(contact, address, by=by, decision=decision, seen=seen)


def _written_anew(mail: Mail) -> Mail:
    fresh = _copy(mail)
    fresh.key = f"resend:{mail.id}"
    db.session.add(fresh)
    db.session.flush()
    return fresh


def _copy(mail: Mail) -> Mail:
    """The mail as it would be written now."""
    person = mail.contact or mail.speaker or mail.account
    return Mail(
        template=mail.template,
        params=dict(mail.params),
        recipient=person.email if person is not None else mail.recipient,
        contact=mail.contact,
        contact_id=mail.contact_id,
        speaker=mail.speaker,
        speaker_id=mail.speaker_id,
        account=mail.account,
        account_id=mail.account_id,
        talk=mail.talk,
        talk_id=mail.talk_id,
        mailing=mail.mailing,
        mailing_id=mail.mailing_id,
        calendar_method=mail.calendar_method,
        calendar_sequence=delivery.sequence_of(mail) if mail.calendar_method else None,
        next_try_at=now(),
        not_after=mail.not_after,
    )
