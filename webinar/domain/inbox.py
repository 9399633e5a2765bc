"""Mail that came in: taken in once, matched with our people, kept for an organiser where it needs
one.

The words are read by `webinar.adapters.inbox`; calendar answers are `domain.inbox_replies`',
reports of what did not arrive `domain.inbox_bounces`'. Here is what all share: the row, whose
message it is, and what an organiser does with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, participation, registrations
from webinar.domain.rows import find_or_add
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Contact,
    InboxKind,
    InboxMessage,
    InboxReading,
    InboxState,
    Invitation,
    Mail,
    Mode,
    Outcome,
    Suggestion,
    Talk,
    TalkState,
)
from webinar.text import normalise_address

TROUBLE_LENGTH = 500
OPEN = (InboxState.WAITING, InboxState.ASIDE)
"""What an organiser has not dealt with."""


def note(
    fingerprint: str, *, kind: InboxKind, sender: str = "", subject: str = "", text: str = ""
) -> InboxMessage | None:
    """The new message, or None where it was taken in before: then nothing is to be done."""
    message = InboxMessage(
        fingerprint=fingerprint,
        kind=kind,
        sender=sender,
        subject=subject,
        text=text,
        state=InboxState.WAITING,
        outcome=Outcome.PERSON_WROTE,
    )
    if known(fingerprint) is not None:
        return None
    try:
        with db.session.begin_nested():
            db.session.add(message)
            db.session.flush()
    except IntegrityError:
        return None  # another worker was quicker
    return message


def known(fingerprint: str) -> InboxMessage | None:
    """The message that was taken in before."""
    return db.session.scalar(select(InboxMessage).where(InboxMessage.fingerprint == fingerprint))


def settle(
    message: InboxMessage,
    state: InboxState,
    outcome: Outcome,
    *,
    suggestion: Suggestion = Suggestion.NONE,
    details: Mapping[str, str] | None = None,
) -> None:
    """Say where the message stands and why; `details` that are empty are left out."""
    message.state, message.outcome, message.suggestion = state, outcome, suggestion
    message.details = {name: value for name, value in (details or {}).items() if value}
    db.session.flush()


def take_automatic(message: InboxMessage, *, public_ids: Iterable[str]) -> None:
    """A machine answered: it stands beside the contact, and nobody has to do anything."""
    _match(message, public_ids)
    settle(message, InboxState.ACTED, Outcome.FILED)


def take_answer(
    message: InboxMessage, *, public_ids: Iterable[str], suggestion: Suggestion, counter: bool
) -> None:
    """A person wrote: it waits for an organiser, with what it seems to say. Words never act."""
    _match(message, public_ids)
    outcome = Outcome.COUNTER if counter else Outcome.PERSON_WROTE
    settle(message, InboxState.WAITING, outcome, suggestion=suggestion)


def set_aside(message: InboxMessage, outcome: Outcome) -> None:
    """Nothing that can be acted on; kept for a look."""
    settle(message, InboxState.ASIDE, outcome)


def _match(message: InboxMessage, public_ids: Iterable[str]) -> None:
    """Whose message it is: by the mail of ours that it answers, else by the address alone."""
    mail = mail_of(public_ids)
    if mail is not None:
        message.mail, message.contact, message.talk = mail, mail.contact, mail.talk
        return
    people = people_at(message.sender)
    message.contact = people[0] if len(people) == 1 else None
    if message.contact is not None:
        coming = invitations_of(message.contact)
        message.talk = coming[0].talk if len(coming) == 1 else None


def mail_of(public_ids: Iterable[str]) -> Mail | None:
    """The newest of our mails among those that a message names, locked: its state may be moved."""
    ids = list(public_ids)
    if not ids:
        return None
    query = select(Mail).where(Mail.public_id.in_(ids)).order_by(Mail.id.desc()).limit(1)
    return db.session.scalar(query.with_for_update())


def people_at(address: str) -> Sequence[Contact]:
    """The active contacts at the address, however it is written."""
    try:
        email = normalise_address(address)
    except RuleError:
        return []
    query = select(Contact).where(
        Contact.email == email, Contact.retired_at.is_(None), Contact.erased_at.is_(None)
    )
    return db.session.scalars(query.order_by(Contact.id)).all()


def invitations_of(contact: Contact) -> Sequence[Invitation]:
    """The contact's invitations to talks that are still to come, the next first."""
    query = (
        select(Invitation)
        .join(Talk, Invitation.talk_id == Talk.id)
        .where(
            Invitation.contact_id == contact.id,
            Invitation.answer != Answer.WITHDRAWN,
            Talk.state == TalkState.PUBLISHED,
            Talk.starts_at > now(),
        )
        .options(joinedload(Invitation.talk))
        .order_by(Talk.starts_at, Talk.id)
    )
    return db.session.scalars(query).all()


def side_of(talk: Talk, *, contact: Contact) -> Mode:
    """Where somebody takes part who only said yes: where the place is already, else the talk's one
    side; of two online, which costs nobody a chair. The confirmation says so and offers the hall.
    """
    held = registrations.active_registration(talk, contact=contact)
    if held is not None:
        return Mode(held.wanted_mode or held.mode)
    offered = registrations.modes(talk)
    return Mode.ONLINE if Mode.ONLINE in offered else offered[0]


def messages(*states: InboxState) -> Select[InboxMessage]:
    """The messages in these states, the newest first."""
    return (
        select(InboxMessage)
        .where(InboxMessage.state.in_(states))
        .options(
            joinedload(InboxMessage.contact).joinedload(Contact.organisation),
            joinedload(InboxMessage.talk),
            joinedload(InboxMessage.account),
        )
        .order_by(InboxMessage.id.desc())
    )


def counts() -> dict[InboxState, int]:
    """How many messages are in each state, in one query."""
    rows = db.session.execute(
        select(InboxMessage.state, func.count()).group_by(InboxMessage.state)
    ).all()
    found = {InboxState(state): int(count) for state, count in rows}
    return {state: found.get(state, 0) for state in InboxState}


def waiting_count() -> int:
    """How many messages wait for a person."""
    query = select(func.count()).where(InboxMessage.state == InboxState.WAITING)
    return db.session.scalar(query) or 0


def get(message_id: int) -> InboxMessage:
    """The message, or `NotThere`."""
    message = db.session.get(InboxMessage, message_id)
    if message is None:
        raise NotThere("record_missing")
    return message


def accept(message: InboxMessage, *, talk: Talk, mode: Mode, by: Account) -> None:
    """Take the message down as an acceptance. Raises `RuleError` like `participation.accept`, or
    where somebody has dealt with it already."""
    begin(message)
    participation.accept(invitation_for(message, talk), mode=mode, by=by)
    close(message, by=by, talk=talk)


def decline(message: InboxMessage, *, talk: Talk, by: Account) -> None:
    """Take the message down as a refusal; raises as `accept` does."""
    begin(message)
    participation.decline(invitation_for(message, talk), by=by)
    close(message, by=by, talk=talk)


def finish(message: InboxMessage, *, by: Account) -> None:
    """An organiser has dealt with it in another way."""
    begin(message)
    close(message, by=by)


def begin(message: InboxMessage) -> None:
    """Lock the message: of two organisers the second is told."""
    db.session.execute(
        select(InboxMessage)
        .where(InboxMessage.id == message.id)
        .with_for_update(of=InboxMessage)
        .execution_options(populate_existing=True)
    ).scalar_one()
    if message.state not in OPEN:
        raise RuleError("inbox_done_already")


def invitation_for(message: InboxMessage, talk: Talk) -> Invitation:
    """The sender's invitation to the talk, which is still to come, or `RuleError`."""
    found = [] if message.contact is None else invitations_of(message.contact)
    for invitation in found:
        if invitation.talk_id == talk.id:
            return invitation
    raise RuleError("inbox_without_invitation")


def close(message: InboxMessage, *, by: Account, talk: Talk | None = None) -> None:
    """Note who has dealt with it, and about which talk."""
    message.state, message.account, message.done_at = InboxState.DONE, by, now()
    message.talk = talk or message.talk
    db.session.flush()
    audit.record("inbox_message.done", message, by=by)


def note_reading(source: str, *, trouble: str = "") -> InboxReading:
    """Remember that the mailbox was read, or since when it cannot be."""
    row = find_or_add(
        select(InboxReading).where(InboxReading.source == source),
        lambda: InboxReading(source=source),
    )
    if trouble:
        row.trouble_since = row.trouble_since or now()
    else:
        row.read_at, row.trouble_since = now(), None
    row.trouble = trouble[:TROUBLE_LENGTH]
    db.session.flush()
    return row


def reading(source: str) -> InboxReading | None:
    """When the mailbox was read last."""
    return db.session.scalar(select(InboxReading).where(InboxReading.source == source))
