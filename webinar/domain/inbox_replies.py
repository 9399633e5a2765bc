"""An answer from a calendar's own buttons: worth as much as a click, if it is certain who gave it.

It acts by itself only where the receiving server vouches for the sender, the sender is the attendee
and the attendee is the one person invited at that address. Everything else, and whatever a rule
refuses (registration closed, talk begun), waits for an organiser with the suggestion: a person who
sees "zugesagt" in the own calendar must not stand before a closed door without anybody knowing. Of
a refusal the sender is told by mail, too: only who was proven, once a day for each reason, and
never a machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select

from webinar.clock import berlin, now
from webinar.domain import calendar_entries, inbox, mail, participation, registrations
from webinar.domain.rows import find_or_add
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    CalendarReply,
    Contact,
    InboxMessage,
    InboxState,
    Invitation,
    Mail,
    MailState,
    Outcome,
    Suggestion,
    Talk,
)

AHEAD = timedelta(hours=1)
"""How far a calendar's clock may run before ours."""
TOLD = timedelta(days=2)
"""For how long the news that an answer was not taken is worth a mail."""
TEMPLATE = "reply_refused"
MOST = 5
"""So many mails of that kind about one talk and person, whatever a calendar sends."""
SUGGESTIONS: dict[str, Suggestion] = {
    "accepted": Suggestion.ACCEPT,
    "declined": Suggestion.DECLINE,
    "tentative": Suggestion.TENTATIVE,
    "delegated": Suggestion.DELEGATE,
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the calendar said: `word` is a key of SUGGESTIONS, addresses are bare. `machine`: a
    program sent it by itself, or asks not to be answered."""

    uid: str
    attendee: str
    word: str
    sequence: int
    stamp: datetime | None
    comment: str = ""
    delegated_to: str = ""
    machine: bool = False


def take(message: InboxMessage, said: Said, *, proven: bool) -> None:
    """Act on the answer, or leave it to an organiser with the reason."""
    message.text = message.text or said.comment
    talk = db.session.scalar(select(Talk).where(Talk.uid == said.uid))
    if talk is None:
        _wait(message, said, Outcome.UNKNOWN_TALK)
        return
    message.talk = talk
    invitations = _invitations(talk, said.attendee)
    people = [one.contact for one in invitations] or inbox.people_at(said.attendee)
    message.contact = people[0] if len(people) == 1 else None
    reason = _doubt(message, said, invitations, proven=proven)
    if reason is not None:
        _wait(message, said, reason)
        return
    registrations.lock(talk)
    if not _is_newest(talk, invitations[0].contact, said):
        inbox.settle(message, InboxState.ACTED, Outcome.REPEATED)
    elif _moved_since(talk, invitations[0].contact, said.sequence):
        told = _tell(invitations[0], said, rule="outdated")
        _wait(message, said, Outcome.OUTDATED, told=told)
    else:
        _act(message, invitations[0], said)


def _wait(
    message: InboxMessage, said: Said, outcome: Outcome, *, rule: str = "", told: bool = False
) -> None:
    inbox.settle(
        message,
        InboxState.WAITING,
        outcome,
        suggestion=SUGGESTIONS[said.word],
        details={
            "attendee": said.attendee,
            "delegated_to": said.delegated_to,
            "rule": rule,
            "told": "yes" if told else "",
        },
    )


def _invitations(talk: Talk, attendee: str) -> list[Invitation]:
    """The invitations to the talk at that address: several where two people share it."""
    ids = [contact.id for contact in inbox.people_at(attendee)]
    query = select(Invitation).where(
        Invitation.talk_id == talk.id,
        Invitation.contact_id.in_(ids),
        Invitation.answer != Answer.WITHDRAWN,
    )
    return list(db.session.scalars(query.order_by(Invitation.id)))


def _doubt(
    message: InboxMessage, said: Said, invitations: list[Invitation], *, proven: bool
) -> Outcome | None:
    """Why the answer cannot stand by itself, if it cannot."""
    if not invitations:
        return Outcome.NOT_INVITED
    if len(invitations) > 1:
        return Outcome.SEVERAL_PEOPLE
    if message.sender != said.attendee:
        return Outcome.OTHER_SENDER
    return None if proven else Outcome.NOT_PROVEN


def _is_newest(talk: Talk, contact: Contact, said: Said) -> bool:
    """Whether nothing newer was taken; then this one is the newest (RFC 5546 2.1.5).

    A number beyond what we sent, or a moment ahead of the clock, would shut out all that follows.
    """
    entry = calendar_entries.entry_of(talk, contact=contact)
    sequence = min(said.sequence, entry.sequence if entry is not None else 0)
    stamp = said.stamp if said.stamp is not None and said.stamp < now() + AHEAD else now()
    last = find_or_add(
        select(CalendarReply).where(
            CalendarReply.talk_id == talk.id, CalendarReply.contact_id == contact.id
        ),
        lambda: CalendarReply(
            talk_id=talk.id, contact_id=contact.id, sequence=-1, stamp=stamp - AHEAD
        ),
        alone=True,
    )
    if (sequence, stamp) <= (last.sequence, last.stamp):
        return False
    last.sequence, last.stamp = sequence, stamp
    return True


def _moved_since(talk: Talk, contact: Contact, sequence: int) -> bool:
    """Whether the person was told another time or place than the one that the answer is about."""
    told = exists().where(
        Mail.talk_id == talk.id,
        Mail.contact_id == contact.id,
        Mail.template == "moved",
        Mail.state != MailState.ABORTED,
        Mail.calendar_sequence > sequence,
    )
    return bool(db.session.scalar(select(told)))


def _act(message: InboxMessage, invitation: Invitation, said: Said) -> None:
    if said.word == "delegated":
        # Whom to invite instead, and under which name, only a person can say.
        _wait(message, said, Outcome.DELEGATED)
        return
    try:
        with db.session.begin_nested():
            outcome = _answer(invitation, said)
    except RuleError as refusal:
        told = _tell(invitation, said, rule=refusal.code)
        _wait(message, said, Outcome.REFUSED, rule=refusal.code, told=told)
        return
    inbox.settle(message, InboxState.ACTED, outcome)


def _tell(invitation: Invitation, said: Said, *, rule: str) -> bool:
    """Mail the sender, who is proven here, what became of the answer; returns whether they know.

    The key keeps it to once a day for each reason, the count to a few altogether: two calendars
    that answer each other must not fill a mailbox.
    """
    talk, contact = invitation.talk, invitation.contact
    query = select(func.count(Mail.id)).where(
        Mail.contact_id == contact.id, Mail.talk_id == talk.id, Mail.template == TEMPLATE
    )
    if said.machine or (db.session.scalar(query) or 0) >= MOST:
        return False
    mail.to_contact(
        TEMPLATE,
        contact,
        key=f"reply-refused:{invitation.id}:{rule}:{berlin(now()).date().isoformat()}",
        talk=talk,
        not_after=now() + TOLD,
        params={"rule": rule, "answer": said.word},
    )
    return True


def _answer(invitation: Invitation, said: Said) -> Outcome:
    if said.word == "accepted":
        side = inbox.side_of(invitation.talk, contact=invitation.contact)
        participation.accept(invitation, mode=side)
        return Outcome.ACCEPTED
    if said.word == "declined":
        participation.decline(invitation)
        return Outcome.DECLINED
    participation.leave_open(invitation, remark=said.comment)
    return Outcome.LEFT_OPEN
