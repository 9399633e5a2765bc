"""What came to the mailbox, and what calendars answered last. What follows is `domain.inbox`'s."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, PERSONAL, Model, Timestamped, Utc, one_of
from webinar.models.contacts import Contact
from webinar.models.mail import Mail
from webinar.models.talks import Talk


class InboxKind(StrEnum):
    REPLY = "reply"
    """A calendar answered."""
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    """Out of office and other answers of machines."""
    ANSWER = "answer"
    """A person wrote."""
    UNKNOWN = "unknown"


class InboxState(StrEnum):
    ACTED = "acted"
    """The program did what was to do."""
    WAITING = "waiting"
    """For a person."""
    ASIDE = "aside"
    """Not understood, or not meant for us."""
    DONE = "done"
    """A person has dealt with it."""


class Suggestion(StrEnum):
    """What an organiser may want to take down."""

    NONE = ""
    ACCEPT = "accept"
    DECLINE = "decline"
    TENTATIVE = "tentative"
    DELEGATE = "delegate"
    QUESTION = "question"
    BOUNCE = "bounce"


class Outcome(StrEnum):
    """What became of a message, or why it waits or was set aside."""

    # done by the program
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LEFT_OPEN = "left_open"
    REPEATED = "repeated"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    FILED = "filed"
    # waits
    PERSON_WROTE = "person_wrote"
    COUNTER = "counter"
    NOT_PROVEN = "not_proven"
    OTHER_SENDER = "other_sender"
    NOT_INVITED = "not_invited"
    SEVERAL_PEOPLE = "several_people"
    UNKNOWN_TALK = "unknown_talk"
    OUTDATED = "outdated"
    DELEGATED = "delegated"
    REFUSED = "refused"
    """A rule stood in the way: `details["rule"]` is its code."""
    BOUNCE_NOT_PROVEN = "bounce_not_proven"
    # set aside
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    NO_SENDER = "no_sender"
    MASS_MAIL = "mass_mail"
    OWN_MAIL = "own_mail"
    FAILED = "failed"
    UNKNOWN_MAIL = "unknown_mail"


class InboxMessage(Timestamped, Model):
    """One message; `fingerprint` makes it one, however often it is delivered. The words of people
    go after their term, the row stays."""

    __tablename__ = "inbox_messages"
    __table_args__ = (
        one_of("kind", InboxKind),
        one_of("state", InboxState),
        one_of("suggestion", Suggestion),
        one_of("outcome", Outcome),
        Index("ix_inbox_messages_state_id", "state", "id"),
        Index("ix_inbox_messages_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    kind: Mapped[str] = mapped_column(String(12), info=NOTHING)
    state: Mapped[str] = mapped_column(String(12), default=InboxState.WAITING, info=NOTHING)
    outcome: Mapped[str] = mapped_column(String(20), default=Outcome.PERSON_WROTE, info=NOTHING)
    suggestion: Mapped[str] = mapped_column(String(12), default=Suggestion.NONE, info=NOTHING)
    sender: Mapped[str] = mapped_column(String(254), default="", info=PERSONAL)
    subject: Mapped[str] = mapped_column(String(300), default="", info=FREE)
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """What was newly written, without the quotation."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=FREE)
    """What was read in it, for the desk: `comment`, `delegated_to`, `attendee`, `rule`, `status`,
    `diagnostic`."""
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    talk_id: Mapped[int | None] = mapped_column(ForeignKey("talks.id"), index=True)
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id"), index=True)
    """Our message that it answers or returns."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Who has dealt with it."""
    done_at: Mapped[datetime | None] = mapped_column(Utc)

    contact: Mapped[Contact | None] = relationship()
    talk: Mapped[Talk | None] = relationship()
    mail: Mapped[Mail | None] = relationship()
    account: Mapped[Account | None] = relationship()


class CalendarReply(Timestamped, Model):
    """The last answer that was taken from one person's calendar about one talk: whatever is older
    is ignored (RFC 5546 2.1.5)."""

    __tablename__ = "calendar_replies"
    __table_args__ = (UniqueConstraint("talk_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    sequence: Mapped[int]
    stamp: Mapped[datetime] = mapped_column(Utc)


class InboxReading(Timestamped, Model):
    """When the mailbox was last read, and since when it cannot be. One row for each way in."""

    __tablename__ = "inbox_readings"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(12), unique=True, info=NOTHING)
    read_at: Mapped[datetime | None] = mapped_column(Utc)
    trouble: Mapped[str] = mapped_column(String(500), default="", info=NOTHING)
    trouble_since: Mapped[datetime | None] = mapped_column(Utc)
