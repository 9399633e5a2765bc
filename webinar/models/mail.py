"""The outbox: mailings (the text to many), mails (one message to one recipient), and what each
contact's calendar was last told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.accounts import Account
from webinar.models.base import (
    FREE,
    NOTHING,
    PERSONAL,
    Model,
    Timestamped,
    Utc,
    one_of,
    public_id,
)
from webinar.models.contacts import Contact
from webinar.models.talks import Speaker, Talk


class MailingKind(StrEnum):
    INVITATION = "invitation"
    REINVITATION = "reinvitation"
    """To those who were invited and have not answered."""
    MATERIALS = "materials"
    MESSAGE = "message"


class MailingState(StrEnum):
    DRAFT = "draft"
    EXPANDING = "expanding"
    EXPANDED = "expanded"
    STOPPED = "stopped"


class Placeholder(StrEnum):
    """What may stand in braces in a mailing's subject and text, as organisers type it. The values
    come from `rendering.placeholders`; organisers' guide: docs/organisers.md."""

    ANREDE = "anrede"
    NAME = "name"
    AMT = "amt"
    ORGANISATION = "organisation"
    TITEL = "titel"
    REIHE = "reihe"
    GASTGEBER = "gastgeber"
    WOCHENTAG = "wochentag"
    DATUM = "datum"
    UHRZEIT = "uhrzeit"
    ORT = "ort"
    REFERENTEN = "referenten"
    ANTWORTFRIST = "antwortfrist"
    BESCHREIBUNG = "beschreibung"


class Mailing(Timestamped, Model):
    """The text that an organiser edited, to many. `selection` is frozen when it is sent; a job
    expands it into mails in batches and remembers in `expanded` how far it came."""

    __tablename__ = "mailings"
    __table_args__ = (one_of("kind", MailingKind), one_of("state", MailingState))

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), info=NOTHING)
    state: Mapped[str] = mapped_column(String(16), default=MailingState.DRAFT, info=NOTHING)
    subject: Mapped[str] = mapped_column(String(300), default="", info=FREE)
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """Markdown with the placeholders of `rendering.placeholders`."""
    selection: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=NOTHING)
    """`audiences`, `contacts`, `excluded`: ids as chosen; `materials`: ids of what the mails tell
    of. Once sent also `recipients`: the ids of the contacts, in the order of sending."""
    expanded: Mapped[int] = mapped_column(default=0)
    """How many of `recipients` have their mail row."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    sent_at: Mapped[datetime | None] = mapped_column(Utc)

    talk: Mapped[Talk] = relationship()


class MailState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    ABORTED = "aborted"
    OBSOLETE = "obsolete"
    BOUNCED = "bounced"


class Mail(Timestamped, Model):
    """One message to one recipient. `key` names the cause: the database keeps it unique, so the
    same cause never produces two. `content` is frozen at the first try; retries send the same."""

    __tablename__ = "mails"
    __table_args__ = (
        one_of("state", MailState),
        CheckConstraint(
            "calendar_method IS NULL OR calendar_method IN ('REQUEST', 'CANCEL')",
            name="calendar_method_known",
        ),
        Index("ix_mails_state_next_try_at", "state", "next_try_at", "id"),
        Index("ix_mails_talk_id_state", "talk_id", "state"),
        Index("ix_mails_mailing_id_state", "mailing_id", "state"),
        # For the desk: lists by state, the newest first; when the last left; what is still lost.
        # Without them it would read past every frozen mail.
        Index("ix_mails_state_id", "state", "id"),
        Index("ix_mails_state_sent_at", "state", "sent_at"),
        Index("ix_mails_resent_as_id_state", "resent_as_id", "state"),
        Index("ix_mails_sent_at", "sent_at"),  # counted at every claim where a limit is set
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=public_id, info=NOTHING)
    """The left side of the Message-ID, for ever."""
    key: Mapped[str] = mapped_column(String(200), unique=True, info=NOTHING)
    template: Mapped[str] = mapped_column(String(40), info=NOTHING)
    """The folder under templates/mail/."""
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=FREE)
    """What the template needs and cannot be read from the rows below when it is rendered."""
    state: Mapped[str] = mapped_column(String(16), default=MailState.QUEUED, info=NOTHING)
    recipient: Mapped[str] = mapped_column(String(254), info=PERSONAL)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    talk_id: Mapped[int | None] = mapped_column(ForeignKey("talks.id"))
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailings.id"))
    calendar_method: Mapped[str | None] = mapped_column(String(8), info=NOTHING)
    calendar_sequence: Mapped[int | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, info=PERSONAL)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(Utc, default=now)
    not_after: Mapped[datetime | None] = mapped_column(Utc)
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    lease_owner: Mapped[str | None] = mapped_column(String(80), info=NOTHING)
    reply: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """What the relay answered last."""
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    resent_as_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id"))
    """The mail that an organiser sent in its place; this row stays as what happened."""

    contact: Mapped[Contact | None] = relationship()
    speaker: Mapped[Speaker | None] = relationship()
    account: Mapped[Account | None] = relationship()
    talk: Mapped[Talk | None] = relationship()
    mailing: Mapped[Mailing | None] = relationship()


class CalendarEntry(Timestamped, Model):
    """What one person's calendar was last told about one talk. `sequence` never falls, whatever is
    withdrawn and done again (RFC 5546, 2.1.4)."""

    __tablename__ = "calendar_entries"
    __table_args__ = (
        UniqueConstraint("talk_id", "contact_id"),
        UniqueConstraint("talk_id", "speaker_id"),
        CheckConstraint("(contact_id IS NULL) <> (speaker_id IS NULL)", name="one_holder"),
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id"), index=True)
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[bool] = mapped_column(default=False)
    told_start: Mapped[datetime] = mapped_column(Utc)
    told_end: Mapped[datetime] = mapped_column(Utc)
    told_place: Mapped[str] = mapped_column(String(600), default="", info=NOTHING)
