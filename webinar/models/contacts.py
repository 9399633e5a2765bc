"""The address book: organisations, contacts, audiences, and an import under review.

A functional address outlives its holder: address *and* name identify a contact.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.extensions import Base
from webinar.models.base import (
    DELETED_BY_EITHER,
    FREE,
    NOTHING,
    PERSONAL,
    Model,
    Timestamped,
    Utc,
    one_of,
    sorted_text,
)


class OrganisationKind(StrEnum):
    MUNICIPALITY = "municipality"
    DEPARTMENT = "department"
    GROUP = "group"
    OTHER = "other"


class Organisation(Timestamped, Model):
    """What people belong to; limits and statistics count by it."""

    __tablename__ = "organisations"
    __table_args__ = (one_of("kind", OrganisationKind),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default=OrganisationKind.OTHER, info=NOTHING)
    name: Mapped[str] = mapped_column(String(200), info=NOTHING)
    name_key: Mapped[str] = mapped_column(String(200), unique=True, info=NOTHING)
    """`text.fold` of the name: the same office written in another case is the same office."""
    sort_key: Mapped[str] = mapped_column(sorted_text(200), index=True, info=NOTHING)
    in_county: Mapped[bool] = mapped_column(default=False)


class ContactForm(StrEnum):
    """The German form of address; empty where it is not known or not wanted."""

    HERR = "herr"
    FRAU = "frau"
    NEUTRAL = ""


class Origin(StrEnum):
    IMPORT = "import"
    MANUAL = "manual"
    DEPUTY = "deputy"
    PUBLIC = "public"


audience_members = Table(
    "audience_members",
    Base.metadata,
    Column("audience_id", ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_audience_members_contact_id", "contact_id"),
)


class Contact(Timestamped, Model):
    """A person in an office. No account, no password.

    `retired_at`: left the office or was merged; keeps answers, attendance and grants, gets no mail.
    `unsubscribed_at`: wants no more invitations; moves and cancellations still arrive.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        one_of("form", ContactForm),
        one_of("origin", Origin),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        Index(
            "uq_contacts_email_name_key",
            "email",
            "name_key",
            unique=True,
            sqlite_where=text("retired_at IS NULL AND erased_at IS NULL"),
            postgresql_where=text("retired_at IS NULL AND erased_at IS NULL"),
        ),
        Index("ix_contacts_sort_key", "sort_key", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(String(8), default=ContactForm.NEUTRAL, info=PERSONAL)
    title: Mapped[str] = mapped_column(String(60), default="", info=PERSONAL)
    first_name: Mapped[str] = mapped_column(String(100), default="", info=PERSONAL)
    last_name: Mapped[str] = mapped_column(String(100), info=PERSONAL)
    office: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    salutation: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    """Overrides the salutation that the rules would make."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), index=True, info=PERSONAL)
    """Canonical form by `text.normalise_address`."""
    language: Mapped[str] = mapped_column(String(5), default="de", info=NOTHING)
    origin: Mapped[str] = mapped_column(String(8), default=Origin.MANUAL, info=NOTHING)
    name_key: Mapped[str] = mapped_column(String(210), info=PERSONAL)
    """`text.fold` of first and last name: with the address it identifies the contact."""
    sort_key: Mapped[str] = mapped_column(sorted_text(310), info=PERSONAL)
    search_key: Mapped[str] = mapped_column(Text, info=PERSONAL)
    """Folded names, office, organisation and address, for searching."""
    retired_at: Mapped[datetime | None] = mapped_column(Utc)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(Utc)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    bounced_at: Mapped[datetime | None] = mapped_column(Utc)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    """Who holds the office (or the merged record) now."""

    organisation: Mapped[Organisation | None] = relationship()
    audiences: Mapped[list[Audience]] = relationship(
        secondary=audience_members, back_populates="members", order_by="Audience.sort_key"
    )

    @property
    def active(self) -> bool:
        return self.retired_at is None and self.erased_at is None

    @property
    def invitable(self) -> bool:
        return self.active and self.unsubscribed_at is None


class Audience(Timestamped, Model):
    """A named group of contacts."""

    __tablename__ = "audiences"
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), info=NOTHING)
    name_key: Mapped[str] = mapped_column(String(200), unique=True, info=NOTHING)
    sort_key: Mapped[str] = mapped_column(sorted_text(200), index=True, info=NOTHING)
    description: Mapped[str] = mapped_column(Text, default="", info=FREE)

    members: Mapped[list[Contact]] = relationship(
        secondary=audience_members, back_populates="audiences"
    )


class ContactImport(Timestamped, Model):
    """An uploaded table between preview and confirmation; its bytes go once it was applied, or
    after a day."""

    __tablename__ = "contact_imports"
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, info=NOTHING)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(255), info=FREE)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, info=PERSONAL)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=FREE)
    """Field name to column index of the table."""
    decisions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=NOTHING)
    """Row number to `correction`, `successor`, `second` or `skip`."""
    applied_at: Mapped[datetime | None] = mapped_column(Utc)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=NOTHING)
