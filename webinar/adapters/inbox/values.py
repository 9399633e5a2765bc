"""What a message that came to the mailbox turned out to be: plain values, nothing of the database.

`webinar.adapters.inbox.understand` makes them; what follows from them is `webinar.domain.inbox`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Said(StrEnum):
    """What an attendee's calendar said (RFC 5545 3.2.12)."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"


class Meant(StrEnum):
    """What a person seems to have written; never acted on without an organiser."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TENTATIVE = "tentative"
    QUESTION = "question"
    UNKNOWN = ""


class Trouble(StrEnum):
    """Why a message was set aside."""

    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    NO_SENDER = "no_sender"
    MASS_MAIL = "mass_mail"
    OWN_MAIL = "own_mail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """METHOD:REPLY of a calendar (RFC 5546 3.2.3). `attendee` is who answers, `sent_by` who pressed
    the button for them; `stamp` is aware, None where the calendar gave none that can be read."""

    uid: str
    attendee: str
    said: Said
    sequence: int = 0
    stamp: datetime | None = None
    comment: str = ""
    delegated_to: str = ""
    sent_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """A message came back, or waits somewhere (`final` is False). `recipients`: the addresses that
    the report names, the likeliest first; `status` as in RFC 3463, or an SMTP code, or empty."""

    final: bool
    recipients: tuple[str, ...] = ()
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Automatic:
    """A machine answered: out of office, read receipt and the like."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A person wrote. `counter`: their calendar proposes another time (RFC 5546 3.2.7)."""

    meant: Meant = Meant.UNKNOWN
    counter: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """Nothing that could be acted on; it is set aside with the reason."""

    trouble: Trouble


Content = Reply | Bounce | Automatic | Answer | Unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """One message.

    `fingerprint` is the same for the same message, however often it is delivered. `sender` is the
    bare address of From in small letters, or empty; `proven` that the receiving server vouches for
    it; `machine` that a program sent it by itself, or asks not to be answered by one. `text` is
    what was newly written. `refers_to` are the Message-IDs, without brackets, that it answers or
    returns.
    """

    fingerprint: str
    sender: str = ""
    subject: str = ""
    text: str = ""
    proven: bool = False
    machine: bool = False
    refers_to: tuple[str, ...] = ()
    content: Content
